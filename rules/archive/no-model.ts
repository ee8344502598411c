import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/no-model"];

/** Reported by src/archive. */
export const archiveNoModel = defineRule({
  id: "archive/no-model",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The file is an archive, but there is no exported program in it: \`torch.save\`, TorchScript and
\`torch.package\` write archives of the same outer form.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
