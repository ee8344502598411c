import { hopCall, isHop } from "../../ops/hop/hop.ts";
import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Graph, Node, Program, Value } from "../../program/program.ts";
import type { StorageAnalysis } from "../storage.ts";
import { dataOperands } from "./operators.ts";

/**
 * The nodes that dead-code elimination keeps in a lowered execution: those with an effect that their schema tells, and
 * those whose results these and the program's outputs need. An in-place write is needed as far as its memory is
 * read behind it, or outlives the call. In doubt a node is kept.
 */
export function liveNodes(
  program: Program,
  storage: StorageAnalysis,
  registry: OperatorRegistry,
): ReadonlySet<Node> {
  const sweep = new Sweep(storage, registry);
  sweep.graph(program.main, () => true);
  return sweep.live;
}

/** Goes through the graphs against the order of execution. */
class Sweep {
  readonly live = new Set<Node>();
  readonly #needed = new Set<Value>();
  readonly #readLater = new Set<number>();
  readonly #storage: StorageAnalysis;
  readonly #registry: OperatorRegistry;

  constructor(storage: StorageAnalysis, registry: OperatorRegistry) {
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
      const writes = written.get(node)?.some((value) => this.#outlives(value)) ?? false;
      if (writes || node.outputs.some((o) => this.#needed.has(o)) || this.#hasEffect(node)) this.#keep(node);
    }
  }

  #keep(node: Node): void {
    this.live.add(node);
    for (const operand of dataOperands(node)) if (operand) this.#need(operand);
    const hop = hopCall(node);
    if (hop === undefined) return;
    // A wrapper is inlined, and its unused results go with what makes them; cond and the loops keep theirs.
    const used = new Set(node.outputs.filter((o) => this.#needed.has(o)).map(({ index }) => index));
    const isNeeded = hop.kind === "call" ? (output: number) => used.has(output) : () => true;
    for (const { graph } of [...hop.bodies].reverse()) {
      // The next round of a loop reads what this one writes.
      if (hop.kind !== "cond" && hop.kind !== "call") for (const input of graph.inputs) this.#read(input);
      this.graph(graph, isNeeded);
    }
  }

  #need(value: Value): void {
    this.#needed.add(value);
    this.#read(value);
  }

  #read(value: Value | null): void {
    for (const root of value ? this.#storage.storages(value) : []) this.#readLater.add(root);
  }

  #outlives(value: Value): boolean {
    return this.#storage.storages(value).some((root) => this.#readLater.has(root) || this.#isInput(root));
  }

  #isInput(root: number): boolean {
    return this.#storage.origin(root).node === null;
  }

  /** Assertions, and whatever nothing is known of. Writes are not meant: they depend on who reads the memory. */
  #hasEffect(node: Node): boolean {
    const hop = hopCall(node);
    if (hop) return hop.bodies.some(({ graph }) => graph.nodes.some((inner) => this.#hasEffect(inner)));
    if (isHop(node)) return true;
    if (WITHOUT_EFFECT.test(node.target)) return false;
    return node.outputs.length === 0 || node.target.includes("._assert") || !this.#registry.find(node.target);
  }
}

/** Python functions on symbolic numbers, and vmap's bookkeeping. */
const WITHOUT_EFFECT = /^(_operator|math|torch\._functorch\.predispatch|torch\.(_sym|sym)_\w+)(\.|$)/;
