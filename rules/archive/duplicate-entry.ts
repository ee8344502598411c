import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/duplicate-entry"];

/** Reported by src/archive. */
export const archiveDuplicateEntry = defineRule({
  id: "archive/duplicate-entry",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
torch's reader compares the names of entries without regard to case, and of two with the same name it reads the last.
What another tool shows as the entry need not be what torch loads.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
