import { type CacheAnalysis, type CacheUpdate, outermost } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import type { Graph, Node, Value } from "../../src/program/program.ts";
import { mustExceed } from "./operator-arguments.ts";

/**
 * Whether all that an update writes in eager execution is written again before anything reads it, so that leaving the
 * update out makes no difference. `maybe` when there is a later write whose extent is not certain.
 */
export function overwritten(
  ctx: RuleContext,
  caches: CacheAnalysis,
  update: CacheUpdate,
): "yes" | "maybe" | "no" {
  const roots = caches.eagerRoots(update);
  const writes = [...laterUpdates(ctx, caches, update), ...laterWrites(ctx, caches, update)];
  writes.sort((a, b) => (caches.isBehind(a.node, b.node) ? 1 : -1));
  const read = caches.reads.find(
    ({ node, value }) =>
      caches.isBehind(node, update.node) && ctx.storage.storages(value).some((root) => roots.includes(root)),
  );
  const isFirst = ({ node }: Later) =>
    read === undefined || read.node === node || caches.isBehind(read.node, node);
  const before = writes.filter(isFirst);
  if (before.some(({ covers }) => covers === "yes")) return "yes";
  return before.length > 0 && before.some(({ covers }) => covers === "maybe") ? "maybe" : "no";
}

interface Later {
  readonly node: Node;
  readonly covers: "yes" | "maybe" | "no";
}

function laterUpdates({ program }: RuleContext, caches: CacheAnalysis, update: CacheUpdate): Later[] {
  return caches.updates.flatMap((other): Later[] => {
    if (other.index <= update.index || !caches.isLive(other.node)) return [];
    if (outermost(other.cache) !== outermost(update.cache) || !runsAlways(other.node.graph, update.node))
      return [];
    const [s, t] = [update.value?.meta?.sizes[2], other.value?.meta?.sizes[2]];
    if (!s || !t) return [{ node: other.node, covers: "maybe" }];
    const same = JSON.stringify(s, bigints) === JSON.stringify(t, bigints);
    if (same || ("as_int" in s && "as_int" in t && Number(s.as_int) <= Number(t.as_int))) {
      return [{ node: other.node, covers: "yes" }];
    }
    return [{ node: other.node, covers: mustExceed(program, s, t) ? "no" : "maybe" }];
  });
}

/** Writes that say so: into all of the cache, or a part of it. */
function laterWrites({ program, storage }: RuleContext, caches: CacheAnalysis, update: CacheUpdate): Later[] {
  const cache = update.cache!;
  return program.graphs
    .filter((graph) => runsAlways(graph, update.node))
    .flatMap((graph) => storage.writes(graph))
    .filter(({ node, value }) => caches.isBehind(node, update.node) && storage.shareStorage(value, cache))
    .map(({ node, value }) => ({ node, covers: extent(storage.originOf(cache), node, value) }));
}

function extent(origin: Value, node: Node, written: Value): Later["covers"] {
  if (OVERWRITES.test(node.target)) return isWhole(origin, written) ? "yes" : "maybe";
  return node.subgraphs.length > 0 || OVERWRITES_SOME.test(node.target) ? "maybe" : "no";
}

/** Operators that write elements of their first tensor, which ones depends on numbers. */
const OVERWRITES_SOME = /^torch\.ops\.aten\.(index_put_|index_copy_|index_fill_|scatter_|masked_\w+_|set_)\./;
/** Operators that write every element of their first tensor without reading it. */
const OVERWRITES = /^torch\.ops\.aten\.(copy_|fill_|zero_)\./;

/** Whether the node writes every element of its first tensor and reads none. */
export function isOverwrite({ target }: Node): boolean {
  return OVERWRITES.test(target);
}

function isWhole(origin: Value, written: Value): boolean {
  const sizes = (value: Value) => JSON.stringify(value.meta?.sizes, bigints);
  return origin === written || (written.meta !== undefined && sizes(origin) === sizes(written));
}

/** Whether the graph is the node's own or one around it, so that its nodes run whenever the node did. */
function runsAlways(graph: Graph, node: Node): boolean {
  for (let at: Graph | undefined = node.graph; at; at = at.owner?.graph) if (at === graph) return true;
  return false;
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
