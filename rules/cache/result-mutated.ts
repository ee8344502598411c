import { defineRule } from "../../src/lint/rule.ts";
import { whereCachesAreUpdated } from "../_shared/cache.ts";
import { reportWritten } from "../_shared/written-results.ts";

export const resultMutated = defineRule({
  id: "cache/result-mutated",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the result of a cache update is written, and lowered it is the cache",
  description: `
Run eagerly, \`update_cross_attn_cache\` returns a copy of the cache, which the program may write as it likes. Lowered, the
result is the cache:

    keys = update(v, cache)
    keys.add_(100)           # eager: a copy changes; lowered: the cache may
    return keys

A compiler that makes new values of all writes first (torch's own functionalization, which inductor and ExecuTorch begin
with) keeps the cache as it is here: measured with torch 2.13, the program above gives eager's results. One that runs the
write as it stands, or turns it into one in place again, changes the cache. So it is a warning there.

It is an error where inductor parts from eager: where the result is that of a \`torch.cond\`, and is returned: inductor takes it for a buffer of its own and
writes there, measured with \`masked_fill_\`, an assignment to an index, and \`zero_\` and \`add_\` of a slice. Arithmetic in
place on the whole of it is [cache/result-reused-in-place](result-reused-in-place.md). Writing over the whole of the result
before anything reads it (\`keys.zero_()\`) makes the update useless, so that it is dropped:
[cache/update-unused](update-unused.md). A write to the cache itself is
[cache/write-after-update](write-after-update.md).
`,
  data: {
    cache: "the cache, as the messages name it",
    write: "the node that writes the result",
  },
  messages: {
    written: "{operator} writes the result of updating {cache}, which is {cache} itself when lowered",
  },
  examples: {
    valid: [
      {
        title: "computes instead of writing",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    add: "f32[1, 2, 6, 8]" = torch.ops.aten.add.Tensor(update, 100)
    return (add,)
`,
      },
      {
        title: "writes what was computed from the result",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(update, 0.5)
    add_: "f32[1, 2, 6, 8]" = torch.ops.aten.add_.Tensor(mul, 100)
    return (add_,)
`,
      },
    ],
    invalid: [
      {
        title: "adds to the result in place",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    add_: "f32[1, 2, 6, 8]" = torch.ops.aten.add_.Tensor(update, 100)
    return (add_,)
`,
        diagnostics: [
          {
            message:
              "aten.add_ writes the result of updating buffer 'cache', which is buffer 'cache' itself when lowered",
            data: { cache: "buffer 'cache'", write: "add_" },
          },
        ],
      },
      {
        title: "masks positions of what a cond returns",
        program: `
def forward(p: "b8[]", v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_cache))
    slice_1: "f32[1, 2, 2, 8][96, 48, 8, 1]+32" = torch.ops.aten.slice.Tensor(cond[0], 2, 4, 6)
    zero_: "f32[1, 2, 2, 8][96, 48, 8, 1]+32" = torch.ops.aten.zero_.default(slice_1)
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "aten.zero_ writes the result of updating buffer 'cache', which is buffer 'cache' itself when lowered",
            data: { cache: "buffer 'cache'", write: "zero_" },
          },
        ],
      },
    ],
  },
  create: (ctx) => whereCachesAreUpdated(ctx, () => reportWritten(ctx, "update")),
});
