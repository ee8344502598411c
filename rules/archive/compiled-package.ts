import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/compiled-package"];

/** Reported by src/archive. */
export const archiveCompiledPackage = defineRule({
  id: "archive/compiled-package",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
A package of AOTInductor holds compiled code. It need not hold the program that it was made from, and without one
there is no graph to lint.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
