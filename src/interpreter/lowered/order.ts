import type { StorageAnalysis } from "../../analysis/storage.ts";
import { hopCall } from "../../ops/hop/hop.ts";
import type { Graph, Node } from "../../program/program.ts";

const UPDATE = "torch.ops.executorch.update_cross_attn_cache.default";

/** Whether a node updates a cache, itself or in a graph that it calls. */
export function isUpdate(node: Node): boolean {
  return someNode(node, ({ target }) => target === UPDATE);
}

/**
 * A graph's nodes with its updates as early as data allows: each update directly behind what it depends on. A node
 * depends on what defines its operands, and accesses of a storage keep their order around ATen's writes to it.
 *
 * @param lastFirst run the last update first, as far as data allows.
 */
export function updatesEarly(graph: Graph, storage: StorageAnalysis, lastFirst: boolean): Int32Array {
  const before = dependencies(graph, storage);
  const done = new Uint8Array(graph.nodes.length);
  const order: number[] = [];
  // Depth first without recursion: a node is emitted when all that it depends on has been.
  const emit = (index: number): void => {
    const stack = [index];
    while (stack.length > 0) {
      const at = stack.at(-1)!;
      const open = done[at] === 1 ? [] : before[at]!.filter((other) => done[other] === 0);
      if (open.length > 0) stack.push(...open.reverse());
      else {
        stack.pop();
        if (done[at] === 0) order.push(at);
        done[at] = 1;
      }
    }
  };
  const updates = graph.nodes.filter(isUpdate);
  for (const node of lastFirst ? updates.reverse() : updates) emit(node.index);
  for (const node of graph.nodes) emit(node.index);
  return Int32Array.from(order);
}

/** For each node, the earlier nodes that must stay before it. */
function dependencies(graph: Graph, storage: StorageAnalysis): readonly (readonly number[])[] {
  const written = new Map<Node, Set<number>>();
  for (const { node, value } of storage.writes(graph)) {
    const roots = written.get(node) ?? new Set();
    for (const root of storage.storages(value)) roots.add(root);
    written.set(node, roots);
  }
  const lastWriter = new Map<number, number>();
  const accesses = new Map<number, number[]>();
  return graph.nodes.map((node) => {
    const result = new Set<number>();
    const touched = new Set<number>();
    for (const operand of node.operands) {
      if (operand?.node !== null && operand?.node !== undefined && operand.graph === graph)
        result.add(operand.node.index);
      if (operand !== null) for (const root of storage.storages(operand)) touched.add(root);
    }
    const writes = written.get(node);
    for (const root of touched) {
      const writer = lastWriter.get(root);
      if (writer !== undefined) result.add(writer);
      if (writes?.has(root)) for (const access of accesses.get(root) ?? []) result.add(access);
    }
    for (const root of touched) {
      if (writes?.has(root)) {
        lastWriter.set(root, node.index);
        accesses.set(root, []);
      } else {
        const list = accesses.get(root);
        if (list === undefined) accesses.set(root, [node.index]);
        else list.push(node.index);
      }
    }
    return [...result];
  });
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
