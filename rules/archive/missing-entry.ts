import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/missing-entry"];

/** Reported by src/archive. */
export const archiveMissingEntry = defineRule({
  id: "archive/missing-entry",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The program, or the lists of its weights and constants, name an entry that is not in the archive.
\`torch.export.load\` fails, and the message names the entry only sometimes.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
