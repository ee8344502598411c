import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/unsafe-path"];

/** Reported by src/archive. */
export const archiveUnsafePath = defineRule({
  id: "archive/unsafe-path",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The name of an entry is absolute or holds \`..\`, so a tool that unpacks the archive may write outside the folder it
unpacks to. torch reads the archive in place and is not affected. Neither is pt2lint, which unpacks nothing.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
