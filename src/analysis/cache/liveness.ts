import { hopCall, isHop } from "../../ops/hop/hop.ts";
import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Graph, Node, Program, Value } from "../../program/program.ts";
import type { StorageAnalysis } from "../storage.ts";
import { dataOperands, forTarget } from "./operators.ts";

/**
 * The nodes, a byte for each by its id, that dead-code elimination keeps in a lowered execution: those with an effect that their schema tells, and
 * those whose results these and the program's outputs need. An in-place write is needed as far as its memory is
 * read behind it, or outlives the call. In doubt a node is kept.
 */
export function liveNodes(
  program: Program,
  storage: StorageAnalysis,
  registry: OperatorRegistry,
): Uint8Array {
  const sweep = new Sweep(program, storage, registry);
  sweep.graph(program.main, () => true);
  return sweep.live;
}

/** Goes through the graphs against the order of execution. */
class Sweep {
  /** By the ids of nodes, of values, and the numbers of storages. */
  readonly live: Uint8Array;
  readonly #needed: Uint8Array;
  readonly #readLater: Uint8Array;
  readonly #storage: StorageAnalysis;
  readonly #registry: OperatorRegistry;

  constructor(program: Program, storage: StorageAnalysis, registry: OperatorRegistry) {
    this.live = new Uint8Array(program.nodeCount);
    this.#needed = new Uint8Array(program.values.length);
    this.#readLater = new Uint8Array(program.values.length);
    this.#storage = storage;
    this.#registry = registry;
  }

  /** Recursion goes one level for each higher-order operator within another. */
  graph(graph: Graph, isNeeded: (output: number) => boolean): void {
    for (const [i, output] of graph.outputs.entries()) if (output && isNeeded(i)) this.#need(output);
    const written = new Map<Node, Value[]>();
    for (const { node, value } of this.#storage.writes(graph)) {
      const values = written.get(node);
      if (values) values.push(value);
      else written.set(node, [value]);
    }
    for (let i = graph.nodes.length - 1; i >= 0; i--) {
      const node = graph.nodes[i]!;
      if (this.#isNeeded(node) || this.#hasEffect(node)) this.#keep(node);
      else if (written.get(node)?.some((value) => this.#outlives(value))) this.#keep(node);
    }
  }

  #isNeeded(node: Node): boolean {
    for (const { id } of node.outputs) if (this.#needed[id]) return true;
    return false;
  }

  #keep(node: Node): void {
    this.live[node.id] = 1;
    for (const operand of dataOperands(node)) if (operand) this.#need(operand);
    const hop = hopCall(node);
    if (hop === undefined) return;
    // A wrapper is inlined, and its unused results go with what makes them; cond and the loops keep theirs.
    const used = new Set(node.outputs.filter(({ id }) => this.#needed[id]).map(({ index }) => index));
    const isNeeded = hop.kind === "call" ? (output: number) => used.has(output) : () => true;
    for (const { graph } of [...hop.bodies].reverse()) {
      // The next round of a loop reads what this one writes.
      if (hop.kind !== "cond" && hop.kind !== "call") for (const input of graph.inputs) this.#read(input);
      this.graph(graph, isNeeded);
    }
  }

  #need(value: Value): void {
    this.#needed[value.id] = 1;
    this.#read(value);
  }

  #read(value: Value | null): void {
    if (value) this.#storage.mark(value, this.#readLater);
  }

  #outlives(value: Value): boolean {
    if (this.#storage.isMarked(value, this.#readLater)) return true;
    return this.#storage.storages(value).some((root) => this.#storage.origin(root).node === null);
  }

  /** Assertions, and whatever nothing is known of. Writes are not meant: they depend on who reads the memory. */
  #hasEffect(node: Node): boolean {
    const hop = hopCall(node);
    if (hop) return hop.bodies.some(({ graph }) => graph.nodes.some((inner) => this.#hasEffect(inner)));
    if (isHop(node)) return true;
    if (hasNoEffect(node.target)) return false;
    return node.outputs.length === 0 || asserts(node.target) || !this.#registry.find(node.target);
  }
}

/** Python functions on symbolic numbers, and vmap's bookkeeping. */
const WITHOUT_EFFECT = /^(_operator|math|torch\._functorch\.predispatch|torch\.(_sym|sym)_\w+)(\.|$)/;
const hasNoEffect = forTarget((target) => WITHOUT_EFFECT.test(target));
const asserts = forTarget((target) => target.includes("._assert"));
