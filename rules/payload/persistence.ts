import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { storedInputs } from "../_shared/payloads.ts";

export const persistence = defineRule({
  id: "payload/persistence",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "a buffer that is not persistent is stored as a weight",
  description: `
A buffer that was registered with \`persistent=False\` is not part of the state dict, and its values stand among the
constants. Here they stand among the weights: either the signature's flag is wrong or the list is. \`torch.export.load\` refuses
it ("Non-persistent buffer n is in the state dict, it should not be").
`,
  data: { name: "the qualified name", path: "the JSON path of the spec" },
  messages: { weight: "buffer '{name}' is not persistent, but its values are among the weights" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      for (const { kind, name, persistent, position } of storedInputs(ctx.program)) {
        if (kind !== "buffer" || persistent || !ctx.payloads?.weights?.has(name)) continue;
        ctx.report({
          at: null,
          message: "weight",
          data: { name, path: specPath("input", position) },
          help: "set persistent to true in the signature, or move the buffer to the constants",
        });
      }
    },
  }),
});
