import { isUpdate } from "../../analysis/cache/buffers.ts";
import type { StorageAnalysis } from "../../analysis/storage.ts";
import type { Graph, Node } from "../../program/program.ts";

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
