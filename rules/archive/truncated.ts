import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/truncated"];

/** Reported by src/archive. */
export const archiveTruncated = defineRule({
  id: "archive/truncated",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The end of the archive, or of an entry, lies beyond the end of the file: a copy or a download stopped too early.
\`torch.export.load\` fails on such a file, as a rule with a message of its ZIP reader.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
