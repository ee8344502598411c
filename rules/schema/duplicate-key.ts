import { defineRule } from "../../src/lint/rule.ts";
import { oddKeys } from "../_shared/oddities.ts";

export const duplicateKey = defineRule({
  id: "schema/duplicate-key",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "an object of the document gives a key twice",
  description: `
Of two equal keys in one JSON object, torch, which reads the document with Python's \`json\`, takes the last one;
readers in other languages may take the first. In a table of values by name, such as \`tensor_values\`, the metadata of
one value is lost. pt2lint reads what torch reads. Keys of the same name in the same type are one finding.
`,
  data: {
    key: "the key",
    within: "the type that holds it, as torch's schema names it, or `dict`",
    count: "how many there are beyond the first",
    path: "the JSON path of the first repetition",
  },
  messages: { twice: "the document gives the key '{key}' twice in one object; torch reads the last" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      for (const { key, within, count, path } of oddKeys(ctx, "duplicate-key")) {
        ctx.report({
          at: null,
          message: "twice",
          data: { key, within, count, path },
          help: "remove one of the two; save the program again with torch.export.save if it is not clear which",
          detail: [...(path === "" ? [] : [`at ${path}`]), ...(count > 1 ? [`${count} times`] : [])],
        });
      }
    },
  }),
});
