import { isInVmap, PREDISPATCH } from "../../src/analysis/vmap-regions.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Graph } from "../../src/program/program.ts";
import { nodePath } from "../_shared/paths.ts";

export const vmapNesting = defineRule({
  id: "graph/vmap-nesting",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a value is batched for a vmap that its graph does not enter",
  description: `
\`torch.vmap\` is exported as a region: \`_vmap_increment_nesting\` enters it, \`_add_batch_dim\` and
\`_remove_batch_dim\` take values in and out, \`_vmap_decrement_nesting\` leaves it. Where the call stands in the body of
\`scan\`, \`map\`, \`while_loop\` or a branch, torch.export (measured on 2.13) drops the nodes that enter and leave, which have
no result that is used, and keeps the others. \`torch.export.load\` reads such a program. Running it and
\`run_decompositions\` both fail: "Either your tensor may have escaped from inside a function being vmapped".

\`torch.vmap\` itself and \`associative_scan\` with \`combine_mode="generic"\` make such regions.
`,
  data: { path: "the JSON path of the node" },
  messages: { outside: "{operator} takes {value} into a vmap, and nothing in {graph} enters one" },
  examples: {
    valid: [
      {
        title: "a region that is entered and left",
        program: `
def forward(x: "f32[3, 2]"):
    lazy_load_decompositions: None = torch._functorch.predispatch.lazy_load_decompositions()
    enter: None = torch._functorch.predispatch._vmap_increment_nesting(3, "error")
    add: "f32[2]" = torch._functorch.predispatch._add_batch_dim(x, 0, 1)
    sin: "f32[2]" = torch.ops.aten.sin.default(add)
    remove: "f32[3, 2]" = torch._functorch.predispatch._remove_batch_dim(sin, 1, 3, 0)
    leave: None = torch._functorch.predispatch._vmap_decrement_nesting()
    return (remove,)
`,
      },
    ],
    invalid: [
      {
        title: "in the body of a map, which does not enter it",
        program: `
def forward(xs: "f32[4, 3, 2]"):
    map_impl: ("f32[4, 3, 2]",) = torch.ops.higher_order.map_impl(body, [xs], [])
    return (map_impl[0],)

def body(x: "f32[3, 2]"):
    add: "f32[2]" = torch._functorch.predispatch._add_batch_dim(x, 0, 1)
    sin: "f32[2]" = torch.ops.aten.sin.default(add)
    remove: "f32[3, 2]" = torch._functorch.predispatch._remove_batch_dim(sin, 1, 3, 0)
    return (remove,)
`,
        diagnostics: [
          {
            message: "_add_batch_dim takes x into a vmap, and nothing in body enters one",
            data: { path: "graph_module.graph.nodes[0].inputs[0].arg.as_graph.graph.nodes[0]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const reported = new Set<Graph>();
    return {
      targets: {
        [ADD]: (node) => {
          // One for a graph: all its regions lost their ends in the same way.
          if (reported.has(node.graph) || isInVmap(node)) return;
          reported.add(node.graph);
          ctx.report({
            at: node,
            message: "outside",
            data: { path: nodePath(node) },
            words: {
              operator: "_add_batch_dim",
              value: node.operands[0]?.name ?? "a value",
              graph: node.graph.owner === null ? "the graph" : node.graph.name,
            },
            help: "write the vmap out with the operators' own batch dimension, or call it outside the body",
          });
        },
      },
    };
  },
});

const ADD = `${PREDISPATCH}_add_batch_dim`;
