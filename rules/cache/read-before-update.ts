import type { CacheAnalysis, CacheUpdate } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { nameOfRoot, severityOf, whereCachesAreUpdated } from "../_shared/cache.ts";

export const readBeforeUpdate = defineRule({
  id: "cache/read-before-update",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a cache is read before it is updated, and a compiler may put the update first",
  description: `
The schema of \`update_cross_attn_cache\` declares no write, so nothing in the graph keeps a read of the cache in front
of an update of it, unless the update's value is made from what was read. torch's inductor runs such updates first:

    old = cache.clone()
    new = update(v, cache)
    return new - old         # eager: the change; lowered: zero

It makes no difference that the old values were copied: a clone of memory that nothing is seen to write need not be
made, and a pointwise result is computed again where it is used.

It is an error where one execution runs both and the update writes elements that are read. Where views, sizes or the
predicates of different \`torch.cond\` leave that open, it is a warning.
`,
  data: {
    cache: "the cache, as the messages name it",
    read: "the node that reads it, or `output N`",
  },
  messages: {
    read: "{cache} is read by {read} before this update, and may show it when lowered",
  },
  examples: {
    valid: [
      {
        title: "the value is made from what was read",
        program: `
def forward(b_cache: "f32[1, 2, 4, 8]" = buffer("cache")):
    mul: "f32[1, 2, 4, 8]" = torch.ops.aten.mul.Tensor(b_cache, 0.5)
    update: "f32[1, 2, 4, 8]" = torch.ops.executorch.update_cross_attn_cache.default(mul, b_cache)
    return (update,)
`,
      },
    ],
    invalid: [
      {
        title: "the change of a cache",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(b_cache)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    sub: "f32[1, 2, 6, 8]" = torch.ops.aten.sub.Tensor(update, clone)
    return (sub,)
`,
        diagnostics: [
          {
            message: "buffer 'cache' is read by sub before this update, and may show it when lowered",
            data: { cache: "buffer 'cache'", read: "sub" },
          },
        ],
      },
      {
        title: "a sum of the old values",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    sum_1: "f32[]" = torch.ops.aten.sum.default(b_cache)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (sum_1, update)
`,
        diagnostics: [
          {
            message: "buffer 'cache' is read by sum_1 before this update, and may show it when lowered",
            data: { cache: "buffer 'cache'", read: "sum_1" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      const looks = looksAt(caches);
      for (const update of caches.updates) {
        if (!caches.isLive(update.node)) continue;
        const hits = looks.flatMap((look) => {
          const certain = isOvertaken(ctx, caches, update, look);
          return certain === undefined ? [] : [{ look, certain }];
        });
        const worst = hits.find(({ certain }) => certain) ?? hits[0];
        if (worst === undefined) continue;
        const root = worst.look.roots.find((one) => update.memory.roots.includes(one))!;
        ctx.report({
          at: update.node,
          message: "read",
          data: { cache: nameOfRoot(ctx, root), read: worst.look.name },
          help: "read the cache through the update's result, or make the update's value depend on what is read",
          ...severityOf(ctx, update.node),
        });
      }
    }),
});

/** Something that looks at what is in a cache's memory. */
interface Look {
  readonly name: string;
  readonly value: Value;
  readonly roots: readonly number[];
  /** The node that fixes what eager sees: the reader, or what made the copy that is read. null for an input. */
  readonly since: Node | null;
  /** The node that reads, which the update may depend on. */
  readonly reader: Node | null;
}

function looksAt(caches: CacheAnalysis): Look[] {
  const looks = caches.reads.flatMap(({ node, value, memory }): Look[] =>
    memory.updates.length > 0
      ? []
      : [{ name: node.name, value, roots: memory.roots, since: copyOf(caches, value) ?? node, reader: node }],
  );
  for (const { output, value, memory } of caches.returned) {
    const since = copyOf(caches, value);
    if (memory.updates.length === 0 && since !== null) {
      looks.push({ name: `output ${output}`, value, roots: memory.roots, since, reader: since });
    }
  }
  return looks;
}

/** The node that made the copy that a value lies in, when a compiler may leave the copy out. */
function copyOf(caches: CacheAnalysis, value: Value): Node | null {
  return caches.memoryOf(value).via.includes("copy") ? caches.originOf(value).node : null;
}

/** Whether the update may overtake the look: true when it certainly does, undefined when it does not. */
function isOvertaken(
  ctx: RuleContext,
  caches: CacheAnalysis,
  update: CacheUpdate,
  look: Look,
): boolean | undefined {
  const { since, reader } = look;
  if (since === null || reader === null || since === update.node || reader === update.node) return undefined;
  if (!look.roots.some((root) => update.memory.roots.includes(root))) return undefined;
  if (!caches.isBehind(update.node, since) || caches.areAlternatives(update.node, since)) return undefined;
  if (caches.dependsOn(update.node, reader)) return undefined;
  if (isReplacedBetween(ctx, caches, update, since)) return undefined;
  const covers = caches.covers(update, look.value);
  if (covers === "no") return undefined;
  const together = caches.mayRunTogether(update.node, since);
  return together && !caches.isInLoop(update.node) && (covers === "yes" || since !== reader);
}

/** A write of ATen's between the two gives the update memory of its own. */
function isReplacedBetween(
  { program, storage }: RuleContext,
  caches: CacheAnalysis,
  update: CacheUpdate,
  since: Node,
) {
  return storage
    .writes(program.main)
    .some(
      ({ node, value }) =>
        !caches.isBehind(node, update.node) &&
        (node === since || caches.isBehind(node, since)) &&
        storage.storages(value).some((root) => update.memory.roots.includes(root)),
    );
}
