import { type HopCall, hopCall } from "../ops/hop/hop.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Graph, Node, Program, Value } from "../program/program.ts";
import { callEffects } from "./call-effects.ts";
import { LazyBits } from "./lazy-bits.ts";
import { RootTable, union } from "./roots.ts";

/** A write to memory: the node that does it, and the value through which it does. */
export interface Write {
  readonly node: Node;
  readonly value: Value;
}

/** An input of a graph that the graph writes. */
export interface WrittenInput {
  /** Its position, from 0. */
  readonly input: number;
  /** The first write that it shows, or the first at all when it shows none. */
  readonly write: Write;
  /**
   * Whether the input's version counter moves. It does not when every write goes through an operator that hides the
   * sharing from torch (`unsafe_split`), and then no check of torch's sees the mutation either.
   */
  readonly counted: boolean;
}

/** Which outputs of a graph share storage with what, and which inputs it writes. Positions count from 0. */
export interface BodyEffects {
  readonly graph: Graph;
  /** Pairs of an output and an input that share storage. */
  readonly outputInput: readonly { readonly output: number; readonly input: number }[];
  /** Pairs of outputs that share storage, the lower position first. */
  readonly outputOutput: readonly { readonly output: number; readonly other: number }[];
  /** Pairs of inputs that share storage when the graph is called, the lower position first. */
  readonly inputInput: readonly { readonly input: number; readonly other: number }[];
  readonly writes: readonly WrittenInput[];
}

/**
 * Which storage every tensor of a program lies in, and every write, under eager semantics: what would be found by
 * comparing `untyped_storage()` and version counters when the program runs. A value whose storage depends on a
 * branch, or on a size that is not known, has more than one.
 */
export class StorageAnalysis {
  readonly program: Program;
  /** For each storage, the value through which it first appears. */
  readonly #origins: Value[] = [];
  readonly #roots: RootTable;
  readonly #uncertain = new Set<number>();
  /** Version counters of values that share storage without sharing the counter; others go by their storage. */
  readonly #counters = new Map<number, number>();
  readonly #writes: Write[][];
  readonly #effects = new Map<Graph, BodyEffects>();
  readonly #registry: OperatorRegistry;
  readonly #bits = new LazyBits();

  constructor(program: Program, registry: OperatorRegistry) {
    this.program = program;
    this.#registry = registry;
    this.#roots = new RootTable(program.values.length);
    this.#writes = program.graphs.map(() => []);
    for (const input of program.main.inputs) if (input) this.#fresh(input);
    this.#run(program.main);
  }

  /** The storages that the value may lie in, by number; empty for what is not a tensor. */
  storages(value: Value): readonly number[] {
    return this.#roots.get(value.id);
  }

  /** False when the storage depends on a branch or on a size that is not known. */
  isCertain(value: Value): boolean {
    return this.storages(value).length === 1 && !this.#uncertain.has(value.id);
  }

  shareStorage(a: Value, b: Value): boolean {
    return this.#roots.meet(a.id, b.id);
  }

  /** The value through which a storage first appears: a placeholder of the main graph, or a node's result. */
  origin(storage: number): Value {
    return this.#origins[storage]!;
  }

  /** The origin of the (first) storage that the value lies in; the value itself for what is not a tensor. */
  originOf(value: Value): Value {
    const [storage] = this.storages(value);
    return storage === undefined ? value : this.origin(storage);
  }

  /** The writes that happen when the graph runs, in order; those inside a higher-order operator are its node's too. */
  writes(graph: Graph): readonly Write[] {
    return this.#writes[graph.id]!;
  }

  /** What calling the graph does to its inputs and between its outputs. */
  effects(graph: Graph): BodyEffects {
    let effects = this.#effects.get(graph);
    if (effects === undefined) {
      effects = this.#bodyEffects(graph);
      this.#effects.set(graph, effects);
    }
    return effects;
  }

