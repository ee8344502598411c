import type { CacheAnalysis, CacheUpdate } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Graph, Node, Value } from "../../src/program/program.ts";
import { nameOfRoot, whereCachesAreUpdated } from "../_shared/cache.ts";

export const updateDuplicate = defineRule({
  id: "cache/update-duplicate",
  severity: "info",
  presets: ["recommended", "strict"],
  summary: "two updates of a cache with the same value, which a compiler may merge",
  description: `
The schema of \`update_cross_attn_cache\` makes it a pure function: a call with the same arguments as an earlier one gives the
same result, and common-subexpression elimination keeps the first alone. Where nothing else writes the cache in between, that
changes nothing, and the second update is just useless: an info.

It is a warning where another update of the same memory stands between the two:

    a = update(v, cache)
    b = update(w, cache)
    c = update(v, cache)     # merged with the first: the cache is left with w
    return a.sum(), b.sum(), c

torch 2.13's inductor does not merge them and gives eager's results here; a compiler that does is within what the schema
says, and leaves another cache. An operator of ATen's that writes the cache in between makes the two different for every
compiler that believes in schemas, so it is not reported.
`,
  data: {
    cache: "the cache, as the messages name it",
    first: "the node of the first update",
    between: "the node of another update of the same memory between the two, or null",
  },
  messages: {
    again: "{cache} is updated with the same value as by {first}: one of the two is enough",
    between:
      "{cache} is updated with the same value as by {first}, and otherwise by {between} in between: merged with the first, this update is lost",
  },
  examples: {
    valid: [
      {
        title: "different values",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_keys: "f32[1, 2, 6, 8]" = buffer("keys"), b_values: "f32[1, 2, 6, 8]" = buffer("values")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_keys)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_values)
    return (update, update_1)
`,
      },
      {
        title: "zeroed in between",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    zero_: "f32[1, 2, 6, 8]" = torch.ops.aten.zero_.default(b_cache)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (sum_1, update_1)
`,
      },
    ],
    invalid: [
      {
        title: "the same update again",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    mul: "f32[1, 2, 4, 8]" = torch.ops.aten.mul.Tensor(v, 2)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(mul, b_cache)
    mul_1: "f32[1, 2, 4, 8]" = torch.ops.aten.mul.Tensor(v, 2)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(mul_1, b_cache)
    return (update, update_1)
`,
        diagnostics: [
          {
            message: "buffer 'cache' is updated with the same value as by update: one of the two is enough",
            data: { cache: "buffer 'cache'", first: "update", between: null },
          },
        ],
      },
      {
        title: "another update in between",
        program: `
def forward(v: "f32[1, 2, 4, 8]", w: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(w, b_cache)
    sum_2: "f32[]" = torch.ops.aten.sum.default(update_1)
    update_2: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (sum_1, sum_2, update_2)
`,
        diagnostics: [
          {
            message:
              "buffer 'cache' is updated with the same value as by update, and otherwise by update_1 in between: merged with the first, this update is lost",
            data: { cache: "buffer 'cache'", first: "update", between: "update_1" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      for (const { first, second } of repetitions(ctx, caches)) {
        const between = caches.updates.find((other) => isBetween(caches, other, first, second));
        const root = second.memory.roots[0];
        ctx.report({
          at: second.node,
          message: between === undefined ? "again" : "between",
          data: {
            cache: root === undefined ? "the cache" : nameOfRoot(ctx, root),
            first: first.node.name,
            between: between?.node.name ?? null,
          },
          help:
            between === undefined
              ? "leave one of the updates out, and use its result twice"
              : "update each cache once a call",
          ...(between === undefined ? {} : { severity: "warning" as const }),
        });
      }
    }),
});

interface Repetition {
  readonly first: CacheUpdate;
  readonly second: CacheUpdate;
}

/** Updates that are kept, each with the first of its graph that common-subexpression elimination takes for the same. */
function repetitions(ctx: RuleContext, caches: CacheAnalysis): Repetition[] {
  const byGraph = new Map<Graph, CacheUpdate[]>();
  for (const update of caches.updates) {
    if (!caches.isLive(update.node)) continue;
    const list = byGraph.get(update.node.graph);
    if (list) list.push(update);
    else byGraph.set(update.node.graph, [update]);
  }
  return [...byGraph].flatMap(([graph, all]) => {
    // Most programs update each cache once, and numbering their calls would be for nothing.
    const times = new Map<string, number>();
    const place = ({ memory }: CacheUpdate) => memory.roots.join();
    for (const update of all) times.set(place(update), (times.get(place(update)) ?? 0) + 1);
    const updates = all.filter((update) => times.get(place(update))! > 1);
    if (updates.length === 0) return [];
    const keys = callKeys(ctx, graph);
    const firsts = new Map<string, CacheUpdate>();
    return updates.flatMap((second): Repetition[] => {
      const key = keys[second.node.index]!;
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, second);
      return first === undefined ? [] : [{ first, second }];
    });
  });
}

/** For each node of a graph a text that is equal for calls that compute the same: operator, arguments, what they are made of. */
function callKeys({ storage, registry }: RuleContext, graph: Graph): string[] {
  const names = new Map<string, string>();
  /** How often a storage has been written: a write makes new values of all that lies in it. */
  const versions = new Map<number, number>();
  const writes = new Map<Node, Value[]>();
  for (const { node, value } of storage.writes(graph)) writes.set(node, [...(writes.get(node) ?? []), value]);
  const numbers = new Map<string, number>();
  return graph.nodes.map((node) => {
    const written = writes.get(node) ?? [];
    const seen = node.operands.flatMap((operand) => (operand === null ? [] : storage.storages(operand)));
    const state = seen.map((root) => versions.get(root) ?? 0).join();
    const call = JSON.stringify(node.source.inputs, (key, value: unknown) =>
      typeof value === "bigint"
        ? String(value)
        : key === "name" && typeof value === "string"
          ? (names.get(value) ?? value)
          : value,
    );
    const isOnce =
      written.length > 0 ||
      node.subgraphs.length > 0 ||
      registry.find(node.target)?.has("nondeterministic_seeded");
    const key = `${node.target} ${call} ${state}${isOnce ? ` ${node.name}` : ""}`;
    for (const value of written)
      for (const root of storage.storages(value)) versions.set(root, (versions.get(root) ?? 0) + 1);
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    for (const output of node.outputs) names.set(output.name, `#${number}.${output.index}`);
    return key;
  });
}

function isBetween(
  caches: CacheAnalysis,
  other: CacheUpdate,
  first: CacheUpdate,
  second: CacheUpdate,
): boolean {
  if (other.index <= first.index || other.index >= second.index || !caches.isLive(other.node)) return false;
  return caches.overlap(other, second) !== "no" && !caches.areAlternatives(other.node, second.node);
}
