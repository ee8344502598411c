import { defineRule } from "../../src/lint/rule.ts";
import type { Graph } from "../../src/program/program.ts";
import { graphPath } from "../_shared/paths.ts";

export const unusedMetadata = defineRule({
  id: "graph/unused-metadata",
  severity: "info",
  presets: ["strict"],
  summary: "metadata stands under a name that no value of the graph has",
  description: `
\`tensor_values\` and the tables beside it list a value that neither the graph's inputs nor its nodes define. torch
ignores it. It is what a pass leaves that removed or renamed a node without its metadata; that nothing else of the node
is left behind is worth a look.
`,
  data: { name: "the name", path: "the JSON path of the metadata" },
  messages: { unused: "there is metadata for '{name}', but no such value" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    graph: (graph) => {
      for (const table of TABLES) {
        if (table === "tensor_values" && isAllRead(graph)) continue;
        for (const name of graph.source[table].keys()) {
          if (graph.value(name) !== undefined) continue;
          ctx.report({
            at: graph,
            message: "unused",
            data: { name, path: `${graphPath(graph)}.${table}.${name}` },
            help: "remove the entry, or restore the value",
          });
        }
      }
    },
  }),
});

/** Counting tells it of nearly every graph, and takes less than looking each name up. */
function isAllRead(graph: Graph): boolean {
  let read = 0;
  for (const { meta } of graph.values) if (meta !== undefined) read++;
  for (const { meta } of graph.duplicates) if (meta !== undefined) read--;
  return read === graph.source.tensor_values.size;
}

const TABLES = [
  "tensor_values",
  "sym_int_values",
  "sym_float_values",
  "sym_bool_values",
  "custom_obj_values",
] as const satisfies readonly (keyof Graph["source"])[];
