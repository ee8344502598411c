import { defineRule } from "../../src/lint/rule.ts";
import { storedInputs } from "../_shared/payloads.ts";

export const unused = defineRule({
  id: "payload/unused",
  severity: "info",
  reportedBy: "reader",
  presets: ["strict"],
  summary: "the archive stores a tensor that the program does not use",
  description: `
The list of weights or constants has a name that no input of the program stands for. Its bytes are loaded and never read; after a
pass that removed or renamed a parameter they are what is left of it.
`,
  data: { name: "the qualified name", list: "`weights` or `constants`" },
  messages: { unused: "the program uses nothing called '{name}', which is among its {list}" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const used = new Set(storedInputs(ctx.program).map(({ name }) => name));
      for (const list of ["weights", "constants"] as const) {
        for (const name of ctx.payloads?.[list]?.keys() ?? []) {
          if (used.has(name)) continue;
          ctx.report({
            at: null,
            message: "unused",
            data: { name, list },
            help: "leave it out of the state dict",
          });
        }
      }
    },
  }),
});
