import { buffers, type LastUse, usesCacheOperator } from "../../src/analysis/cache/buffers.ts";
import type { CacheAnalysis } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import type { Graph, Node, Value } from "../../src/program/program.ts";
import { nameOfRoot, severityOf, whereCachesAreUsed } from "../_shared/cache.ts";

export const resultReusedInPlace = defineRule({
  id: "cache/result-reused-in-place",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the result of a torch.cond is a cache, and a compiler takes its memory for something else",
  description: `
To a compiler the result of a \`torch.cond\` is a buffer of its own, which is free when the result is used no more. When
a branch returns the result of \`update_cross_attn_cache\` or of \`executorch::alias\`, that buffer is the cache. torch's
inductor then

- runs the last pointwise consumer of the result in place, also behind a view, transpose, contiguous or clone;
- allocates the next tensor of as many elements and the same dtype in it, once the result is used no more.

Either way the cache holds something else after the call:

    keys = torch.cond(p, update_branch, keep_branch, (v, cache))
    return keys * scale      # lowered: the cache is scaled too

A result that is only read by matrix products, reductions and attention is safe, when nothing of its size and dtype is
computed afterwards.
`,
  data: {
    cache: "the cache, as the messages name it",
    node: "the node whose result comes to lie in the cache",
    way: "`in place`, or `freed` when it is allocated there later",
  },
  messages: {
    "in place": "{node} may run in place in the result of torch.cond, which is {cache} when lowered",
    freed: "{node} may be given the memory of the result of torch.cond, which is {cache} when lowered",
  },
  examples: {
    valid: [
      {
        title: "read by a matrix product",
        program: `
def forward(p: "b8[]", q: "f32[1, 2, 3, 6]", v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_cache))
    matmul: "f32[1, 2, 3, 8]" = torch.ops.aten.matmul.default(q, cond[0])
    return (matmul,)

def true_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)

def false_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)
`,
      },
    ],
    invalid: [
      {
        title: "scaled",
        program: `
def forward(p: "b8[]", v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_cache))
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(cond[0], 2.0)
    return (mul,)

def true_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)

def false_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)
`,
        diagnostics: [
          {
            message: "mul may run in place in the result of torch.cond, which is buffer 'cache' when lowered",
            data: { cache: "buffer 'cache'", node: "mul", way: "in place" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUsed(ctx, (caches) => {
      for (const graph of ctx.program.graphs) {
        if (!graph.nodes.some((node) => hopCall(node)?.kind === "cond" && usesCacheOperator(node))) continue;
        const { lastUses } = buffers(graph, ctx.storage);
        const search = new Search(caches, graph);
        for (const [index, uses] of lastUses) {
          for (const use of uses) check(ctx, caches, graph.nodes[index]!, use, search);
        }
      }
    }),
});

/** What is looked for behind the last use of a buffer; found once for a graph, which may be large, and when it is wanted. */
class Search {
  readonly held: ReadonlyMap<number, readonly Held[]>;
  readonly #graph: Graph;
  #extents: ReadonlyMap<string, readonly Node[]> | undefined;

  constructor(caches: CacheAnalysis, graph: Graph) {
    this.held = heldValues(caches, graph);
    this.#graph = graph;
  }

  get extents(): ReadonlyMap<string, readonly Node[]> {
    return (this.#extents ??= nodesByExtent(this.#graph));
  }
}

function check(
  ctx: RuleContext,
  caches: CacheAnalysis,
  node: Node,
  { buffer }: LastUse,
  search: Search,
): void {
  const value = ctx.program.values[buffer]!;
  const seen = seenMemory(caches, node, value, search);
  if (seen === undefined) return;
  const inPlace = isPointwise(ctx, node) && sameExtent(node.outputs[0], value);
  const taker = inPlace ? (isRealized(ctx, node) ? node : undefined) : laterBuffer(ctx, node, value, search);
  if (taker === undefined) return;
  const way = inPlace ? "in place" : "freed";
  ctx.report({
    at: taker,
    message: way,
    data: { cache: nameOfRoot(ctx, seen), node: taker.name, way },
    help: "compute from a copy that the branches make by arithmetic, or read the result by a matrix product alone",
    ...severityOf(ctx, taker),
  });
}

/** Whose memory is overwritten with the buffer's, to be seen afterwards: a storage by number. */
function seenMemory(caches: CacheAnalysis, node: Node, value: Value, { held }: Search): number | undefined {
  const memory = caches.memoryOf(value);
  const isCondResult = value.node !== null && hopCall(value.node)?.kind === "cond";
  if (isCondResult) {
    const handed = memory.via.includes("update") || memory.via.includes("alias");
    const [lasting] = caches.lasting(memory.roots);
    return handed ? lasting : undefined;
  }
  // A temporary that a cond hands on: its result, used later or returned, is the temporary.
  const [root] = memory.roots;
  if (root === undefined) return undefined;
  const isHeld = held.get(root)?.some((use) => use.value !== value && use.until > node.index);
  return isHeld === true ? root : undefined;
}

/** A value that is some memory by way of a cache operator, and the position of its last use. */
interface Held {
  readonly value: Value;
  readonly until: number;
}

/** Such values of a graph, by the storages that they are. */
function heldValues(caches: CacheAnalysis, graph: Graph): Map<number, Held[]> {
  const { values } = graph.program;
  const until = new Map<number, number>();
  const { operandIds, operandStart, nodes } = graph;
  for (let node = 0; node < nodes.length; node++) {
    for (let k = operandStart[node]!; k < operandStart[node + 1]!; k++) {
      const value = values[operandIds[k]!];
      if (value !== undefined && caches.isMoved(value)) until.set(value.id, node);
    }
  }
  for (const output of graph.outputs)
    if (output && caches.isMoved(output)) until.set(output.id, nodes.length);
  const held = new Map<number, Held[]>();
  for (const [id, last] of until) {
    const value = values[id]!;
    const { roots, via } = caches.memoryOf(value);
    if (!via.some((one) => one !== "copy")) continue;
    for (const root of roots) {
      const list = held.get(root);
      if (list === undefined) held.set(root, [{ value, until: last }]);
      else list.push({ value, until: last });
    }
  }
  return held;
}

function isPointwise({ registry }: RuleContext, node: Node): boolean {
  return registry.find(node.target)?.has("pointwise") === true;
}

/** As many elements of the same dtype. */
function sameExtent(a: Value | undefined, b: Value): boolean {
  return a?.meta !== undefined && b.meta !== undefined && extent(a.meta) === extent(b.meta);
}

function extent({ dtype, sizes }: NonNullable<Value["meta"]>): string {
  const known = sizes.map((size) => ("as_int" in size ? Number(size.as_int) : size.as_expr.expr_str));
  const product = known.filter((size) => typeof size === "number").reduce((all, size) => all * size, 1);
  return [dtype, product, ...known.filter((size) => typeof size === "string").sort()].join("*");
}

/** The nodes that make one tensor, by its extent. */
function nodesByExtent(graph: Graph): Map<string, Node[]> {
  const byExtent = new Map<string, Node[]>();
  const extents = new Map<object, string>();
  for (const node of graph.nodes) {
    const { meta } = node.outputs[0] ?? {};
    if (node.outputs.length !== 1 || meta === undefined) continue;
    if (node.subgraphs.length > 0 || node.target.startsWith("torch.ops.executorch.")) continue;
    // Equal metadata is mostly one object.
    const key = extents.get(meta) ?? extent(meta);
    extents.set(meta, key);
    const list = byExtent.get(key);
    if (list === undefined) byExtent.set(key, [node]);
    else list.push(node);
  }
  return byExtent;
}

const EXTERN =
  /^torch\.ops\.(aten\.(\w*mm|matmul|linear|conv\w*|_?scaled_dot_product\w*|bmm|dot|mv|addmv|index_put|sort|cumsum|flip|cat)|higher_order|executorch)\b/;

/** Whether a pointwise result is written to memory: returned, or used by what is not fused with it. */
function isRealized(ctx: RuleContext, start: Node): boolean {
  const seen = new Set<Node>([start]);
  const work = [start];
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    for (const output of node.outputs) {
      if (node.graph.outputs.includes(output)) return true;
      for (const user of node.graph.users(output)) {
        if (EXTERN.test(user.target)) return true;
        const follows =
          isPointwise(ctx, user) || user.outputs.some((next) => ctx.storage.shareStorage(output, next));
        if (
          follows &&
          !seen.has(user) &&
          user.outputs[0] !== undefined &&
          sameExtent(user.outputs[0], output)
        ) {
          seen.add(user);
          work.push(user);
        }
      }
    }
  }
  return false;
}

/** The next tensor of the buffer's extent that has memory of its own, behind the buffer's last use. */
function laterBuffer(ctx: RuleContext, last: Node, { meta }: Value, { extents }: Search): Node | undefined {
  const candidates = meta === undefined ? undefined : extents.get(extent(meta));
  return candidates?.find((node) => {
    if (node.index <= last.index) return false;
    const isNew = ctx.storage.originOf(node.outputs[0]!).node === node;
    return isNew && (EXTERN.test(node.target) || isRealized(ctx, node));
  });
}
