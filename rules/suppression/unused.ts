import { defineRule } from "../../src/lint/rule.ts";

/** Reported by src/lint/suppressor.ts. */
export const suppressionUnused = defineRule({
  id: "suppression/unused",
  severity: "warning",
  reportedBy: "linter",
  presets: ["recommended", "strict"],
  summary: "A suppression hides nothing",
  description: `
A comment, an annotation or an entry of a list asks to hide the findings of a rule, and there is none to hide: the
code was mended, or the suppression names another rule, line, module or operator than it should. Left where it is, it
would hide a finding that comes back.

A suppression of a rule that is off is not reported. A comment or an annotation counts as used when it hides a finding
in one of the programs that are linted together. For an entry of the config the finding is only an info: it may be
meant for a program that is not linted this time.
`,
  data: {
    by: "what suppresses: `comment`, `annotation`, `archive` (its extra file `pt2lint.json`) or `config`",
    suppresses: "the rule's id, or the pattern, that hides nothing",
  },
  messages: { unused: "{suppression} hides no finding of {suppresses}" },
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
