import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { storedDifference, storedInputs } from "../_shared/payloads.ts";

export const metadata = defineRule({
  id: "payload/metadata",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "a stored tensor has another dtype or shape than the graph says",
  description: `
The graph was traced with the metadata of its inputs, and the archive stores the tensors that take their place. Here they
differ in dtype or in a size that is a number: kernels are chosen, memory is planned and constants are folded for a tensor that the
archive does not hold. \`torch.export.load\` does not compare them; what runs is the stored tensor.
`,
  data: {
    name: "the qualified name",
    property: "`dtype`, `rank` or `shape`",
    path: "the JSON path of the spec",
  },
  messages: { differs: "{kind} '{name}' is stored with {property} {stored}, but the graph has {traced}" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const { payloads, program } = ctx;
      for (const { kind, name, value, position } of storedInputs(program)) {
        const meta = program.main.value(value, program.main.inputs[position])?.meta;
        const stored = payloads?.weights?.get(name) ?? payloads?.constants?.get(name);
        const found = stored?.config.tensor_meta;
        const difference = meta && found && storedDifference(found, meta);
        if (!difference) continue;
        const { property, left, right } = difference;
        ctx.report({
          at: null,
          message: "differs",
          data: { name, property, path: specPath("input", position) },
          words: { kind: kind.replace("_", " "), stored: left, traced: right },
          help: "export the program with the state that it is saved with",
        });
      }
    },
  }),
});
