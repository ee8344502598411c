import { defineRule } from "../../src/lint/rule.ts";
import { SCHEMA_VERSION } from "../../src/schema/tables.generated.ts";

export const newerVersion = defineRule({
  id: "schema/newer-version",
  severity: "info",
  presets: ["recommended", "strict"],
  summary: "the document follows a newer minor version of torch's schema than pt2lint knows",
  description: `
A new minor version of torch's schema adds fields that older readers may ignore, so the program is read and linted as
far as it is known. torch itself reads it the same way: it compares the major version only. What the new fields say is
not seen.
`,
  data: { version: "the document's version", known: "the newest version that pt2lint knows" },
  messages: {
    newer: "the document has schema version {version}, newer than {known}, which this pt2lint knows",
  },
  examples: {
    valid: [
      {
        title: "an older minor version",
        program: `
schema "8.4"
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
      },
    ],
    invalid: [
      {
        title: "a minor version that does not exist yet",
        program: `
schema "8.999"
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
        diagnostics: [
          {
            message: `the document has schema version 8.999, newer than ${SCHEMA_VERSION.join(".")}, which this pt2lint knows`,
            data: { version: "8.999", known: SCHEMA_VERSION.join(".") },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const { major, minor } = ctx.program.document.root.schema_version;
      if (Number(major) !== SCHEMA_VERSION[0] || Number(minor) <= SCHEMA_VERSION[1]) return;
      ctx.report({
        at: null,
        message: "newer",
        data: { version: ctx.program.schemaVersion, known: SCHEMA_VERSION.join(".") },
        help: "update pt2lint to have everything in the program checked",
      });
    },
  }),
});
