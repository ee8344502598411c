import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { LISTS, storedInputs } from "../_shared/payloads.ts";

export const missing = defineRule({
  id: "payload/missing",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "the archive has no bytes for a parameter, buffer or constant that the program uses",
  description: `
Each parameter, buffer and constant that the signature names has an entry in the archive's list of weights or of constants:
parameters and persistent buffers among the weights, everything else among the constants; torch also takes a persistent buffer
from the constants. \`torch.export.load\` refuses a program that lacks one ("Parameter fc.weight is not in the state dict").

An entry that is listed and whose bytes are not there is \`archive/missing-entry\`.
`,
  data: {
    name: "the qualified name",
    kind: "what the signature says it is",
    path: "the JSON path of the spec",
  },
  messages: { missing: "{kind} '{name}' is in none of the archive's lists of {lists}" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const { payloads } = ctx;
      if (payloads === null) return;
      for (const { kind, name, position } of storedInputs(ctx.program)) {
        const lists = LISTS[kind]!;
        // A list that cannot be read is a finding of its own.
        if (lists.some((list) => payloads[list] === null || payloads[list].has(name))) continue;
        ctx.report({
          at: null,
          message: "missing",
          data: { name, kind, path: specPath("input", position) },
          words: { lists: lists.join(" or ") },
          help: "save the program again with torch.export.save, with its state",
        });
      }
    },
  }),
});
