/** What AOTAutograd makes of a graph: no operator writes any more, and what inputs end as is copied back last. */
import { type HopCall, hopCall } from "../../ops/hop/hop.ts";
import type { Graph, Node, Value } from "../../program/program.ts";
import { ALIAS, tensorArgument, UPDATE } from "../cache/operators.ts";
import type { StorageAnalysis } from "../storage.ts";
import { hasHiddenResults, isWhole, sourcesOf } from "./operators.ts";
import { mutatedInputs, viewedBy } from "./views.ts";

/**
 * A node of the functional graph.
 * - pure: makes `value` of `args`; list: a call with several results, which its items are
 * - view: `value` as it lies in `base`
 * - scatter: the first argument, a `value`, with the second in place of the part of it that `base` is
 * - write: as scatter, or as pure, but in the memory of the first argument
 * - update, alias, cond: the calls; alias and cond have items
 * - copy back: what the input (first argument) ends as (second)
 */
export interface Fx {
  op:
    | "input"
    | "pure"
    | "list"
    | "item"
    | "view"
    | "scatter"
    | "write"
    | "update"
    | "alias"
    | "cond"
    | "copy back";
  /** null for an input and for a view made again; for a copy back, the last operator that wrote. */
  readonly node: Node | null;
  args: readonly Fx[];
  readonly value: Value;
  readonly base: Value;
  /** The position of an item, or of an input. */
  readonly index: number;
  /** Whether a branch of the cond writes, and says so: then the cond stays, though nothing needs it. */
  readonly writes?: boolean;
  /** What a cond only reads: what none of its branches updates. */
  readonly reads?: readonly Fx[];
  /** What its operator takes besides, and looks at the shape of alone: dead code elimination keeps it. */
  readonly keeps?: Fx;
}

export interface FxGraph {
  readonly graph: Graph;
  readonly inputs: readonly Fx[];
  nodes: Fx[];
  /** By the graph's outputs; null for numbers and for what is copied back. */
  outputs: readonly (Fx | null)[];
}

/** The functional form of a graph. */
export function functionalize(graph: Graph, storage: StorageAnalysis): FxGraph {
  return new Functionalizer(storage).graph(graph);
}

interface Version {
  readonly fx: Fx;
  readonly version: number;
}

class Functionalizer {
  readonly #storage: StorageAnalysis;
  readonly #now = new Map<Value, Version>();
  /** What a view lies in: a result or an input with memory of its own. */
  readonly #bases = new Map<Value, Value>();
  /** The value outside that an input or a result of an inlined body is. */
  readonly #same = new Map<Value, Value>();
  readonly #versions = new Map<Value, number>();
  /** The last operator that wrote each base. */
  readonly #writers = new Map<Value, Node>();
  readonly #nodes: Fx[] = [];

  constructor(storage: StorageAnalysis) {
    this.#storage = storage;
  }

  graph(graph: Graph): FxGraph {
    const inputs: Fx[] = [];
    for (const [index, value] of graph.inputs.entries()) {
      if (value)
        inputs.push(this.#set(value, { op: "input", node: null, args: [], value, base: value, index }));
    }
    this.#run(graph);
    const mutated = mutatedInputs(graph);
    const outputs = graph.outputs.map((value, i) => (value && !mutated.has(i) ? this.#get(value) : null));
    for (const [output, input] of mutated) {
      const value = graph.outputs[output];
      if (value) this.#replace(input, this.#get(value), value.node);
    }
    for (const input of inputs) {
      const { value } = input;
      if (!this.#versions.has(value)) continue;
      const node = this.#writers.get(value) ?? null;
      this.#emit({ op: "copy back", node, args: [input, this.#get(value)], value, base: value, index: 0 });
    }
    return { graph, inputs, nodes: this.#nodes, outputs };
  }

  /** Recursion goes one level for each wrapper within another. */
  #run(graph: Graph): void {
    const written = new Map<Node, Value>();
    for (const { node, value } of this.#storage.writes(graph))
      if (!written.has(node)) written.set(node, value);
    for (const node of graph.nodes) {
      const hop = hopCall(node);
      if (node.target === UPDATE) this.#update(node);
      else if (node.target === ALIAS) {
        this.#several(node, "alias", [tensorArgument(node, "x", 0), tensorArgument(node, "y", 1)]);
      } else if (hop?.kind === "cond") this.#several(node, "cond", node.operands);
      else if (hop?.kind === "call") this.#inline(hop);
      else if (written.has(node) && hop === undefined) this.#write(node, this.#canonical(written.get(node)!));
      else if (node.outputs.length > 1 || hasHiddenResults(node.target))
        this.#several(node, "list", sourcesOf(node));
      else for (const output of node.outputs) this.#one(node, output);
    }
  }

  #inline({ node, bodies }: HopCall): void {
    for (const { graph, inputs } of bodies) {
      for (const [i, input] of graph.inputs.entries()) {
        const operand = inputs[i]?.operand;
        if (input && operand) this.#same.set(input, this.#canonical(operand));
      }
      this.#run(graph);
      for (const output of node.outputs) {
        const inner = graph.outputs[output.index];
        if (inner) this.#same.set(output, this.#canonical(inner));
      }
    }
  }

  #canonical(value: Value): Value {
    return this.#same.get(value) ?? value;
  }

  #baseOf(value: Value): Value {
    return this.#bases.get(value) ?? value;
  }

  #emit(fx: Fx): Fx {
    this.#nodes.push(fx);
    return fx;
  }

  #set(value: Value, fx: Fx): Fx {
    this.#now.set(value, { fx, version: this.#versions.get(this.#baseOf(value)) ?? 0 });
    return fx;
  }

