import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/invalid-config"];

/** Reported by src/archive. */
export const archiveInvalidConfig = defineRule({
  id: "archive/invalid-config",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
\`data/weights/*_weights_config.json\` and \`data/constants/*_constants_config.json\` say which entry holds which
tensor. This one is not JSON, lacks something, or has something of the wrong type.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
