import { type CacheAnalysis, type CacheUpdate, dataOperands } from "../../src/analysis/cache.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { nameOfRoot, severityOf, whereCachesAreUpdated } from "../_shared/cache.ts";
import { overwritten } from "../_shared/overwritten.ts";

export const updateUnused = defineRule({
  id: "cache/update-unused",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "nothing needs the result of a cache update, so dead-code elimination drops the write",
  description: `
Run eagerly, \`update_cross_attn_cache\` writes the cache whether its result is used or not. Its schema declares no
mutation, so for a compiler a call whose result nobody needs does nothing: it is removed, and the cache stays as it
was.

The result counts as unused too when only unused nodes take it, when only its shape or dtype is asked for, and when it
leaves a branch as the result of a \`torch.cond\` that is itself unused. An update whose positions are all written
again before anything reads them makes no difference and is not reported; where that depends on sizes that are not
known, the finding is a warning.

Read the cache through the result of the update: attention over what the call returns, not over the buffer.
`,
  data: {
    cache: "the cache, as the messages name it",
    reason:
      "`unused`: nothing takes the result; `metadata`: only its shape or dtype is asked for; `cond`: only the result of an operator around it has it, which is unused; `dead`: only unused nodes take it",
  },
  messages: {
    unused: "nothing uses the result of updating {cache}, so the write is lost when the program is lowered",
    metadata:
      "only the shape of the updated {cache} is used, so the write is lost when the program is lowered",
    cond: "the updated {cache} leaves its branch, but nothing uses what torch.cond returns, so the write is lost when the program is lowered",
    dead: "only unused nodes take the result of updating {cache}, so the write is lost when the program is lowered",
  },
  examples: {
    valid: [
      {
        title: "reads the result",
        program: `
def forward(value: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    return (sum_1,)
`,
      },
      {
        title: "writes the same positions again",
        program: `
def forward(value: "f32[1, 2, 4, 8]", other: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(other, b_cache)
    return (update_1,)
`,
      },
      {
        title: "is one of two results of a cond, of which the other is used",
        program: `
def forward(p: "b8[]", value: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    cond: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (value, b_cache))
    return (cond[1],)

def true_graph_0(value: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, cache)
    sin: "f32[1, 2, 6, 8]" = torch.ops.aten.sin.default(value)
    return (update, sin)

def false_graph_0(value: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    cos: "f32[1, 2, 6, 8]" = torch.ops.aten.cos.default(value)
    return (clone, cos)
`,
      },
    ],
    invalid: [
      {
        title: "reads the buffer instead of the result",
        program: `
def forward(value: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cross_key_cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(b_cache)
    return (sum_1,)
`,
        diagnostics: [
          {
            message:
              "nothing uses the result of updating buffer 'cross_key_cache', so the write is lost when the program is lowered",
            data: { cache: "buffer 'cross_key_cache'", reason: "unused" },
          },
        ],
      },
      {
        title: "needs only the shape, or only an unused node",
        program: `
def forward(value: "f32[1, 2, 4, 8]", b_keys: "f32[1, 2, 6, 8]" = buffer("keys"), b_values: "f32[1, 2, 6, 8]" = buffer("values")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_keys)
    zeros_like: "f32[1, 2, 6, 8]" = torch.ops.aten.zeros_like.default(update)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_values)
    sin: "f32[1, 2, 6, 8]" = torch.ops.aten.sin.default(update_1)
    return (zeros_like,)
`,
        diagnostics: [
          {
            message:
              "only the shape of the updated buffer 'keys' is used, so the write is lost when the program is lowered",
            data: { cache: "buffer 'keys'", reason: "metadata" },
          },
          {
            message:
              "only unused nodes take the result of updating buffer 'values', so the write is lost when the program is lowered",
            data: { cache: "buffer 'values'", reason: "dead" },
          },
        ],
      },
      {
        title: "ignores what the cond returns",
        program: `
def forward(p: "b8[]", value: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (value, b_cache))
    sum_1: "f32[]" = torch.ops.aten.sum.default(value)
    return (sum_1,)

def true_graph_0(value: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(value: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, cache)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "the updated buffer 'cache' leaves its branch, but nothing uses what torch.cond returns, so the write is lost when the program is lowered",
            data: { cache: "buffer 'cache'", reason: "cond" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      for (const update of caches.updates) {
        if (caches.isLive(update.node)) continue;
        const [lasting] = caches.lasting(caches.eagerRoots(update));
        if (lasting === undefined) continue;
        if (overwritten(ctx, caches, update) === "yes") continue;
        const cache = nameOfRoot(ctx, lasting);
        const reason = reasonOf(caches, update);
        ctx.report({
          at: update.node,
          message: reason,
          data: { cache, reason },
          help: "let what needs the cache read the result of the update instead of the buffer",
          detail: [`cache ${update.cache!.name}`],
          ...severityOf(ctx, update.node),
        });
      }
    }),
});

type Reason = "unused" | "metadata" | "cond" | "dead";

function reasonOf(caches: CacheAnalysis, { node }: CacheUpdate): Reason {
  const { graph } = node;
  const [result] = node.outputs;
  const users = result ? graph.users(result) : [];
  if (users.some((user) => caches.isLive(user) && !dataOperands(user).includes(result!))) return "metadata";
  if (graph.owner !== null && !caches.isLive(graph.owner) && graph.outputs.includes(result ?? null))
    return "cond";
  return users.length === 0 ? "unused" : "dead";
}
