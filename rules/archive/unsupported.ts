import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/unsupported"];

/** Reported by src/archive. */
export const archiveUnsupported = defineRule({
  id: "archive/unsupported",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The archive, or a pickle in it, uses a feature or a version of its format that torch or pt2lint does not read:
encryption, several volumes, an unknown compression, another byte order, another major version.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
