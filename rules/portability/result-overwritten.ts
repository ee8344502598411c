import { defineRule } from "../../src/lint/rule.ts";
import { isHop } from "../../src/ops/hop/hop.ts";
import type { Graph, Value } from "../../src/program/program.ts";
import { nodePath } from "../_shared/paths.ts";

export const resultOverwritten = defineRule({
  id: "portability/result-overwritten",
  severity: "warning",
  presets: ["executorch"],
  summary: "the result of a torch.cond is used behind another higher-order operator",
  description: `
ExecuTorch plans the memory of every branch as if nothing else were alive: the tensors of a later \`torch.cond\`, or of
another operator with a body, may lie where an earlier one put its result
([pytorch/executorch#21490](https://github.com/pytorch/executorch/issues/21490)). What is read behind it, also through
a view, is then something else.

There is one finding for each such result, with the first operator that it outlives.
`,
  data: {
    output: "the position of the result, from 0",
    across: "the node that it outlives",
    use: "the node that uses it then; empty for the graph's own result",
    path: "the JSON path of the node",
  },
  messages: { live: "output {output} of torch.cond is still used behind {across}" },
  examples: {
    valid: [
      {
        title: "used before the next one, which gets what was made of it",
        program: `
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    exp: "f32[2]" = torch.ops.aten.exp.default(cond[0])
    cond_1: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (exp,))
    add: "f32[2]" = torch.ops.aten.add.Tensor(exp, cond_1[0])
    return (add,)

def true_graph_0(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "used with the next one's result",
        program: `
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    cond_1: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    add: "f32[2]" = torch.ops.aten.add.Tensor(cond[0], cond_1[0])
    return (add,)

def true_graph_0(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message: "output 0 of torch.cond is still used behind cond_1",
            data: { output: 0, across: "cond_1", use: "add", path: "graph_module.graph.nodes[0]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    graph: (graph) => {
      const hops = graph.nodes.filter((node) => isHop(node) && node.subgraphs.length > 0);
      if (hops.length < 2) return;
      const last = new Map<number, number>();
      const lastUseOf = (root: number): number => {
        const known = last.get(root) ?? lastUse(graph, ctx.storage.valuesIn(root, graph));
        last.set(root, known);
        return known;
      };
      for (const [i, node] of hops.entries()) {
        const next = hops[i + 1];
        if (next === undefined || node.target !== "torch.ops.higher_order.cond") continue;
        for (const output of node.outputs) {
          const index = Math.max(-1, ...ctx.storage.storages(output).map(lastUseOf));
          if (index <= next.index) continue;
          const use = graph.nodes[index]?.name ?? "";
          ctx.report({
            at: node,
            message: "live",
            data: { output: output.index, across: next.name, use, path: nodePath(node) },
            help: "clone() the result before the next one, or read it first",
            detail: [use === "" ? "the graph returns it" : `used by ${use}`],
          });
        }
      }
    },
  }),
});

/** The index of the last node of a graph that uses a storage; the number of nodes for one that the graph returns. */
function lastUse(graph: Graph, values: readonly Value[]): number {
  if (values.some((value) => graph.isReturned(value))) return graph.nodes.length;
  return values.reduce((last, value) => Math.max(last, graph.users(value).at(-1)?.index ?? -1), -1);
}
