import { defineRule } from "../../src/lint/rule.ts";
import { graphPath, nodePath } from "../_shared/paths.ts";

export const duplicateDefinition = defineRule({
  id: "graph/duplicate-definition",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "two values of one graph have the same name",
  description: `
A name stands for one value throughout its graph. Here a second one takes it, so that it is not certain which of them
a later use means; the tensor metadata of a graph, which is kept by name, can describe only one of them.

\`torch.export\` does not write such graphs; passes over graphs and scripts that edit documents do.
\`torch.export.load\` refuses them. Subgraphs have names of their own: one that a branch
shares with the graph around it is no fault.
`,
  data: {
    name: "the name",
    first: "the node that has it first, or null for an input of the graph",
    path: "the JSON path of the node that has it again, or of the graph's inputs",
  },
  messages: {
    twice: "'{name}' is defined twice in one graph",
  },
  examples: {
    valid: [
      {
        title: "a branch that uses the names of the graph around it",
        program: `
def forward(p: "b8[]", x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (sin,))
    return (cond[0],)

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
        title: "a second node with the name of the first",
        program: `
def forward(x: "f32[2]"):
    y: "f32[2]" = torch.ops.aten.sin.default(x)
    y: "f32[2]" = torch.ops.aten.cos.default(y)
    return (y,)
`,
        diagnostics: [
          {
            message: "'y' is defined twice in one graph",
            data: { name: "y", first: "y", path: "graph_module.graph.nodes[1]" },
          },
        ],
      },
      {
        title: "a node with the name of an input",
        program: `
def forward(x: "f32[2]"):
    x: "f32[2]" = torch.ops.aten.sin.default(x)
    return (x,)
`,
        diagnostics: [
          {
            message: "'x' is defined twice in one graph",
            data: { name: "x", first: null, path: "graph_module.graph.nodes[0]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      // An input that is no tensor has its name in the signature alone.
      const { inputs, main } = ctx.program;
      for (const [i, { kind, name }] of inputs.entries()) {
        if (kind !== "constant_input" || name === "") continue;
        const other = inputs.some(
          (input, k) => k !== i && input.name === name && (k < i || input.kind !== kind),
        );
        const value = main.value(name);
        if (!other && !value?.node) continue;
        ctx.report({
          at: main,
          message: "twice",
          data: {
            name,
            first: other ? null : (value?.node?.name ?? null),
            path: `graph_module.signature.input_specs[${i}]`,
          },
          help: "give the input a name of its own in the signature",
          detail: [],
        });
      }
    },
    graph: (graph) => {
      for (const value of graph.duplicates) {
        const first = graph.value(value.name)?.node ?? null;
        ctx.report({
          at: value.node ?? graph,
          message: "twice",
          data: {
            name: value.name,
            first: first?.name ?? null,
            path: value.node ? nodePath(value.node) : `${graphPath(graph)}.inputs`,
          },
          help: "give the second value a name of its own, and let its uses follow",
          detail: [first === null ? "first an input of the graph" : `first a result of ${first.target}`],
        });
      }
    },
  }),
});
