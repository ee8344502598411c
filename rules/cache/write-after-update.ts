import type { CacheAnalysis } from "../../src/analysis/cache.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Node } from "../../src/program/program.ts";
import { nameOfRoot, severityOf, whereCachesAreUsed } from "../_shared/cache.ts";

export const writeAfterUpdate = defineRule({
  id: "cache/write-after-update",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a cache is written behind an update of it, and the update's result shows the write",
  description: `
Run eagerly, \`update_cross_attn_cache\` returns a copy of the cache, and \`executorch::alias\` copies of its inputs.
Lowered, they return the memory itself. What ATen's operators write to a buffer or an input is kept apart until the end
of the call and copied back then, so a result that is returned, or copied into another buffer, shows it:

    new = update(v, cache)
    cache.add_(1)
    return new               # eager: the updated cache; lowered: one more

The same goes for an update of memory that \`alias\` has handed out before.
`,
  data: {
    cache: "the cache, as the messages name it",
    result: "the node whose result is the cache's memory",
  },
  messages: {
    written: "{cache} is written behind {result}, whose returned result is the same memory when lowered",
    updated: "{cache} is updated behind {result}, whose returned result is the same memory when lowered",
  },
  examples: {
    valid: [
      {
        title: "written before",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    zero_: "f32[1, 2, 6, 8]" = torch.ops.aten.zero_.default(b_cache)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (update,)
`,
      },
      {
        title: "only what was computed from the result is returned",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    add_: "f32[1, 2, 6, 8]" = torch.ops.aten.add_.Tensor(b_cache, 1.0)
    return (sum_1,)
`,
      },
    ],
    invalid: [
      {
        title: "added to in place",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    add_: "f32[1, 2, 6, 8]" = torch.ops.aten.add_.Tensor(b_cache, 1.0)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "buffer 'cache' is written behind update, whose returned result is the same memory when lowered",
            data: { cache: "buffer 'cache'", result: "update" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUsed(ctx, (caches) => {
      const { storage, program } = ctx;
      const held = heldResults(caches);
      if (held.length === 0) return;
      const reported = new Set<Node>();
      const report = (
        at: Node,
        message: "written" | "updated",
        roots: readonly number[],
        isOwn: (node: Node) => boolean,
      ) => {
        const hit = held.find(
          ({ made, memory }) =>
            made !== at &&
            !isOwn(made) &&
            caches.isBehind(at, made) &&
            !caches.areAlternatives(at, made) &&
            memory.roots.some((root) => roots.includes(root)),
        );
        if (hit === undefined || reported.has(at)) return;
        reported.add(at);
        const root = hit.memory.roots.find((one) => roots.includes(one))!;
        ctx.report({
          at,
          message,
          data: { cache: nameOfRoot(ctx, root), result: hit.made.name },
          help: "write the cache before the update, or return a copy that is computed",
          ...severityOf(ctx, at, hit.made),
        });
      };
      for (const { node, value } of storage.writes(program.main)) {
        const roots = caches.lasting(storage.storages(value));
        if (roots.length > 0 && node.subgraphs.length === 0) report(node, "written", roots, () => false);
      }
      // What a second update does to the result of the first is the business of cache/updated-twice.
      for (const update of caches.updates) {
        if (caches.isLive(update.node))
          report(update.node, "updated", update.memory.roots, (made) => made.target !== ALIAS);
      }
    }),
});

const ALIAS = "torch.ops.executorch.alias.default";

/** Returned values that are a cache's memory when lowered, with the node that made them. */
function heldResults(caches: CacheAnalysis) {
  return caches.returned.flatMap(({ value, memory }) => {
    const made = value.node;
    const isMemory = memory.via.includes("update") || memory.via.includes("alias");
    return made !== null && isMemory && caches.lasting(memory.roots).length > 0
      ? [{ made: caches.originOf(value).node ?? made, memory }]
      : [];
  });
}
