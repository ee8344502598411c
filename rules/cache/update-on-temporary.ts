import type { CacheAnalysis, CacheUpdate, Read } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { shortTarget } from "../../src/program/describe.ts";
import { nameOfRoot, severityOf, whereCachesAreUpdated } from "../_shared/cache.ts";
import { overwritten } from "../_shared/overwritten.ts";
import { swappedInput } from "../_shared/swapped.ts";

export const updateOnTemporary = defineRule({
  id: "cache/update-on-temporary",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the cache that an update writes is a temporary, which is gone after the call",
  description: `
The cache argument of \`update_cross_attn_cache\` must lead back to a buffer or an input through nothing but views.
Here the program computes it, so in eager execution the write goes to memory that does not outlive the call, and the
next call starts with the old cache.

That alone is a warning. It is an error when eager and the lowered program differ:

- the temporary is a copy (\`clone\`, or what \`executorch::alias\` returns) of a buffer or an input. A compiler may
  drop the copy, and then the update writes the original;
- the temporary is read after the update, or the update's own result is unused while the temporary is. The graph does
  not say that the update changes it, so the lowered program may read what was there before.
`,
  data: {
    cache: "what the temporary is a copy of, as the messages name it, or else the operator that computes it",
    effect:
      "`writes-original`: the copy may be dropped; `stale-read`: the temporary is read otherwise; `lost`: the write has no lasting effect",
  },
  messages: {
    "writes-original":
      "update_cross_attn_cache writes a copy of {cache}; lowered, the copy may be dropped, and it writes {cache} itself",
    "stale-read":
      "update_cross_attn_cache writes the result of {cache}, and what reads that result does not see the write when lowered",
    lost: "update_cross_attn_cache writes the result of {cache}, which does not outlive the call",
  },
  examples: {
    valid: [
      {
        title: "a view of a buffer",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_caches: "f32[2, 1, 2, 6, 8]" = buffer("caches")):
    select: "f32[1, 2, 6, 8]" = torch.ops.aten.select.int(b_caches, 0, 0)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, select)
    return (update,)
`,
      },
    ],
    invalid: [
      {
        title: "a computed tensor (a warning)",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(b_cache, 0.5)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, mul)
    return (update,)
`,
        diagnostics: [
          {
            message: "update_cross_attn_cache writes the result of aten.mul, which does not outlive the call",
            data: { cache: "aten.mul", effect: "lost" },
          },
        ],
      },
      {
        title: "a copy of a buffer",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cross_key_cache")):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(b_cache)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, clone)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "update_cross_attn_cache writes a copy of buffer 'cross_key_cache'; lowered, the copy may be dropped, and it writes buffer 'cross_key_cache' itself",
            data: { cache: "buffer 'cross_key_cache'", effect: "writes-original" },
          },
        ],
      },
      {
        title: "a temporary that is read afterwards",
        program: `
def forward(v: "f32[1, 2, 4, 8]", x: "f32[1, 2, 6, 8]"):
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(x, 0.5)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, mul)
    sum_1: "f32[]" = torch.ops.aten.sum.default(mul)
    return (update, sum_1)
`,
        diagnostics: [
          {
            message:
              "update_cross_attn_cache writes the result of aten.mul, and what reads that result does not see the write when lowered",
            data: { cache: "aten.mul", effect: "stale-read" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      for (const update of caches.updates) {
        const effect = isOnTemporary(ctx, caches, update) ? effectOf(ctx, caches, update) : undefined;
        if (effect === undefined) continue;
        const [original] = caches.lasting(update.memory.roots);
        const { node } = ctx.storage.originOf(update.cache!);
        ctx.report({
          at: update.node,
          message: effect,
          data: {
            cache:
              effect === "writes-original"
                ? nameOfRoot(ctx, original!)
                : shortTarget(node?.target ?? "a branch"),
            effect,
          },
          help: "update the buffer or the input itself, or a view of it",
          detail: [`cache ${update.cache!.name}`],
          ...(effect === "lost" ? { severity: "warning" as const } : severityOf(ctx, update.node)),
        });
      }
    }),
});

type Effect = "writes-original" | "stale-read" | "lost";

/** Whether eager execution writes memory that nodes of the program make, on every path. */
function isOnTemporary(ctx: RuleContext, caches: CacheAnalysis, update: CacheUpdate): boolean {
  const roots = caches.eagerRoots(update);
  if (roots.length === 0 || swappedInput(ctx, update) !== null) return false;
  return roots.every((root) => ctx.storage.origin(root).node !== null);
}

function effectOf(ctx: RuleContext, caches: CacheAnalysis, update: CacheUpdate): Effect | undefined {
  const live = caches.isLive(update.node);
  if (live && caches.lasting(update.memory.roots).length > 0) {
    // What an update returns is the business of cache/updated-twice.
    return update.memory.updates.length > 0 ? undefined : "writes-original";
  }
  if (live) return caches.reads.some((read) => mayBeStale(ctx, caches, update, read)) ? "stale-read" : "lost";
  return isSeen(ctx, caches, update) && overwritten(ctx, caches, update) === "no" ? "stale-read" : "lost";
}

/** A read, behind an update that is kept, of the same memory. One of an update's result is for cache/updated-twice. */
function mayBeStale(
  { storage }: RuleContext,
  caches: CacheAnalysis,
  update: CacheUpdate,
  { node, value, memory }: Read,
): boolean {
  if (!caches.isBehind(node, update.node) || memory.updates.length > 0) return false;
  if (!memory.roots.some((root) => update.memory.roots.includes(root))) return false;
  if (caches.areAlternatives(node, update.node)) return false;
  const made = storage.originOf(value).node;
  // A copy from before the update, which a compiler drops, shows the update to whoever waits for it.
  const isOldCopy = memory.via.includes("copy") && made !== null && !caches.isBehind(made, update.node);
  return isOldCopy || !caches.dependsOn(node, update.node);
}

/** Whether anything sees what an update writes that is dropped: later reads and updates, or the caller. */
function isSeen(ctx: RuleContext, caches: CacheAnalysis, update: CacheUpdate): boolean {
  const roots = caches.eagerRoots(update);
  const shares = (value: Parameters<typeof ctx.nameOf>[0]) =>
    ctx.storage.storages(value).some((root) => roots.includes(root));
  const later = caches.updates.some(
    ({ index, node, cache }) =>
      index > update.index && cache !== null && shares(cache) && caches.isLive(node),
  );
  const read = caches.reads.some(({ node, value }) => caches.isBehind(node, update.node) && shares(value));
  return later || read || caches.returned.some(({ value }) => shares(value));
}
