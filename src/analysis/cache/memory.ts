import { type HopCall, hopCall } from "../../ops/hop/hop.ts";
import type { Graph, Node, Program, Value } from "../../program/program.ts";
import { union } from "../roots.ts";
import type { StorageAnalysis } from "../storage.ts";
import { ALIAS, copiedValue, tensorArgument, UPDATE } from "./operators.ts";

/** What stands between a value and the memory that it is when lowered, though eager has a copy there. */
export type Via = "update" | "alias" | "copy";

/** The memory that a value may be in a lowered execution. */
export interface Memory {
  /** Storages, as StorageAnalysis numbers them. */
  readonly roots: readonly number[];
  /** The updates, by index, whose result this is. */
  readonly updates: readonly number[];
  readonly via: readonly Via[];
}

/** A call of update_cross_attn_cache. */
export interface CacheUpdate {
  /** Updates are numbered in the order in which they run. */
  readonly index: number;
  readonly node: Node;
  /** null for what is not a tensor, or not there. */
  readonly value: Value | null;
  readonly cache: Value | null;
  /** What it writes when lowered. */
  readonly memory: Memory;
}

/**
 * Follows memory through a lowered execution, in which the result of an update is its cache, `alias` hands its inputs
 * through, and a copy that changes nothing but the memory may be dropped. All other values lie where eager has them.
 */
export class LoweredMemory {
  readonly updates: CacheUpdate[] = [];
  /** The calls of executorch::alias. */
  readonly aliases: Node[] = [];
  readonly #storage: StorageAnalysis;
  /** For storages that are new in eager execution and not in a lowered one. */
  readonly #moved = new Map<number, Memory>();
  readonly #rootsOf = new Map<readonly (Value | null)[], Set<number>>();
  /** By the nodes' ids. */
  readonly #sequence: Int32Array;
  #count = 0;

  constructor(program: Program, storage: StorageAnalysis) {
    this.#storage = storage;
    this.#sequence = new Int32Array(program.nodeCount);
    this.#run(program.main);
  }

  /** Whether the value lies, lowered, where eager does not have it. */
  isMoved(value: Value): boolean {
    return this.#storage.storages(value).some((root) => this.#moved.has(root));
  }

  memoryOf(value: Value): Memory {
    const roots = this.#storage.storages(value);
    if (!this.isMoved(value)) return { roots, updates: NONE, via: NONE };
    return this.#join(roots.map((root) => this.#moved.get(root) ?? itself(root)));
  }

  /** The storages, by number, that are one of `roots` or may be one in a lowered execution. */
  aliasesOf(roots: ReadonlySet<number>): readonly number[] {
    const found = [...roots];
    for (const [root, memory] of this.#moved) if (memory.roots.some((r) => roots.has(r))) found.push(root);
    return found;
  }

  /** When a node runs, counted over all graphs; a body's nodes run behind their operator. */
  sequence(node: Node): number {
    return this.#sequence[node.id]!;
  }

  /** Recursion goes one level for each higher-order operator within another. */
  #run(graph: Graph): void {
    for (const node of graph.nodes) {
      this.#sequence[graph.firstNode + node.index] = this.#count++;
      if (node.target === UPDATE) this.#update(node);
      else if (node.target === ALIAS) this.#alias(node);
      else if (node.subgraphs.length > 0) this.#hop(hopCall(node)!);
      else this.#copy(node);
    }
  }

  #update(node: Node): void {
    const cache = tensorArgument(node, "cache", 1);
    const index = this.updates.length;
    const memory = cache ? this.memoryOf(cache) : NOWHERE;
    this.updates.push({ index, node, value: tensorArgument(node, "value", 0), cache, memory });
    const [result] = node.outputs;
    if (result) this.#move(result, { ...through(memory, "update"), updates: [...memory.updates, index] });
  }

  #alias(node: Node): void {
    this.aliases.push(node);
    for (const output of node.outputs) {
      const input = tensorArgument(node, output.index === 0 ? "x" : "y", output.index);
      if (input) this.#move(output, through(this.memoryOf(input), "alias"));
    }
  }

  #copy(node: Node): void {
    const source = copiedValue(node);
    const [result] = node.outputs;
    if (!source || !result || this.#storage.shareStorage(source, result)) return;
    // remove_noop_ops makes no outputs of a graph share memory with each other or with its inputs.
    const { inputs, outputs } = node.graph;
    if (this.#isAmong(result, outputs) && (this.#isAmong(source, inputs) || this.#isAmong(source, outputs)))
      return;
    this.#move(result, through(this.memoryOf(source), "copy"));
  }

  /** Whether the value shares storage with one of the list, whose storages are gathered once. */
  #isAmong(value: Value, list: readonly (Value | null)[]): boolean {
    let roots = this.#rootsOf.get(list);
    if (roots === undefined) {
      roots = new Set();
      for (const item of list) if (item) for (const root of this.#storage.storages(item)) roots.add(root);
      this.#rootsOf.set(list, roots);
    }
    return this.#storage.storages(value).some((root) => roots.has(root));
  }

  #hop({ kind, bodies, node }: HopCall): void {
    for (const { graph } of bodies) this.#run(graph);
    if (kind !== "cond" && kind !== "call") return;
    for (const output of node.outputs) {
      const fresh = this.#storage.storages(output).find((root) => this.#storage.origin(root) === output);
      if (fresh === undefined) continue;
      const inner = bodies.flatMap(({ graph }) => {
        const result = graph.outputs[output.index];
        if (!result) return [];
        const { roots, updates, via } = this.memoryOf(result);
        return [{ roots: roots.map((root) => (this.#isInside(root, node) ? fresh : root)), updates, via }];
      });
      if (inner.length > 0) this.#moved.set(fresh, this.#join(inner));
    }
  }

  #isInside(root: number, owner: Node): boolean {
    let { graph }: { graph: Graph } = this.#storage.origin(root);
    while (graph.owner !== null && graph.owner !== owner) graph = graph.owner.graph;
    return graph.owner === owner;
  }

  #move(value: Value, memory: Memory): void {
    const [root] = this.#storage.storages(value);
    if (root !== undefined && memory.roots.length > 0) this.#moved.set(root, memory);
  }

  #join(memories: readonly Memory[]): Memory {
    const [first, ...rest] = memories;
    if (first === undefined) return NOWHERE;
    return rest.reduce(
      (a, b) => ({
        roots: union(a.roots, b.roots),
        updates: union(a.updates, b.updates),
        via: [...new Set([...a.via, ...b.via])],
      }),
      first,
    );
  }
}

const NONE: readonly never[] = [];
const NOWHERE: Memory = { roots: NONE, updates: NONE, via: NONE };

function itself(root: number): Memory {
  return { roots: [root], updates: NONE, via: NONE };
}

function through(memory: Memory, via: Via): Memory {
  return memory.via.includes(via) ? memory : { ...memory, via: [...memory.via, via] };
}
