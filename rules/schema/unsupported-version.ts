import { defineRule } from "../../src/lint/rule.ts";

/** Reported by src/schema/decoder.ts. */
export const unsupportedVersion = defineRule({
  id: "schema/unsupported-version",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "the document follows another major version of torch's schema",
  description: `
A new major version of torch's schema is one that older readers cannot read, and the other way round. torch compares
the major version of a document with its own and refuses any other. Export the program again with a torch of the
version that will load it.
`,
  data: { major: "the document's major version" },
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
