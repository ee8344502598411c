import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/layout"];

/** Reported by src/archive. */
export const archiveLayout = defineRule({
  id: "archive/layout",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
torch's reader looks for every entry below one root folder, whatever its name, and takes each file in \`models/\`
for the document of a model. An archive that was unpacked and packed again often has another layout, and torch cannot
find its entries.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