  #fresh(value: Value): void {
    if (value.kind !== "tensor") return;
    this.#roots.setOne(value.id, this.#newStorage(value));
  }

  #newStorage(value: Value): number {
    this.#origins.push(value);
    return this.#origins.length - 1;
  }

  /** Recursion goes one level for each higher-order operator within another, never along the nodes. */
  #run(graph: Graph): void {
    for (const node of graph.nodes) {
      const hop = hopCall(node);
      if (hop) this.#runHop(hop);
      else this.#runCall(node);
    }
  }

  #runCall(node: Node): void {
    const effects = callEffects(node, this.#registry, this.#bits);
    if (effects === undefined) {
      for (const output of node.outputs) this.#fresh(output);
      return;
    }
    const groups = new Map<number, number>();
    for (const output of node.outputs) {
      if (output.kind !== "tensor") continue;
      const { aliases = [], group = -1 } = effects.outputs[output.index] ?? {};
      let roots: readonly number[] = [];
      for (const source of aliases) {
        roots = union(roots, this.storages(source));
        this.#bits.view(node, source, output);
        const counter = HIDES_SHARING.test(node.target) ? output.id : this.#counters.get(source.id);
        if (counter !== undefined) this.#counters.set(output.id, counter);
      }
      if (roots.length === 0 || !effects.certain) {
        const fresh = groups.get(group) ?? this.#newStorage(output);
        if (group >= 0) groups.set(group, fresh);
        roots = union(roots, [fresh]);
      }
      this.#roots.set(output.id, roots);
      if (!effects.certain) this.#uncertain.add(output.id);
    }
    for (const value of effects.writes) this.#writes[node.graph.id]!.push({ node, value });
  }

  #runHop(hop: HopCall): void {
    const { node } = hop;
    for (const { graph, inputs } of hop.bodies) {
      for (const [i, placeholder] of graph.inputs.entries()) {
        const operand = inputs[i]?.operand;
        if (!placeholder) continue;
        if (operand && inputs[i]!.passes === "itself")
          this.#roots.set(placeholder.id, this.storages(operand));
        if (this.storages(placeholder).length === 0) this.#fresh(placeholder);
      }
      this.#run(graph);
      this.#passWritesOn(
        graph,
        node,
        inputs.map(({ operand }) => operand),
      );
    }
    this.#hopResults(hop);
  }

  /** What a body writes of its operands, the operator writes. */
  #passWritesOn(graph: Graph, node: Node, operands: readonly (Value | null)[]): void {
    for (const { input } of this.effects(graph).writes) {
      const value = operands[input];
      if (value) this.#writes[node.graph.id]!.push({ node, value });
    }
  }

  /** A result lies where the bodies' results lie, when that is memory from outside; otherwise in memory of its own. */
  #hopResults({ node, kind, bodies }: HopCall): void {
    const copies = kind === "scan" || kind === "map" || kind === "associative_scan";
    const returning = copies ? [] : kind === "while_loop" ? bodies.slice(1) : bodies;
    /** Memory made inside a body, and what stands for it outside: results that share it there share it here. */
    const exported = new Map<number, number>();
    for (const output of node.outputs) {
      if (output.kind !== "tensor") continue;
      let roots: readonly number[] = [];
      let fresh: number | undefined;
      for (const { graph } of returning) {
        const result = graph.outputs[output.index];
        for (const root of result ? this.storages(result) : []) {
          if (this.#isOutside(root, graph)) roots = union(roots, [root]);
          else {
            if (!exported.has(root)) exported.set(root, (fresh ??= this.#newStorage(output)));
            roots = union(roots, [exported.get(root)!]);
          }
        }
      }
      if (roots.length === 0) roots = [this.#newStorage(output)];
      if (roots.length > 1) this.#uncertain.add(output.id);
      this.#roots.set(output.id, roots);
    }
  }

  #isOutside(root: number, graph: Graph): boolean {
    return graph.inputs.some((input) => input !== null && this.#roots.has(input.id, root));
  }

  #bodyEffects(graph: Graph): BodyEffects {
    const pairs = <T>(
      as: readonly (Value | null)[],
      bs: readonly (Value | null)[],
      make: (a: number, b: number) => T,
    ) =>
      as.flatMap((a, i) =>
        bs.flatMap((b, j) => (a && b && (as !== bs || i < j) && this.shareStorage(a, b) ? [make(i, j)] : [])),
      );
    const writes: WrittenInput[] = [];
    for (const [input, placeholder] of graph.inputs.entries()) {
      if (!placeholder) continue;
      const hits = this.writes(graph).filter(({ value }) => this.shareStorage(value, placeholder));
      const counter = this.#counters.get(placeholder.id);
      const counted = hits.find(({ value }) => this.#counters.get(value.id) === counter);
      if (hits.length > 0) writes.push({ input, write: counted ?? hits[0]!, counted: counted !== undefined });
    }
    return {
      graph,
      outputInput: pairs(graph.outputs, graph.inputs, (output, input) => ({ output, input })),
      outputOutput: pairs(graph.outputs, graph.outputs, (output, other) => ({ output, other })),
      inputInput: pairs(graph.inputs, graph.inputs, (input, other) => ({ input, other })),
      writes,
    };
  }
}

/** Results that lie in their argument's memory and have a version counter of their own. */
const HIDES_SHARING = /^torch\.ops\.aten\.(unsafe_split|unsafe_split_with_sizes|unsafe_chunk|_unsafe_view)\./;
