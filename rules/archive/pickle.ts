import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/pickle"];

/** Reported by src/archive. */
export const archivePickle = defineRule({
  id: "archive/pickle",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
A pickle can call any function when it is loaded. The ones that torch writes call a short list of functions that make
tensors and containers, and pt2lint reads them without executing anything. This one names something that is not on the
list. \`torch.load\` with \`weights_only=True\` refuses it too; without, it runs it.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
