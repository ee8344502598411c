import { defineRule } from "../../src/lint/rule.ts";
import { whereCachesAreUpdated } from "../_shared/cache.ts";
import { swappedInput } from "../_shared/swapped.ts";

export const updateArgumentsSwapped = defineRule({
  id: "cache/update-arguments-swapped",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "an update copies a buffer or an input into a computed tensor of the same shape",
  description: `
\`update_cross_attn_cache(value, cache)\` writes its *second* argument. Here that is a tensor that the program has just
computed, and the first is a buffer or an input: most likely they are swapped. When both have the same shape, nothing
complains; the new keys and values are overwritten by what the cache held, and the cache is never filled.

A cache that the program makes itself, by \`zeros\` and the like or by a \`clone\`, does not count as computed.
`,
  data: {
    cache: "the buffer or input that is passed as the value, as the messages name it",
    value: "the node whose result is passed as the cache",
  },
  messages: {
    swapped: "update_cross_attn_cache gets {cache} as the value and a computed tensor as the cache",
  },
  examples: {
    valid: [
      {
        title: "the right order",
        program: `
def forward(x: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(x, 0.5)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(mul, b_cache)
    return (update,)
`,
      },
      {
        title: "a cache that lives for one call",
        program: `
def forward(x: "f32[1, 2, 6, 8]"):
    zeros: "f32[1, 2, 6, 8]" = torch.ops.aten.zeros.default([1, 2, 6, 8])
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(x, zeros)
    return (update,)
`,
      },
    ],
    invalid: [
      {
        title: "the cache comes first",
        program: `
def forward(x: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cross_key_cache")):
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(x, 0.5)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(b_cache, mul)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "update_cross_attn_cache gets buffer 'cross_key_cache' as the value and a computed tensor as the cache",
            data: { cache: "buffer 'cross_key_cache'", value: "mul" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, ({ updates }) => {
      for (const update of updates) {
        const input = swappedInput(ctx, update);
        if (input === null) continue;
        const computed = ctx.storage.originOf(update.cache!);
        ctx.report({
          at: update.node,
          message: "swapped",
          data: { cache: ctx.nameOf(input), value: computed.node!.name },
          help: "swap the arguments: update_cross_attn_cache(value, cache)",
          detail: [`value ${update.value!.name}, cache ${update.cache!.name}`],
        });
      }
    }),
});
