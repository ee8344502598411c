import { defineRule } from "../../src/lint/rule.ts";
import { SCHEMA_VERSION } from "../../src/schema/tables.generated.ts";
import { oddKeys } from "../_shared/oddities.ts";

export const unknownKey = defineRule({
  id: "schema/unknown-key",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "the document has a key that torch's schema does not know",
  description: `
torch ignores a key that its schema does not define, and what stands there is lost when the program is saved again.
Most often it is a misspelt key, whose default then holds, or the work of another tool.

A document of a newer schema may well have keys that these tables do not know yet; there the finding is an info. The
\`dialect\` that torch wrote before \`verifiers\` is known. Keys of the same name in the same type are one finding.
`,
  data: {
    key: "the key",
    within: "the type that holds it, as torch's schema names it",
    count: "how many there are",
    path: "the JSON path of the first one",
  },
  messages: { unknown: "torch's schema has no key '{key}' in {within}, and ignores it" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const { major, minor } = ctx.program.document.root.schema_version;
      const newer = Number(major) === SCHEMA_VERSION[0] && Number(minor) > SCHEMA_VERSION[1];
      for (const { key, within, count, path } of oddKeys(ctx, "unknown-key")) {
        ctx.report({
          at: null,
          message: "unknown",
          data: { key, within, count, path },
          help: "remove the key, or correct its name",
          detail: [...(path === "" ? [] : [`at ${path}`]), ...(count > 1 ? [`${count} times`] : [])],
          ...(newer ? { severity: "info" as const } : {}),
        });
      }
    },
  }),
});
