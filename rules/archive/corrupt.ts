import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/corrupt"];

/** Reported by src/archive. */
export const archiveCorrupt = defineRule({
  id: "archive/corrupt",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The archive's directory contradicts itself or the entries, entries overlap, or compressed bytes cannot be unpacked.
torch may refuse the file, or read something else than was written.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
