import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/short-payload"];

/** Reported by src/archive. */
export const archiveShortPayload = defineRule({
  id: "archive/short-payload",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
The entry of a weight or constant is the tensor's whole storage. A tensor reaches as far as its sizes, strides and
offset say, and this entry ends before that. \`torch.export.load\` fails, or refuses to make the tensor.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
