import { defineRule } from "../../src/lint/rule.ts";
import type { Program } from "../../src/program/program.ts";
import { nameOf } from "../_shared/specs.ts";

export const moduleCallGraph = defineRule({
  id: "signature/module-call-graph",
  severity: "error",
  presets: ["recommended", "strict"],
  summary:
    "the module call graph names a value that the graph does not have, or does not begin with the whole model",
  description: `
\`module_call_graph\` keeps what each preserved submodule takes and returns, the model itself first, under the empty name:
\`ep.module()\` reads from there how to flatten its arguments and rebuild its results. A value that it names has to be a
value of the main graph. \`torch.export.load\` refuses one that is not ("Input x does not exist in the graph").
`,
  data: {
    module: "the submodule; empty for the model",
    name: "the name that the graph does not have, or null",
    path: "the JSON path",
  },
  messages: {
    unknown: "the module call graph names '{name}', which is no value of the graph",
    root: "the module call graph does not begin with the signature of the whole model",
  },
  // The text form makes the module call graph from the graph.
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const calls = ctx.program.document.root.graph_module.module_call_graph;
      const [first] = calls;
      if (first?.fqn !== "" || !first.signature) {
        ctx.report({
          at: null,
          message: "root",
          data: { module: first?.fqn ?? "", name: null, path: "graph_module.module_call_graph" },
          help: "export the program again; nothing else knows how its arguments are flattened",
        });
      }
      for (const { module, name, path } of unknownNames(ctx.program)) {
        ctx.report({
          at: null,
          message: "unknown",
          data: { module, name, path },
          help: "rename the value in the module call graph too, in the pass that renamed it in the graph",
        });
      }
    },
  }),
});

interface Unknown {
  readonly module: string;
  readonly name: string;
  readonly path: string;
}

/** Mirrors torch/_export/verifier.py _verify_exported_program_module_call_graph. */
function unknownNames({ document, main }: Program): Unknown[] {
  const found: Unknown[] = [];
  let nodes: Set<string> | undefined;
  for (const [i, { fqn, signature }] of document.root.graph_module.module_call_graph.entries()) {
    for (const side of ["inputs", "outputs"] as const) {
      for (const [k, arg] of (signature?.[side] ?? []).entries()) {
        const name = nameOf(arg);
        if (name === "" || main.value(name) !== undefined) continue;
        nodes ??= new Set(main.nodes.map((node) => node.name));
        const path = `graph_module.module_call_graph[${i}].signature.${side}[${k}]`;
        if (!nodes.has(name)) found.push({ module: fqn, name, path });
      }
    }
  }
  return found;
}
