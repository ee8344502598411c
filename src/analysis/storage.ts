import { sharesVersionCounter } from "../ops/aliasing/counters.ts";
import { type HopCall, hopCall } from "../ops/hop/hop.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Graph, Node, Program, Value } from "../program/program.ts";
import { type BodyEffects, LazyEffects, type Write, type WrittenInput } from "./body-effects.ts";
import { type CallEffects, callEffects, isFresh, mayWrite } from "./call-effects.ts";
import { LazyBits } from "./lazy-bits.ts";
import { RootTable, union } from "./roots.ts";

/**
 * Which storage every tensor of a program lies in, and every write, under eager semantics: what would be found by
 * comparing `untyped_storage()` and version counters when the program runs. A value whose storage depends on a
 * branch, or on a size that is not known, has more than one. Everything is worked out when it is first asked for:
 * of a large program only a small part ever is.
 *
 * A storage's number is the id of the value through which it first appears.
 */
export class StorageAnalysis {
  readonly program: Program;
  readonly #registry: OperatorRegistry;
  readonly #roots: RootTable;
  readonly #uncertain = new Set<number>();
  readonly #bits = new LazyBits();
  /** Version counters of values that share storage without sharing the counter; others go by their storage. */
  readonly #counters = new Map<number, number>();
  readonly #writes = new Map<Graph, readonly Write[]>();
  readonly #effects = new Map<Graph, BodyEffects>();

  /** By the number of a target: whether all calls have new memory as results, one may write, lazy bits may decide. */
  readonly #isFresh: readonly boolean[];
  readonly #mayWrite: readonly boolean[];
  readonly #bitsDecide: readonly boolean[];

  constructor(program: Program, registry: OperatorRegistry) {
    this.program = program;
    this.#registry = registry;
    const callers = new Set(program.graphs.flatMap(({ callers }) => callers.map(({ target }) => target)));
    this.#isFresh = program.targets.map((target) => !callers.has(target) && isFresh(target, registry));
    this.#mayWrite = program.targets.map((target) => callers.has(target) || mayWrite(target, registry));
    this.#bitsDecide = program.targets.map((target) => BITS_DECIDE.test(target));
    this.#roots = new RootTable(program.values.length);
  }

  /** The storages that the value may lie in, by number; empty for what is not a tensor. */
  storages(value: Value): readonly number[] {
    this.#resolve(value);
    return this.#roots.get(value.id);
  }

  /** Puts the value's storages into a set that has a byte for each value of the program. */
  mark(value: Value, marks: Uint8Array): void {
    this.#resolve(value);
    this.#roots.mark(value.id, marks);
  }

  /** Whether one of the value's storages is in such a set. */
  isMarked(value: Value, marks: Uint8Array): boolean {
    this.#resolve(value);
    return this.#roots.isMarked(value.id, marks);
  }

  /** False when the storage depends on a branch or on a size that is not known. */
  isCertain(value: Value): boolean {
    return this.storages(value).length === 1 && !this.#uncertain.has(value.id);
  }

  shareStorage(a: Value, b: Value): boolean {
    this.#resolve(a);
    this.#resolve(b);
    return this.#roots.meet(a.id, b.id);
  }

  /** The value through which a storage first appears: a placeholder of the main graph, or a node's result. */
  origin(storage: number): Value {
    return this.program.values[storage]!;
  }

  /** The origin of the (first) storage that the value lies in; the value itself for what is not a tensor. */
  originOf(value: Value): Value {
    const [storage] = this.storages(value);
    return storage === undefined ? value : this.origin(storage);
  }

