import { defineRule } from "../../src/lint/rule.ts";

/** Reported by src/lint/scan-weights.ts. */
export const nonFinite = defineRule({
  id: "payload/non-finite",
  severity: "warning",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "a stored tensor has elements that are NaN or infinite",
  description: `
Found with \`--weights scan\`, which reads every weight and constant. A NaN among the weights makes NaN of all that it meets:
a training run that diverged, or a damaged file. Infinite elements alone are an info, since masks are made of them.
`,
  data: {
    name: "the qualified name",
    entry: "the entry of the archive",
    nan: "how many elements are NaN",
    infinite: "how many are infinite",
  },
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
