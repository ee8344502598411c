import { defineRule } from "../../src/lint/rule.ts";
import type { Graph, Value } from "../../src/program/program.ts";
import { graphPath } from "../_shared/paths.ts";

export const missingMetadata = defineRule({
  id: "graph/missing-metadata",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a value has no metadata",
  description: `
A document keeps the shape, dtype and device of every tensor of a graph in \`tensor_values\`, by name, and what symbolic
numbers and custom objects are in tables beside it. A value that stands in none of them has no FakeTensor:
\`torch.export.load\` stops at it with a bare \`KeyError\`, and every pass needs it.

Passes that add a node and forget its metadata leave such graphs behind, and scripts that rename a value in one place.
`,
  data: {
    name: "the name of the value",
    table: "the table that should have it",
    path: "the JSON path of that table",
  },
  messages: { missing: "'{name}' has no metadata: {table} does not list it" },
  examples: {
    valid: [
      {
        title: "values with metadata",
        program: `
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
      },
    ],
    invalid: [
      {
        title: "a tensor without",
        program: `
def forward(x: "f32[2]"):
    sin: "?" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
        diagnostics: [
          {
            message: "'sin' has no metadata: tensor_values does not list it",
            data: { name: "sin", table: "tensor_values", path: "graph_module.graph.tensor_values" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    graph: (graph) => {
      const check = (value: Value | null): void => {
        if (value === null || value.meta !== undefined || isListed(graph, value.name)) return;
        const { name, kind, node } = value;
        const table = TABLES[kind];
        ctx.report({
          at: node ?? graph,
          message: "missing",
          data: { name, table, path: `${graphPath(graph)}.${table}` },
          help: "run FakeTensorProp over the graph after the pass that made the value, or export again",
        });
      };
      for (const input of graph.inputs) check(input);
      for (const { outputs } of graph.nodes) for (const value of outputs) check(value);
    },
  }),
});

const TABLES = {
  tensor: "tensor_values",
  sym_int: "sym_int_values",
  sym_float: "sym_float_values",
  sym_bool: "sym_bool_values",
  custom_obj: "custom_obj_values",
  constant: "tensor_values",
} as const;

/** torch keeps the tables in one dict (GraphModuleDeserializer.deserialize_graph). */
function isListed({ source }: Graph, name: string): boolean {
  return (
    source.tensor_values.has(name) ||
    source.sym_int_values.has(name) ||
    source.sym_float_values.has(name) ||
    source.sym_bool_values.has(name) ||
    source.custom_obj_values.has(name)
  );
}