  /** The values of a graph that may lie in a storage. Only what is made of the first of them is looked at. */
  valuesIn(storage: number, graph: Graph): readonly Value[] {
    const origin = this.origin(storage);
    const starts = origin.graph === graph ? [origin] : graph.inputs;
    const found = new Set<Value>();
    const add = (value: Value | null): void => {
      if (value && this.storages(value).includes(storage)) found.add(value);
    };
    for (const value of starts) add(value);
    // A Set gives what is added while it is gone through, too.
    for (const value of found) {
      for (const { index, outputs } of graph.users(value)) {
        if (!this.#isFresh[graph.targetNumbers[index]!]) for (const output of outputs) add(output);
      }
    }
    return [...found];
  }

  /** The writes that happen when the graph runs, in order; those inside a higher-order operator are its node's too. */
  writes(graph: Graph): readonly Write[] {
    let writes = this.#writes.get(graph);
    if (writes === undefined) {
      const found: Write[] = [];
      for (let i = 0; i < graph.targetNumbers.length; i++) {
        if (!this.#mayWrite[graph.targetNumbers[i]!]) continue;
        for (const write of this.#nodeWrites(graph.nodes[i]!)) found.push(write);
      }
      this.#writes.set(graph, (writes = found));
    }
    return writes;
  }

  /** What calling the graph does to its inputs and between its outputs. */
  effects(graph: Graph): BodyEffects {
    let effects = this.#effects.get(graph);
    if (effects === undefined) {
      effects = new LazyEffects(graph, this, () => this.#writtenInputs(graph));
      this.#effects.set(graph, effects);
    }
    return effects;
  }

  /** Recursion goes one level for each higher-order operator within another, never along the nodes. */
  #nodeWrites(node: Node): readonly Write[] {
    const hop = hopCall(node);
    if (hop === undefined) {
      if (this.#bitsDecide[node.graph.targetNumbers[node.index]!])
        for (const operand of node.operands) if (operand) this.#resolve(operand);
      const { writes = NO_VALUES, reshapes = false } = callEffects(node, this.#registry, this.#bits) ?? {};
      return writes.map((value) => ({ node, value, reshapes }));
    }
    // What a body writes of its operands, the operator writes.
    return hop.bodies.flatMap(({ graph, inputs }) =>
      this.effects(graph).writes.flatMap(({ input, untouched }) => {
        const value = inputs[input]?.operand;
        return value ? [{ node, value, reshapes: untouched }] : [];
      }),
    );
  }

  /** Works out the value's storages after those of the values they depend on, with a stack instead of recursion. */
  #resolve(value: Value): void {
    if (this.#roots.isKnown(value.id) || this.#settle(value).length === 0) return;
    const stack: Value[] = [value];
    for (let next = stack.at(-1); next !== undefined; next = stack.at(-1)) {
      const missing = this.#roots.isKnown(next.id) ? NO_VALUES : this.#settle(next);
      if (missing.length === 0) stack.pop();
      else for (const first of missing) stack.push(first);
    }
  }

  /** Sets the storages of the value, and of what its node defines beside it; or says which values must come first. */
  #settle(value: Value): readonly Value[] {
    if (value.kind !== "tensor") {
      this.#roots.set(value.id, []);
      return NO_VALUES;
    }
    if (value.node === null) return this.#settlePlaceholder(value);
    const { node, graph } = value;
    if (this.#isFresh[graph.targetNumbers[node.index]!]) return this.#settleFresh(node);
    const hop = hopCall(node);
    return hop ? this.#settleHop(hop) : this.#settleCall(node);
  }

  #unknown(values: readonly (Value | null)[]): Value[] {
    return values.filter((value): value is Value => value !== null && !this.#roots.isKnown(value.id));
  }

  #settlePlaceholder(value: Value): readonly Value[] {
    const { owner } = value.graph;
    const body = owner && hopCall(owner)?.bodies.find(({ graph }) => graph === value.graph);
    const input = body?.inputs[value.index];
    const operand = input?.passes === "itself" && input.operand?.kind === "tensor" ? input.operand : null;
    if (operand === null || !isDefinedBefore(operand, owner!)) {
      this.#roots.setOne(value.id, value.id);
      return NO_VALUES;
    }
    const missing = this.#unknown([operand]);
    if (missing.length > 0) return missing;
    this.#roots.set(value.id, this.#roots.get(operand.id));
    this.#bits.pass(operand, value);
    const counter = this.#counters.get(operand.id);
    if (counter !== undefined) this.#counters.set(value.id, counter);
    return NO_VALUES;
  }

  #settleFresh(node: Node): readonly Value[] {
    for (const { id, kind } of node.outputs) {
      if (kind === "tensor") this.#roots.setOne(id, id);
      else this.#roots.set(id, NO_ROOTS);
    }
    return NO_VALUES;
  }

  #settleCall(node: Node): readonly Value[] {
    if (this.#bitsDecide[node.graph.targetNumbers[node.index]!]) {
      const first = this.#unknown(
        node.operands.filter((operand) => operand && isDefinedBefore(operand, node)),
      );
      if (first.length > 0) return first;
    }
    const effects = callEffects(node, this.#registry, this.#bits);
    if (effects === undefined) return this.#settleFresh(node);
    const missing = this.#unknown(effects.outputs.flatMap(({ aliases }) => aliases));
    if (missing.length > 0) return missing;
    const groups = new Map<number, number>();
    for (const output of node.outputs) {
      if (output.kind !== "tensor") this.#roots.set(output.id, []);
      else this.#settleOutput(output, effects, groups);
    }
    return NO_VALUES;
  }

  /** `groups` holds the new memory that outputs of the call share. */
  #settleOutput(output: Value, { outputs, certain }: CallEffects, groups: Map<number, number>): void {
    const { aliases = NO_VALUES, group = -1 } = outputs[output.index] ?? {};
    let roots: readonly number[] = [];
    for (const source of aliases) {
      roots = union(roots, this.#roots.get(source.id));
      this.#bits.view(output.node!, source, output);
      const counter = this.#hidesSharing(output.node!) ? output.id : this.#counters.get(source.id);
      if (counter !== undefined) this.#counters.set(output.id, counter);
    }
    if (roots.length === 0 || !certain) {
      const fresh = groups.get(group) ?? output.id;
      if (group >= 0) groups.set(group, fresh);
      roots = union(roots, [fresh]);
    }
    this.#roots.set(output.id, roots);
    if (!certain) this.#uncertain.add(output.id);
  }

  /**
   * Whether a value may be the very tensor that an input is, not another one in the same memory: operators that write give
   * back what they wrote, and some views, such as `to`, what they got.
   */
  #isSameTensor(value: Value, input: Value): boolean {
    let at = value;
    while (at.node !== null && !this.#makesTensor(at.node)) {
      const source = at.node.operands.find((operand) => operand && this.shareStorage(operand, at));
      if (source?.kind !== "tensor" || !isDefinedBefore(source, at.node)) return true;
      at = source;
    }
    return at === input;
  }

  #makesTensor({ target }: Node): boolean {
    const operator = this.#registry.find(target);
    return operator?.has("view") === true && !MAY_BE_ARGUMENT.test(operator.qualifiedName);
  }

