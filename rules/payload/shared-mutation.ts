import { defineRule, type RuleContext } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { payloadOf, storedInputs } from "../_shared/payloads.ts";
import { specsOf } from "../_shared/specs.ts";

export const sharedMutation = defineRule({
  id: "payload/shared-mutation",
  severity: "warning",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "the program writes a tensor whose bytes another tensor shares",
  description: `
Two names of the archive share one entry: tied weights, or a cache that is both a buffer and a constant. The signature
says that the program writes one of them. \`ep.module()\` keeps the two in one storage, so that a write to one is seen through
the other; a backend that gives each its own memory, as AOTInductor and ExecuTorch do with what is not mutated, shows the old
values there.
`,
  data: { name: "what is written", other: "what shares its bytes", path: "the JSON path of the mutation" },
  messages: { shared: "the program writes '{name}', which shares its bytes with '{other}'" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      let together: ReadonlyMap<string, readonly string[]> | undefined;
      for (const [position, spec] of specsOf(ctx.program, "output").entries()) {
        const { kind, target: name } = spec;
        if ((kind !== "buffer_mutation" && kind !== "parameter_mutation") || name === null) continue;
        const other = (together ??= namesTogether(ctx)).get(name)?.find((candidate) => candidate !== name);
        if (other === undefined) continue;
        ctx.report({
          at: null,
          message: "shared",
          data: { name, other, path: specPath("output", position) },
          help: "clone one of the two in the model's __init__, or use one name for both",
        });
      }
    },
  }),
});

/** The names that lie in one entry with bytes, by each of them. */
function namesTogether({ payloads, program }: RuleContext): ReadonlyMap<string, readonly string[]> {
  const byEntry = new Map<string, string[]>();
  const byName = new Map<string, readonly string[]>();
  for (const name of new Set(storedInputs(program).map((input) => input.name))) {
    const payload = payloadOf(payloads, name);
    if (!payload?.size || payload.config.tensor_meta === null) continue;
    const names = byEntry.get(payload.entry) ?? [];
    names.push(name);
    byEntry.set(payload.entry, names);
    byName.set(name, names);
  }
  return byName;
}