  /** The value as it is now: a view is made again when its base was written. */
  #get(given: Value): Fx {
    const value = this.#canonical(given);
    const base = this.#baseOf(value);
    const known = this.#now.get(value);
    if (known !== undefined && known.version === (this.#versions.get(base) ?? 0)) return known.fx;
    if (base === value) return known?.fx ?? this.#set(value, unknown(value));
    const args = [this.#get(base)];
    return this.#set(value, this.#emit({ op: "view", node: null, args, value, base, index: 0 }));
  }

  #all(values: readonly (Value | null)[]): Fx[] {
    return values.flatMap((value) => (value === null ? [] : [this.#get(value)]));
  }

  #update(node: Node): void {
    const [value, cache] = [tensorArgument(node, "value", 0), tensorArgument(node, "cache", 1)];
    const [output] = node.outputs;
    if (!value || !cache || !output) return;
    const args = [this.#get(value), this.#get(cache)];
    this.#set(output, this.#emit({ op: "update", node, args, value: output, base: output, index: 0 }));
  }

  #several(node: Node, op: "alias" | "cond" | "list", operands: readonly (Value | null)[]): void {
    const [first] = node.outputs;
    if (first === undefined) return;
    const viewed = op === "list" ? this.#viewed(node, first) : null;
    const args = viewed ? [this.#get(viewed)] : this.#all(operands);
    const writes =
      op === "cond" && (hopCall(node)?.bodies ?? []).some(({ graph }) => this.#writesInput(graph));
    const reads = op === "cond" ? args.filter((_, i) => !this.#updates(node, operands[i])) : [];
    const whole = this.#emit({
      op,
      node,
      args,
      value: first,
      base: viewed ?? first,
      index: 0,
      writes,
      reads,
    });
    for (const value of node.outputs) {
      const base = viewed ?? value;
      if (viewed) this.#bases.set(value, viewed);
      this.#set(value, this.#emit({ op: "item", node, args: [whole], value, base, index: value.index }));
    }
  }

  /** Whether a branch of a cond updates the operand's memory. Recursion goes one level for each cond within another. */
  #updates(cond: Node, operand: Value | null | undefined): boolean {
    // A name that nothing defines, in a program that other rules refuse.
    if (!operand) return false;
    return (hopCall(cond)?.bodies ?? []).some(({ graph }) =>
      graph.nodes.some((node) => {
        if (node.subgraphs.length > 0) return this.#updates(node, operand);
        const cache = node.target === UPDATE ? tensorArgument(node, "cache", 1) : null;
        return cache !== null && this.#storage.shareStorage(cache, operand);
      }),
    );
  }

  #writesInput(graph: Graph): boolean {
    return this.#storage
      .writes(graph)
      .some(({ value }) => this.#storage.originOf(value).node?.graph !== graph);
  }

  /** The base of what an output of the node is a view of; null where it has memory of its own. */
  #viewed(node: Node, output: Value): Value | null {
    const operand = viewedBy(node, output, this.#storage);
    return operand === null ? null : this.#baseOf(this.#canonical(operand));
  }

  #one(node: Node, value: Value): void {
    const base = this.#viewed(node, value);
    if (base === null) {
      const args = this.#all(sourcesOf(node));
      this.#set(value, this.#emit({ op: "pure", node, args, value, base: value, index: value.index }));
      return;
    }
    this.#bases.set(value, base);
    this.#set(value, this.#emit({ op: "view", node, args: [this.#get(base)], value, base, index: 0 }));
  }

  /** The new value of what is written; where that is a view, scattered into a new value of its base. */
  #write(node: Node, target: Value): void {
    const base = this.#baseOf(target);
    const args = this.#all(sourcesOf(node));
    // aten.copy(self, src), which copy_ becomes, names what it writes over; fill and zeros do not.
    const keeps = /^torch\.ops\.aten\.copy_\./.test(node.target) ? { keeps: this.#get(target) } : {};
    const made = this.#emit({ op: "pure", node, args, value: target, base: target, index: 0, ...keeps });
    const whole = isWhole(target, base)
      ? made
      : this.#emit({
          op: "scatter",
          node,
          args: [this.#get(base), made],
          value: base,
          base: target,
          index: 0,
        });
    this.#replace(base, whole, node);
    // A view of which a part of its base was written is taken again (FunctionalTensorWrapper::regenerate_from_base).
    if (whole === made) this.#set(target, made);
    for (const output of node.outputs) this.#same.set(output, target);
  }

  #replace(base: Value, fx: Fx, node: Node | null): void {
    this.#versions.set(base, (this.#versions.get(base) ?? 0) + 1);
    if (node) this.#writers.set(base, node);
    this.#set(base, fx);
  }
}

/** A name that nothing defines. */
function unknown(value: Value): Fx {
  return { op: "pure", node: null, args: [], value, base: value, index: 0 };
}