  /** Whether results that lie in an argument's memory count their versions for themselves. */
  #hidesSharing(node: Node): boolean {
    const operator = this.#registry.find(node.target);
    return operator !== undefined && !sharesVersionCounter(operator);
  }

  /** A result lies where the bodies' results lie, when that is memory from outside; otherwise in memory of its own. */
  #settleHop({ node, kind, bodies }: HopCall): readonly Value[] {
    const copies = kind === "scan" || kind === "map" || kind === "associative_scan";
    const returning = copies ? [] : kind === "while_loop" ? bodies.slice(1) : bodies;
    const missing = this.#unknown(returning.flatMap(({ graph }) => graph.outputs));
    if (missing.length > 0) return missing;
    /** Memory made inside a body, and what stands for it outside: results that share it there share it here. */
    const exported = new Map<number, number>();
    for (const output of node.outputs) {
      let roots: readonly number[] = [];
      for (const { graph } of returning) {
        const result = graph.outputs[output.index];
        for (const root of result ? this.#roots.get(result.id) : []) {
          const outside = isInside(this.origin(root).graph, graph) ? (exported.get(root) ?? output.id) : root;
          if (outside !== root) exported.set(root, outside);
          roots = union(roots, [outside]);
        }
      }
      if (roots.length > 1) this.#uncertain.add(output.id);
      this.#roots.set(output.id, output.kind === "tensor" && roots.length === 0 ? [output.id] : roots);
    }
    return NO_VALUES;
  }

  #writtenInputs(graph: Graph): readonly WrittenInput[] {
    const writes: WrittenInput[] = [];
    const all = this.writes(graph);
    for (let input = 0; all.length > 0 && input < graph.inputs.length; input++) {
      const placeholder = graph.inputs[input];
      if (!placeholder) continue;
      const hits = all.filter(({ value }) => this.shareStorage(value, placeholder));
      const counter = this.#counters.get(placeholder.id);
      const touching = hits.filter(
        (write) => !write.reshapes || this.#isSameTensor(write.value, placeholder),
      );
      const isCounted = ({ value }: Write): boolean => this.#counters.get(value.id) === counter;
      const counted = touching.find(isCounted) ?? hits.find(isCounted);
      if (hits.length > 0) {
        writes.push({
          input,
          write: counted ?? touching[0] ?? hits[0]!,
          counted: counted !== undefined,
          untouched: touching.length === 0,
        });
      }
    }
    return writes;
  }
}

const NO_VALUES: readonly Value[] = [];
const NO_ROOTS: readonly number[] = [];

/** Operators that may copy where a lazy bit is set, so that their operands' bits must be known first. */
const BITS_DECIDE =
  /^torch\.ops\.aten\.\w*(conj|neg|real|imag|chunk|split|contiguous|reshape|flatten|to|clone)\w*\./;

/** Views that may be their argument, not a new tensor. */
const MAY_BE_ARGUMENT =
  /^aten::(to|type_as|contiguous|flatten|positive|resolve_(conj|neg)|real|conj|expand_as|broadcast_to|atleast_[123]d|\w+_)(\.|$)/;

/** False in a program that uses a name before its definition. */
function isDefinedBefore(value: Value, node: Node): boolean {
  return value.graph === node.graph && (value.node === null || value.node.index < node.index);
}

/** Whether a graph is the other, or stands somewhere inside it. */
function isInside(graph: Graph, outer: Graph): boolean {
  for (let at: Graph | undefined = graph; at !== undefined; at = at.owner?.graph)
    if (at === outer) return true;
  return false;
}
