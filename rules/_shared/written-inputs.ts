import type { StorageAnalysis, Write } from "../../src/analysis/storage.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import type { Graph } from "../../src/program/program.ts";
import { isDeclaredPure } from "./sharing.ts";

export interface WrittenInput {
  readonly input: number;
  /** The first write to it. */
  readonly write: Write;
}

const known = new WeakMap<StorageAnalysis, Map<Graph, readonly WrittenInput[]>>();

/**
 * The inputs of a body whose memory it writes by operators that say so. What update_cross_attn_cache writes behind its
 * schema does not count. Recursion goes one level for each higher-order operator within another.
 */
export function writtenInputs(storage: StorageAnalysis, graph: Graph): readonly WrittenInput[] {
  let byGraph = known.get(storage);
  if (byGraph === undefined) known.set(storage, (byGraph = new Map()));
  let written = byGraph.get(graph);
  if (written === undefined) byGraph.set(graph, (written = find(storage, graph)));
  return written;
}

function find(storage: StorageAnalysis, graph: Graph): WrittenInput[] {
  const writes = storage.writes(graph).filter((write) => isDeclared(storage, write));
  if (writes.length === 0) return [];
  return graph.inputs.flatMap((placeholder, input) => {
    const write = placeholder && writes.find(({ value }) => storage.shareStorage(value, placeholder));
    return write ? [{ input, write }] : [];
  });
}

function isDeclared(storage: StorageAnalysis, { node, value }: Write): boolean {
  const call = hopCall(node);
  if (call === undefined) return !isDeclaredPure(node.target);
  return call.bodies.some(({ graph, inputs }) =>
    writtenInputs(storage, graph).some(({ input }) => {
      const operand = inputs[input]?.operand;
      return operand && storage.shareStorage(operand, value);
    }),
  );
}
