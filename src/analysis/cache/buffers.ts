/** The compiler's own buffers: when it is done with them, their memory is used again, whatever else lies in it. */
import { hopCall } from "../../ops/hop/hop.ts";
import type { Graph, Node } from "../../program/program.ts";
import type { StorageAnalysis } from "../storage.ts";
import { UPDATE } from "./operators.ts";

/** Whether a node updates a cache, itself or in a graph that it calls. */
export function isUpdate(node: Node): boolean {
  return someNode(node, ({ target }) => target === UPDATE);
}

const COPIES = /^torch\.ops\.aten\.(clone|contiguous|_to_copy|to|alias|lift_fresh_copy)\./;
const WRITES_SELF = /^torch\.ops\.aten\.\w+_\.\w+$/;

/** The last use of a buffer of the compiler's, after which its memory is free although a cache may lie in it. */
export interface LastUse {
  /** The buffer's `Value.id`. */
  readonly buffer: number;
  /** The operand of the last node that uses it: the buffer, or what views or copies it. */
  readonly operand: number;
}

/** What a graph's buffers are made of and when they are free. */
export interface Buffers {
  /** What derives from a buffer without computing: `Value.id` to the id of the value it views or copies. */
  readonly sources: ReadonlyMap<number, number>;
  /** By the index of the node. */
  readonly lastUses: ReadonlyMap<number, readonly LastUse[]>;
}

/**
 * The buffers whose memory the compiler takes for its own while something else lies in it: the results of a cond, and
 * temporaries that a cond with a cache operator may hand on as its result.
 */
export function buffers(graph: Graph, storage: StorageAnalysis): Buffers {
  const sources = derivations(graph, storage);
  const rootOf = (id: number): number | undefined => {
    let at: number | undefined = id;
    while (at !== undefined && sources.get(at) !== at) at = sources.get(at);
    return at;
  };
  const last = new Map<number, { node: Node; operand: number }>();
  // A buffer that is written in place has a new value from there on; what uses that does not use the buffer.
  const replaced = new Set<number>();
  for (const node of graph.nodes) {
    const output = node.outputs.length === 1 ? node.outputs[0]!.id : -1;
    const writes = WRITES_SELF.test(node.target);
    if (sources.has(output) && sources.get(output) !== output && !writes) continue;
    for (const operand of node.operands) {
      const root = operand === null ? undefined : rootOf(operand.id);
      if (root === undefined || replaced.has(root)) continue;
      last.set(root, { node, operand: operand!.id });
      if (writes && node.operands[0] === operand) replaced.add(root);
    }
  }
  const returned = new Set(graph.outputs.map((output) => (output === null ? undefined : rootOf(output.id))));
  const lastUses = new Map<number, LastUse[]>();
  for (const [root, { node, operand }] of last) {
    if (returned.has(root) && !replaced.has(root)) continue;
    const list = lastUses.get(node.index);
    if (list === undefined) lastUses.set(node.index, [{ buffer: root, operand }]);
    else list.push({ buffer: root, operand });
  }
  return { sources, lastUses };
}

function derivations(graph: Graph, storage: StorageAnalysis): ReadonlyMap<number, number> {
  const sources = new Map<number, number>();
  for (const node of graph.nodes) {
    if (hopCall(node)?.kind === "cond" && usesCacheOperator(node)) {
      for (const output of node.outputs) sources.set(output.id, output.id);
      for (const operand of node.operands) {
        if (operand?.node && operand.kind === "tensor" && !sources.has(operand.id))
          sources.set(operand.id, operand.id);
      }
    }
    const [first] = node.operands;
    const [output] = node.outputs;
    if (!first || !output || !sources.has(first.id) || node.subgraphs.length > 0) continue;
    const views = node.outputs.length === 1 && storage.shareStorage(first, output);
    if (views || COPIES.test(node.target)) sources.set(output.id, first.id);
  }
  return sources;
}

/** Whether a node calls a cache operator, itself or in a graph that it calls. */
export function usesCacheOperator(node: Node): boolean {
  return someNode(node, ({ target }) => target.startsWith("torch.ops.executorch."));
}

function someNode(node: Node, test: (node: Node) => boolean): boolean {
  const worklist = [node];
  for (let at = worklist.pop(); at !== undefined; at = worklist.pop()) {
    if (test(at)) return true;
    for (const graph of at.subgraphs) worklist.push(...graph.nodes);
  }
  return false;
}
