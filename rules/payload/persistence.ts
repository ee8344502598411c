import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { storedInputs } from "../_shared/payloads.ts";

export const persistence = defineRule({
  id: "payload/persistence",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "a buffer is stored among the weights although it is not persistent, or the other way round",
  description: `
A buffer that was registered with \`persistent=False\` is not part of the state dict, and its values stand among the
constants. Here they stand among the weights: either the signature's flag is wrong or the list is. \`torch.export.load\` refuses
it ("Non-persistent buffer n is in the state dict, it should not be").

A persistent buffer that stands among the constants alone is loaded, and then \`ep.module()\` looks for it in the state dict:
\`KeyError: 'n'\`.
`,
  data: { name: "the qualified name", path: "the JSON path of the spec" },
  messages: {
    weight: "buffer '{name}' is not persistent, but its values are among the weights",
    constant: "buffer '{name}' is persistent, but its values are among the constants alone",
  },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      for (const { kind, name, persistent, position } of storedInputs(ctx.program)) {
        if (kind !== "buffer" || !ctx.payloads) continue;
        const { weights, constants } = ctx.payloads;
        const isWeight = weights?.has(name) === true;
        // A list that cannot be read is another rule's to report.
        if (persistent ? isWeight || weights === undefined || !constants?.has(name) : !isWeight) continue;
        ctx.report({
          at: null,
          message: persistent ? "constant" : "weight",
          data: { name, path: specPath("input", position) },
          help: `set persistent to ${!persistent} in the signature, or move the buffer to the ${persistent ? "weights" : "constants"}`,
        });
      }
    },
  }),
});
