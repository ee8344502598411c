import { defineRule } from "../../src/lint/rule.ts";
import type { Node } from "../../src/program/program.ts";
import { nodePath } from "../_shared/paths.ts";

export const functionalizedInBranch = defineRule({
  id: "graph/functionalized-in-branch",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "auto_functionalized stands in a branch, where backends do not take it apart",
  description: `
\`run_decompositions\` wraps a custom operator that writes its arguments into \`auto_functionalized\`, so that the graph is
functional. A backend has to unwrap it again. torch's own pass for that,
\`torch.export._remove_auto_functionalized_pass\`, walks the main graph only, although it means to visit every
one: measured on 2.13, a wrapped operator in a branch of \`torch.cond\` stays wrapped, and the backend meets a
higher-order operator that it does not know. inductor runs such programs right.
`,
  data: {
    operator: "the operator that is wrapped",
    path: "the JSON path of the node",
  },
  messages: { wrapped: "{operator} stays wrapped in {wrapper}, because it stands in a branch" },
  examples: {
    valid: [
      {
        title: "in the main graph",
        program: `
dialect "ATEN"
operator "mylib::fill_one(Tensor(a!) x) -> ()"
def forward(x: "f32[2]"):
    clone: "f32[2]" = torch.ops.aten.clone.default(x)
    af: (None, "f32[2]") = torch.ops.higher_order.auto_functionalized_v2(torch.ops.mylib.fill_one.default, _x_base_index=0, _all_bases=[clone])
    return (af[1],)
`,
      },
    ],
    invalid: [
      {
        title: "in a branch",
        program: `
dialect "ATEN"
operator "mylib::fill_one(Tensor(a!) x) -> ()"
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2]"):
    clone: "f32[2]" = torch.ops.aten.clone.default(x)
    af: (None, "f32[2]") = torch.ops.higher_order.auto_functionalized_v2(torch.ops.mylib.fill_one.default, _x_base_index=0, _all_bases=[clone])
    return (af[1],)

def false_graph_0(x: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message:
              "torch.ops.mylib.fill_one.default stays wrapped in auto_functionalized_v2, because it stands in a branch",
            data: {
              operator: "torch.ops.mylib.fill_one.default",
              path: "graph_module.graph.nodes[0].inputs[1].arg.as_graph.graph.nodes[1]",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const check = (node: Node): void => {
      if (node.graph.owner === null) return;
      const [first] = node.source.inputs;
      const operator = first && "as_operator" in first.arg ? first.arg.as_operator : "an operator";
      ctx.report({
        at: node,
        message: "wrapped",
        data: { operator, path: nodePath(node) },
        words: { wrapper: node.target.slice(PREFIX.length) },
        help: "write outside the branch, or give the operator a functional form and use that in the branch",
      });
    };
    return {
      targets: { [`${PREFIX}auto_functionalized`]: check, [`${PREFIX}auto_functionalized_v2`]: check },
    };
  },
});

const PREFIX = "torch.ops.higher_order.";
