import { cacheAnalysis } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import { shortTarget } from "../../src/program/describe.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { nameOfRoot, seenToDiverge, severityOf } from "./cache.ts";

/** A write of ATen's to a value that is a copy in eager execution, and a cache's own memory when lowered. */
interface WrittenResult {
  readonly node: Node;
  readonly value: Value;
  /** The storage, by number, that the value is when lowered. */
  readonly root: number;
  /** What handed the memory on: an update, or executorch::alias alone. */
  readonly via: "update" | "alias";
  /** What makes the difference, when anything does: the write, and the updates whose result it writes. */
  readonly nodes: readonly Node[];
  /**
   * Whether it is the result of a torch.cond that is returned afterwards: inductor, which takes such a result for a buffer
   * of its own, was seen to run the write in it.
   */
  readonly isInPlace: boolean;
}

/**
 * The writes to results of the cache operators. Left out is arithmetic in place on the whole result of a torch.cond, which
 * is for cache/result-reused-in-place: it looks the same to a compiler as arithmetic that is not in place.
 */
function writtenResults(ctx: RuleContext): WrittenResult[] {
  const { program, registry, storage } = ctx;
  const caches = cacheAnalysis(ctx);
  const found: WrittenResult[] = [];
  for (const graph of program.graphs) {
    for (const { node, value } of storage.writes(graph)) {
      if (node.subgraphs.length > 0) continue;
      const { roots, updates, via } = caches.memoryOf(value);
      const isHandedOn = via.includes("update") || via.includes("alias");
      const [root] = caches.lasting(roots);
      if (!isHandedOn || root === undefined || storage.storages(value).includes(root)) continue;
      const origin = caches.originOf(value);
      const isOfCond =
        origin.node !== null && hopCall(origin.node)?.kind === "cond" && origin.graph === graph;
      if (isOfCond && value === origin && registry.find(node.target)?.has("pointwise")) continue;
      found.push({
        node,
        value,
        root,
        via: via.includes("update") ? "update" : "alias",
        nodes: [node, ...updates.map((index) => caches.updates[index]!.node)],
        isInPlace:
          isOfCond && graph.outputs.some((output) => output !== null && storage.shareStorage(output, origin)),
      });
    }
  }
  return found;
}

/** Reports, as the rule's message `written`, each write to what an update, or executorch::alias alone, handed on. */
export function reportWritten(ctx: RuleContext<"written">, by: WrittenResult["via"]): void {
  for (const { node, root, via, nodes, isInPlace } of writtenResults(ctx)) {
    if (via !== by) continue;
    ctx.report({
      at: node,
      message: "written",
      data: { cache: nameOfRoot(ctx, root), write: node.name },
      words: { operator: shortTarget(node.target) },
      help: "compute a new tensor from the result (add instead of add_), or write a clone of it",
      ...(isInPlace ? seenToDiverge(ctx) : severityOf(ctx, ...nodes)),
    });
  }
}
