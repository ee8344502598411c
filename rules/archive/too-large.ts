import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/too-large"];

/** Reported by src/archive. */
export const archiveTooLarge = defineRule({
  id: "archive/too-large",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
An entry says that it unpacks to far more than the archive's size can hold, as entries made to exhaust memory do, or
it is larger than can be read at once. It is not read.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
