import { defineRule } from "../../src/lint/rule.ts";

/** Reported by src/lint/suppressor.ts. */
export const suppressionInvalid = defineRule({
  id: "suppression/invalid",
  severity: "warning",
  reportedBy: "linter",
  presets: ["recommended", "strict"],
  summary: "A suppression cannot be understood",
  description: `
A comment, an annotation or the archive's extra file \`pt2lint.json\` asks to hide findings in words that pt2lint does
not know, or names a rule that there is not. What cannot be understood hides nothing.

A comment stands at the end of the line that a finding shows, or of a line that calls it:

    out = torch.cond(p, keep, fill, (cache,))  # pt2lint: ignore[cond/branch-aliases-input] -- the backend copies

Several rules are separated by commas, and \`*\` stands for any part of an id. A mistake in the list of a config is no
finding: it ends the run with exit code 2.
`,
  data: { by: "what cannot be understood: `comment`, `annotation` or `archive`", problem: "why" },
  messages: { invalid: "{suppression} cannot be used: {problem}" },
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
