import { defineRule } from "../../src/lint/rule.ts";

/** Reported by src/lint/suppressor.ts. */
export const suppressionExpired = defineRule({
  id: "suppression/expired",
  severity: "warning",
  reportedBy: "linter",
  presets: ["recommended", "strict"],
  summary: "A suppression's time is over",
  description: `
An entry of \`suppressions\` has an \`until\`, and that day is past (days begin and end in UTC). The entry hides nothing
any more: what it hid is reported again. Mend it, or set a later day.
`,
  data: {
    by: "what suppressed: `archive` (its extra file `pt2lint.json`) or `config`",
    suppresses: "the rule's id, or the pattern, that it hid",
    until: "its last day, `YYYY-MM-DD`",
  },
  messages: { expired: "{suppression} hid findings of {suppresses} until {until}, and no longer does" },
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
