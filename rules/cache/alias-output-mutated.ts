import { defineRule } from "../../src/lint/rule.ts";
import { whereCachesAreUsed } from "../_shared/cache.ts";
import { reportWritten } from "../_shared/written-results.ts";

export const aliasOutputMutated = defineRule({
  id: "cache/alias-output-mutated",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a result of executorch::alias is written, and lowered it is what was handed through",
  description: `
The schema of \`executorch::alias\` promises two new tensors. Lowered, they are its inputs, so a write to one of them is a
write to the buffer or the input behind it:

    keys, values = alias(cached_keys, cached_values)
    keys.add_(100)           # by the schema: a new tensor changes; lowered: cached_keys may
    return keys, values

A compiler that makes new values of all writes first (torch's functionalization) keeps the memory as it is here: measured
with torch 2.13's inductor, the buffer stays as in eager. One that runs the write as it stands changes it, so it is a warning
there. It is an error where inductor parts from eager, too: a write to a part of what a \`torch.cond\` returns from such a
branch. Arithmetic in place on the whole of it is [cache/result-reused-in-place](result-reused-in-place.md).
`,
  data: {
    cache: "what was handed through, as the messages name it",
    write: "the node that writes the result",
  },
  messages: {
    written: "{operator} writes a result of executorch::alias, which is {cache} itself when lowered",
  },
  examples: {
    valid: [
      {
        title: "writes a copy",
        program: `
def forward(b_keys: "f32[1, 2, 6, 8]" = buffer("keys"), b_values: "f32[1, 2, 6, 8]" = buffer("values")):
    alias: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.executorch.alias.default(b_keys, b_values)
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(alias[0], 2)
    add_: "f32[1, 2, 6, 8]" = torch.ops.aten.add_.Tensor(mul, 100)
    return (add_, alias[1])
`,
      },
    ],
    invalid: [
      {
        title: "adds to a result in place",
        program: `
def forward(b_keys: "f32[1, 2, 6, 8]" = buffer("keys"), b_values: "f32[1, 2, 6, 8]" = buffer("values")):
    alias: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.executorch.alias.default(b_keys, b_values)
    add_: "f32[1, 2, 6, 8]" = torch.ops.aten.add_.Tensor(alias[0], 100)
    return (add_, alias[1])
`,
        diagnostics: [
          {
            message:
              "aten.add_ writes a result of executorch::alias, which is buffer 'keys' itself when lowered",
            data: { cache: "buffer 'keys'", write: "add_" },
          },
        ],
      },
    ],
  },
  create: (ctx) => whereCachesAreUsed(ctx, () => reportWritten(ctx, "alias")),
});
