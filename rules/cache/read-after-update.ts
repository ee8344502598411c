import type { CacheAnalysis, CacheUpdate, Read } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { shortTarget } from "../../src/program/describe.ts";
import type { Node } from "../../src/program/program.ts";
import { nameOfRoot, seenToDiverge, severityOf, whereCachesAreUpdated } from "../_shared/cache.ts";

export const readAfterUpdate = defineRule({
  id: "cache/read-after-update",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a cache is read after an update of it, and not by way of the update's result",
  description: `
The schema of \`update_cross_attn_cache\` declares no write, so nothing in the graph keeps a read of the cache behind an
update of it. Only what reads the result of the update waits for it:

    new = update(v, cache)
    return new, attention(q, cache, cache)   # eager: over the new keys; lowered: over the old ones

torch 2.13's inductor does that where attention reads the cache, and so for every operator that has several results when it
is decomposed: \`scaled_dot_product_attention\`, \`layer_norm\`, \`sort\`, \`median\`. Those run before the update, an error. Reductions, matrix products and pointwise operators that read the cache
after the update were seen to run behind it, as in eager; another compiler may move them, so there it is a warning.

A read that needs the result of the update anyway, or a value made from it, is in order. So is one of elements that the
update does not write. An update whose result nothing reads is dropped: that is [cache/update-unused](update-unused.md).
`,
  data: {
    cache: "the cache, as the messages name it",
    update: "the node that updates it",
    read: "the node that reads it",
  },
  messages: {
    read: "{cache} is read by {operator} after an update of it, but not through the update's result: lowered, it may see the old values",
  },
  examples: {
    valid: [
      {
        title: "reads the result",
        program: `
def forward(q: "f32[1, 2, 3, 8]", v: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    attention: "f32[1, 2, 3, 8]" = torch.ops.aten.scaled_dot_product_attention.default(q, update, update)
    return (attention,)
`,
      },
      {
        title: "reads what the update does not write",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    slice_1: "f32[1, 2, 2, 8][96, 48, 8, 1]+32" = torch.ops.aten.slice.Tensor(b_cache, 2, 4, 6)
    sum_1: "f32[]" = torch.ops.aten.sum.default(slice_1)
    return (update, sum_1)
`,
      },
    ],
    invalid: [
      {
        title: "attention over the buffer",
        program: `
def forward(q: "f32[1, 2, 3, 8]", v: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    attention: "f32[1, 2, 3, 8]" = torch.ops.aten.scaled_dot_product_attention.default(q, b_cache, b_cache)
    return (update, attention)
`,
        diagnostics: [
          {
            message:
              "buffer 'cache' is read by aten.scaled_dot_product_attention after an update of it, but not through the update's result: lowered, it may see the old values",
            data: { cache: "buffer 'cache'", update: "update", read: "attention" },
          },
        ],
      },
      {
        title: "a sum of the buffer (a warning)",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(b_cache)
    return (update, sum_1)
`,
        diagnostics: [
          {
            message:
              "buffer 'cache' is read by aten.sum after an update of it, but not through the update's result: lowered, it may see the old values",
            data: { cache: "buffer 'cache'", update: "update", read: "sum_1" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      const reported = new Set<Node>();
      for (const read of caches.reads) {
        // What an update returns is for cache/updated-twice; one finding a node is enough.
        if (read.memory.updates.length > 0 || reported.has(read.node)) continue;
        const update = caches.updates.find((one) => mayMiss(ctx, caches, one, read));
        const [root] = caches.lasting(read.memory.roots);
        if (update === undefined || root === undefined) continue;
        reported.add(read.node);
        ctx.report({
          at: read.node,
          message: "read",
          data: { cache: nameOfRoot(ctx, root), update: update.node.name, read: read.node.name },
          words: { operator: shortTarget(read.node.target) },
          help: "read the result of the update instead of the cache",
          detail: [`updated by ${update.node.name} in ${update.node.graph.path}`],
          ...(overtakes(read, update.node) ? seenToDiverge(ctx) : severityOf(ctx, read.node, update.node)),
        });
      }
    }),
});

/** Whether inductor was seen to run such a read before the update: operators that have several results when decomposed. */
function overtakes({ node }: Read, update: Node): boolean {
  return node.graph === update.graph && (node.outputs.length > 1 || SEVERAL.test(node.target));
}

const SEVERAL = /^torch\.ops\.aten\.(_?scaled_dot_product_\w*attention\w*|(native_)?layer_norm)\./;

/** Whether the read runs behind the update, of what it writes, and nothing keeps it there. */
function mayMiss(ctx: RuleContext, caches: CacheAnalysis, update: CacheUpdate, read: Read): boolean {
  const { node, value, memory } = read;
  if (!caches.lasting(memory.roots).some((root) => update.memory.roots.includes(root))) return false;
  if (!caches.isBehind(node, update.node) || !caches.isLive(update.node)) return false;
  if (caches.areAlternatives(node, update.node) || caches.dependsOn(node, update.node)) return false;
  return caches.covers(update, value) !== "no" && !isWrittenSince(ctx, caches, update, read);
}

/** A write that its schema tells of, behind the update: what is read is a value of its own. */
function isWrittenSince(
  { program, storage }: RuleContext,
  caches: CacheAnalysis,
  { node: update, memory }: CacheUpdate,
  read: Read,
): boolean {
  return storage
    .writes(program.main)
    .some(
      ({ node, value }) =>
        caches.isBehind(node, update) &&
        !caches.isBehind(node, read.node) &&
        storage.storages(value).some((root) => memory.roots.includes(root)),
    );
}
