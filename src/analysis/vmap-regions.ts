/** The regions that `torch.vmap` is exported as. */
import type { Graph, Node } from "../program/program.ts";

/** What the names of the functions that enter and leave one begin with. */
export const PREDISPATCH = "torch._functorch.predispatch.";
const ENTER = `${PREDISPATCH}_vmap_increment_nesting`;
const LEAVE = `${PREDISPATCH}_vmap_decrement_nesting`;

/** By graph, how many regions are open at each of its nodes. */
const depths = new WeakMap<Graph, Int32Array>();

/** Whether a node, or what holds its graph, stands in a region. */
export function isInVmap(node: Node): boolean {
  if (!node.graph.program.targets.includes(ENTER)) return false;
  for (let at: Node | null = node; at !== null; at = at.graph.owner) {
    if (depthsOf(at.graph)[at.index]! > 0) return true;
  }
  return false;
}

function depthsOf(graph: Graph): Int32Array {
  const known = depths.get(graph);
  if (known !== undefined) return known;
  const depth = new Int32Array(graph.nodes.length);
  let open = 0;
  for (const { index, target } of graph.nodes) {
    if (target === ENTER) open++;
    if (target === LEAVE) open--;
    depth[index] = open;
  }
  depths.set(graph, depth);
  return depth;
}
