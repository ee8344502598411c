import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { storedInputs } from "../_shared/payloads.ts";

export const notAParameter = defineRule({
  id: "payload/not-a-parameter",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "a parameter is stored as a plain tensor",
  description: `
The list of weights says of each entry whether it is a parameter (\`is_param\`), and torch makes a
\`torch.nn.Parameter\` of those that are. The signature says that this one is a parameter and the list that it is not:
\`torch.export.load\` refuses the program ("State dict entry for parameter w is not an instance of torch.nn.Parameter").
`,
  data: { name: "the qualified name", path: "the JSON path of the spec" },
  messages: { plain: "the signature says that '{name}' is a parameter, but the list of weights does not" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      for (const { kind, name, position } of storedInputs(ctx.program)) {
        if (kind !== "parameter" || ctx.payloads?.weights?.get(name)?.config.is_param !== false) continue;
        ctx.report({
          at: null,
          message: "plain",
          data: { name, path: specPath("input", position) },
          help: "set is_param to true in the list of weights, or make it a buffer in the signature",
        });
      }
    },
  }),
});
