import type { CacheAnalysis, CacheUpdate } from "../../src/analysis/cache.ts";
import { outermost } from "../../src/analysis/cache.ts";
import type { Severity } from "../../src/lint/diagnostic.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { nameOfRoot, severityOf, whereCachesAreUpdated } from "../_shared/cache.ts";

export const updatedTwice = defineRule({
  id: "cache/updated-twice",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "two updates of the same memory in one call, of which eager execution keeps the results apart",
  description: `
Run eagerly, each call of \`update_cross_attn_cache\` returns a copy of the cache as it is then. Lowered, the result
*is* the cache, so a second update changes what the first one returned:

    a = update(v, cache)
    b = update(w, cache)
    return a, b              # eager: two tensors; lowered: twice the second one

The same happens when the second update takes the first one's result for its cache: eager writes a copy, and the cache
holds the first value after the call; lowered, it holds the second.

It is an error where the first result is returned or copied into a buffer, and where the second update writes it. Where
it is only read, a compiler may put the read behind the second update, since nothing in the graph keeps it in front:
that is a warning. So is what depends on views or sizes that are not known, and on the predicates of two different
\`torch.cond\`. Updates of separate parts of one buffer, the two branches of one \`torch.cond\`, and a second update
whose value is made from the first result, are fine.
`,
  data: {
    cache: "the cache, as the messages name it",
    first: "the node of the first update",
    use: "what becomes of the first result: `returned`, `stored`, `read`, or `updated` as the cache of the second",
  },
  messages: {
    returned:
      "{cache} is updated twice, and the returned result of the first update becomes that of the second",
    stored: "{cache} is updated twice, and the stored result of the first update becomes that of the second",
    read: "{cache} is updated twice, and reads of the first result may see the second",
    updated:
      "the updated {cache} is updated again: eager writes a copy, the lowered program writes the cache",
  },
  examples: {
    valid: [
      {
        title: "different parts of one buffer",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_caches: "f32[2, 1, 2, 6, 8]" = buffer("caches")):
    keys: "f32[1, 2, 6, 8]" = torch.ops.aten.select.int(b_caches, 0, 0)
    values: "f32[1, 2, 6, 8]+96" = torch.ops.aten.select.int(b_caches, 0, 1)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, keys)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, values)
    return (update, update_1)
`,
      },
      {
        title: "a second value made from the first result",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 4, 8]" = buffer("cache")):
    update: "f32[1, 2, 4, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    mul: "f32[1, 2, 4, 8]" = torch.ops.aten.mul.Tensor(update, 3.0)
    update_1: "f32[1, 2, 4, 8]" = torch.ops.executorch.update_cross_attn_cache.default(mul, b_cache)
    return (update_1,)
`,
      },
      {
        title: "the two branches of a cond",
        program: `
def forward(p: "b8[]", v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, w, b_cache))
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)

def false_graph_0(v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(w, cache)
    return (update,)
`,
      },
    ],
    invalid: [
      {
        title: "returns both results",
        program: `
def forward(v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(w, b_cache)
    return (update, update_1)
`,
        diagnostics: [
          {
            message:
              "buffer 'cache' is updated twice, and the returned result of the first update becomes that of the second",
            data: { cache: "buffer 'cache'", first: "update", use: "returned" },
          },
        ],
      },
      {
        title: "stores the first result in another buffer",
        program: `
def forward(v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache"), b_log: "f32[1, 2, 6, 8]" = buffer("log")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    copy_: "f32[1, 2, 6, 8]" = torch.ops.aten.copy_.default(b_log, update)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(w, b_cache)
    return (update_1,)
`,
        diagnostics: [
          {
            message:
              "buffer 'cache' is updated twice, and the stored result of the first update becomes that of the second",
            data: { cache: "buffer 'cache'", first: "update", use: "stored" },
          },
        ],
      },
      {
        title: "takes the first result for the cache of the second",
        program: `
def forward(v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(w, update)
    return (update_1,)
`,
        diagnostics: [
          {
            message:
              "the updated buffer 'cache' is updated again: eager writes a copy, the lowered program writes the cache",
            data: { cache: "buffer 'cache'", first: "update", use: "updated" },
          },
        ],
      },
      {
        title: "reads the first result (a warning)",
        program: `
def forward(v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(w, b_cache)
    sum_2: "f32[]" = torch.ops.aten.sum.default(update_1)
    return (sum_1, sum_2)
`,
        diagnostics: [
          {
            message: "buffer 'cache' is updated twice, and reads of the first result may see the second",
            data: { cache: "buffer 'cache'", first: "update", use: "read" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      for (const [second, earlier] of pairs(caches)) {
        const clash = worst(earlier.map((first) => clashOf(ctx, caches, first, second)));
        if (clash === undefined) continue;
        const { first, use } = clash;
        const cache = nameOfRoot(ctx, first.memory.roots[0]!);
        ctx.report({
          at: second.node,
          message: use,
          data: { cache, first: first.node.name, use },
          help:
            use === "updated"
              ? "update the cache itself, once a call"
              : "update each cache once a call, or keep the first result apart with an operation that computes",
          detail: [`first updated by ${first.node.name} in ${first.node.graph.path}`],
          ...severityOf(ctx, first.node, second.node),
        });
      }
    }),
});

type Use = "returned" | "stored" | "read" | "updated";

interface Clash {
  readonly first: CacheUpdate;
  readonly use: Use;
  readonly severity: Severity;
}

/** Every update that runs behind others on the same memory, with those. */
function pairs({ updates }: CacheAnalysis): [CacheUpdate, readonly CacheUpdate[]][] {
  const byRoot = new Map<number, CacheUpdate[]>();
  const found: [CacheUpdate, CacheUpdate[]][] = [];
  for (const update of updates) {
    const earlier = new Set<CacheUpdate>();
    for (const root of update.memory.roots) {
      const before = byRoot.get(root) ?? [];
      for (const other of before.slice(-MOST_COMPARED)) earlier.add(other);
      byRoot.set(root, before);
      before.push(update);
    }
    if (earlier.size > 0) found.push([update, [...earlier]]);
  }
  return found;
}

/** A cache that is updated more often than this has been reported before. */
const MOST_COMPARED = 64;

function clashOf(
  ctx: RuleContext,
  caches: CacheAnalysis,
  first: CacheUpdate,
  second: CacheUpdate,
): Clash | undefined {
  if (!caches.isLive(first.node) || !caches.isLive(second.node)) return undefined;
  if (caches.areAlternatives(first.node, second.node) || isRepetition(first, second)) return undefined;
  const overlap = caches.overlap(first, second);
  const use = overlap === "no" ? undefined : useOf(ctx, caches, first, second);
  if (use === undefined) return undefined;
  const certain =
    use !== "read" &&
    overlap === "yes" &&
    !caches.isInLoop(first.node) &&
    !caches.isInLoop(second.node) &&
    caches.mayRunTogether(first.node, second.node);
  return { first, use, severity: certain ? "error" : "warning" };
}

/** The same value into the same cache: both results are equal, whether they are one memory or two. */
function isRepetition(a: CacheUpdate, b: CacheUpdate): boolean {
  return outermost(a.value) === outermost(b.value) && outermost(a.cache) === outermost(b.cache);
}

function useOf(
  ctx: RuleContext,
  caches: CacheAnalysis,
  first: CacheUpdate,
  second: CacheUpdate,
): Use | undefined {
  if (second.memory.updates.includes(first.index)) {
    // A copy of a cache that nothing else sees may as well be written in place.
    const lasts = caches.lasting(second.memory.roots).length > 0;
    const isCopy = caches.lasting(caches.eagerRoots(second)).length === 0;
    return lasts && isCopy ? "updated" : undefined;
  }
  const ofFirst = ({ memory }: { memory: { updates: readonly number[] } }) =>
    memory.updates.includes(first.index);
  if (caches.returned.some(ofFirst)) return "returned";
  const reads = caches.reads.filter(ofFirst);
  if (reads.some(({ node, value }) => isStore(ctx, caches, node, value))) return "stored";
  return reads.some(({ node }) => node !== second.node && !caches.dependsOn(second.node, node))
    ? "read"
    : undefined;
}

/** Functionalization takes the source of such a copy for the new buffer, and copies it at the end of the call. */
function isStore(
  { storage }: RuleContext,
  caches: CacheAnalysis,
  { target, operands }: CacheUpdate["node"],
  value: object,
): boolean {
  const [self, source] = operands;
  if (!/^torch\.ops\.aten\.copy_\./.test(target) || !self || source !== value) return false;
  return caches.lasting(storage.storages(self)).length > 0;
}

function worst(clashes: readonly (Clash | undefined)[]): Clash | undefined {
  const found = clashes.filter((clash) => clash !== undefined);
  return found.find(({ severity }) => severity === "error") ?? found[0];
}
