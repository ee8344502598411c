import type { PayloadMeta } from "../../src/archive/payload.ts";
import type { Payloads } from "../../src/lint/payloads.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { payloadOf, storedDifference, storedInputs } from "../_shared/payloads.ts";

export const metadata = defineRule({
  id: "payload/metadata",
  severity: "error",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "a stored tensor has another dtype or shape than the graph says",
  description: `
The graph was traced with the metadata of its inputs, and the archive stores the tensors that take their place. Here they
differ in dtype or in a size that is a number: kernels are chosen, memory is planned and constants are folded for a tensor that the
archive does not hold. \`torch.export.load\` does not compare them; what runs is the stored tensor. Where several share an
entry, torch loads it in the dtype of the first and takes all of them from that.
`,
  data: {
    name: "the qualified name",
    property: "`dtype`, `rank` or `shape`",
    path: "the JSON path of the spec",
  },
  messages: { differs: "{kind} '{name}' is stored with {property} {stored}, but the graph has {traced}" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const { payloads, program } = ctx;
      const asLoaded = loadedAs(payloads);
      for (const { kind, name, value, position } of storedInputs(program)) {
        const meta = program.main.value(value, program.main.inputs[position])?.meta;
        const stored = payloadOf(payloads, name);
        const found = stored && asLoaded(stored.config);
        const difference = meta && found && storedDifference(found, meta);
        if (!difference) continue;
        const { property, left, right } = difference;
        ctx.report({
          at: null,
          message: "differs",
          data: { name, property, path: specPath("input", position) },
          words: { kind: kind.replace("_", " "), stored: left, traced: right },
          help: "export the program with the state that it is saved with",
        });
      }
    },
  }),
});

/** What torch makes of a payload (torch/export/pt2_archive/_package.py _build_file_map): entries are read once. */
function loadedAs(payloads: Payloads | null): (config: PayloadMeta) => PayloadMeta["tensor_meta"] {
  const first = new Map<string, PayloadMeta>();
  for (const list of [payloads?.weights, payloads?.constants]) {
    for (const { config } of list?.values() ?? []) {
      const isRaw = !config.use_pickle && /^(weight|tensor)_\d+$/.test(config.path_name);
      if (isRaw && !first.has(config.path_name)) first.set(config.path_name, config);
    }
  }
  return ({ path_name, tensor_meta }) => {
    const dtype = first.get(path_name)?.tensor_meta?.dtype;
    return tensor_meta && dtype !== undefined ? { ...tensor_meta, dtype } : tensor_meta;
  };
}
