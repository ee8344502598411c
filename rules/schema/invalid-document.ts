import { defineRule } from "../../src/lint/rule.ts";

/** Reported by src/schema/decoder.ts. */
export const invalidDocument = defineRule({
  id: "schema/invalid-document",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "the document is not a serialized exported program",
  description: `
The document is not JSON, or it does not follow torch's schema: a required field is missing, a value has the wrong
type, or a union has none or several of its alternatives. The message names the JSON path and what was expected there.
\`torch.export.load\` fails on such a document, or builds a program that fails later.
`,
  data: { path: "the JSON path of the fault", offset: "its byte in the document" },
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
