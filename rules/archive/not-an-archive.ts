import { archiveFaults } from "../../src/archive/faults.ts";
import { defineRule } from "../../src/lint/rule.ts";

const { severity, summary } = archiveFaults["archive/not-an-archive"];

/** Reported by src/archive. */
export const archiveNotAnArchive = defineRule({
  id: "archive/not-an-archive",
  severity,
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary,
  description: `
What \`torch.export.save\` writes is a ZIP archive; a serialized program on its own is a JSON object. The file is
neither, so there is nothing to look at.

This happens with files of \`torch.save\` that hold something else, with pointers that Git LFS has not replaced by
the file itself, and with pages of text that a download saved in the file's place.
`,
  data: {},
  messages: {},
  examples: { valid: [], invalid: [] },
  create: () => ({}),
});
