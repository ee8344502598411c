import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/checksum"];

/** Reported by src/archive. */
export const archiveChecksum = defineRule({
  id: "archive/checksum",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The directory of the archive holds a CRC-32 of every entry, and the bytes read have another one: they were changed
after they were written. torch does not compare them and reads on, so a damaged weight shows only in the results.

Only entries that are read are checked: the document, not the weights.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
