/**
 * What inductor's lowerings make of a functional graph: which values are memory, and which are computed at each use
 * (torch/_inductor/graph.py GraphLowering, lowering.py mutate_to, ir.py StorageBox).
 */
import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Fx, FxGraph } from "./functional.ts";
import { layoutOf } from "./layout.ts";
import {
  type Buffer,
  type Data,
  type Expression,
  forgetReads,
  type Load,
  type LoweredGraph,
  type Operation,
  readsOf,
  type Step,
} from "./operations.ts";
import { accessOf, isExtern, isHeavy, isIndexed, isInlined, takesCopies } from "./operators.ts";

/** How a graph is lowered. */
export interface LoweringOptions {
  /** Pointwise values are computed again at each use. */
  readonly inline: boolean;
  /** What reads a buffer, and is not computed yet, is computed before the buffer is written. */
  readonly readFirst: boolean;
  /** A write over the whole of a temporary makes it what is written. */
  readonly swing: boolean;
  /** Views of such a temporary that were taken before, and conds that were given it, come to read what is written, too. */
  readonly follow: boolean;
}

/** Its data changes when it is realized, or swung to another's. */
interface Store {
  data: Data;
}

/** A store, or a view of one. */
interface Box {
  readonly store: Store;
  readonly steps: readonly Step[];
  /** Whether it is a view of what was in memory when the view was taken (ir.py ReinterpretView): it follows the store. */
  readonly follows?: boolean;
}

export function lowerGraph(fx: FxGraph, registry: OperatorRegistry, options: LoweringOptions): LoweredGraph {
  return new GraphLowering(fx, registry, options).result();
}

class GraphLowering {
  readonly #fx: FxGraph;
  readonly #registry: OperatorRegistry;
  readonly #options: LoweringOptions;
  readonly #boxes = new Map<Fx, Box>();
  readonly #operations: Operation[] = [];
  /** Stores that read a buffer and may not be computed yet. */
  readonly #readers = new Map<Buffer, Store[]>();
  readonly #users = new Map<Fx, number>();
  readonly #origin = new Map<Store, Fx>();
  /** Reads of a store's memory that look where it lies when the graph is scheduled, not when they are lowered. */
  readonly #following = new Map<Store, Load[]>();
  /** The results of calls that have several, by position. */
  readonly #results = new Map<Fx, ReadonlyMap<number, Buffer>>();

  constructor(fx: FxGraph, registry: OperatorRegistry, options: LoweringOptions) {
    this.#fx = fx;
    this.#registry = registry;
    this.#options = options;
  }

  result(): LoweredGraph {
    const { graph, inputs, nodes, outputs } = this.#fx;
    const returned = new Set(outputs);
    for (const { args } of nodes) for (const arg of new Set(args)) this.#count(arg);
    for (const fx of returned) if (fx) this.#count(fx);
    for (const input of inputs) {
      const buffer: Buffer = { kind: "input", index: input.index, value: input.value };
      this.#boxes.set(input, { store: { data: { buffer } }, steps: [] });
    }
    for (const fx of nodes) {
      this.#lower(fx);
      const box = this.#boxes.get(fx);
      if (box === undefined) continue;
      if (returned.has(fx)) this.#realize(box.store, fx);
      this.#realizeReused(fx, box);
      this.#register(box.store);
    }
    const results = outputs.map((fx) => (fx === null ? null : this.#realized(this.#box(fx), fx)));
    return { graph, operations: this.#operations, outputs: results };
  }

  #count(fx: Fx): void {
    this.#users.set(fx, (this.#users.get(fx) ?? 0) + 1);
  }

  #box(fx: Fx): Box {
    let box = this.#boxes.get(fx);
    if (box === undefined) this.#boxes.set(fx, (box = this.#lazy(fx, [])));
    return box;
  }

  #lazy(fx: Fx, loads: readonly Load[]): Box {
    const store: Store = { data: { expression: { fx, loads } } };
    this.#origin.set(store, fx);
    return { store, steps: [] };
  }

  #load({ store, steps, follows = false }: Box): Load {
    const load: Load = { data: store.data, steps };
    if (follows) this.#follow(store, load);
    return load;
  }

  #follow(store: Store, load: Load): void {
    if (!this.#options.follow) return;
    const list = this.#following.get(store);
    if (list === undefined) this.#following.set(store, [load]);
    else list.push(load);
  }

  #lower(fx: Fx): void {
    const { op, args } = fx;
    if (op === "view") this.#view(fx, args[0]!);
    else if (op === "update") this.#update(fx);
    else if (op === "copy back") this.#mutate(this.#box(args[0]!), this.#box(args[1]!), fx);
    else if (op === "write") this.#write(fx);
    else if (op === "cond") this.#call(fx, "cond");
    else if (op === "list" && fx.base === fx.value) this.#call(fx, this.#isExtern(fx) ? "extern" : "loop");
    else if (op === "item") this.#item(fx);
    else if (op === "pure" || op === "scatter") this.#pure(fx);
  }

  #view(fx: Fx, of: Fx): void {
    const base = this.#box(of);
    const step = { view: fx.value, base: fx.base, head: null };
    const follows = base.steps.length > 0 ? base.follows === true : "buffer" in base.store.data;
    this.#boxes.set(fx, { store: base.store, steps: [...base.steps, step], follows });
  }

  #isExtern({ node }: Fx): boolean {
    return node !== null && (isExtern(node.target) || node.subgraphs.length > 0);
  }

  #pure(fx: Fx): void {
    const target = fx.node?.target ?? "";
    if (fx.node === null || fx.op === "scatter" || this.#isLazy(target) || isUnrolled(fx)) {
      const box = this.#lazy(
        fx,
        fx.args.map((arg) => this.#load(this.#box(arg))),
      );
      this.#boxes.set(fx, box);
      if (!this.#options.inline && fx.value.kind === "tensor") this.#realize(box.store, fx);
      return;
    }
    const kind = this.#isExtern(fx) ? "extern" : "loop";
    const inMemory = kind === "extern" || isIndexed(target);
    const loads = fx.args.map((arg) =>
      inMemory ? this.#realized(this.#box(arg), fx) : this.#load(this.#box(arg)),
    );
    this.#boxes.set(fx, { store: { data: { buffer: this.#emit(kind, { fx, loads }, fx) } }, steps: [] });
  }

  #isLazy(target: string): boolean {
    return isInlined(target) || this.#registry.find(target)?.has("pointwise") === true;
  }

  #emit(kind: "loop" | "extern", expression: Expression, fx: Fx): Buffer {
    const buffer: Buffer = { kind: "made", index: 0, value: fx.value };
    this.#operations.push({ kind, makes: [buffer], expression, target: null, fx });
    return buffer;
  }

  #realize(store: Store, fx: Fx): Buffer {
    if ("buffer" in store.data) return store.data.buffer;
    const buffer = this.#emit("loop", store.data.expression, this.#origin.get(store) ?? fx);
    store.data = { buffer };
    return buffer;
  }

  /**
   * What is not in memory is put there, and read through a view of it if need be (ir.py ExternKernel.realize_input).
   * Attention gets copies of its own of that (lowering.py sdpa_constraint).
   */
  #realized(box: Box, fx: Fx): Load {
    const { store, steps } = box;
    if ("expression" in store.data && fx.node !== null && takesCopies(fx.node.target)) {
      const copy: Store = { data: { expression: { fx: null, loads: [this.#load(box)] } } };
      this.#origin.set(copy, fx.args.find((arg) => this.#boxes.get(arg) === box) ?? fx);
      return { data: { buffer: this.#realize(copy, fx) }, steps: [] };
    }
    const load: Load = { data: { buffer: this.#realize(store, fx) }, steps };
    // A kernel holds its operands' memory; views of it and a cond's operands look where it lies in the end.
    if (steps.length > 0 || fx.op === "cond") this.#follow(store, load);
    return load;
  }

  /** The lowering of the pull request: a slice of the cache is copied to, and the result is the cache. */
  #update(fx: Fx): void {
    const [from, to] = [fx.args[0]!, fx.args[1]!];
    const [value, cache] = [this.#box(from), this.#box(to)];
    this.#boxes.set(fx, cache);
    if (layoutOf(from.value).sizes[2] === layoutOf(to.value).sizes[2]) {
      if (value !== cache) this.#mutate(cache, value, fx);
    } else {
      const step: Step = { view: to.value, base: to.value, head: from.value };
      this.#mutate({ store: cache.store, steps: [...cache.steps, step] }, value, fx);
    }
  }

  #write(fx: Fx): void {
    const [to, from] = [fx.args[0]!, fx.args[1]!];
    const box = this.#box(to);
    this.#boxes.set(fx, box);
    if (isIndexed(fx.node!.target) && fx.base === fx.value) {
      const loads = fx.args.map((arg) => this.#realized(this.#box(arg), fx));
      const buffer = this.#realize(box.store, fx);
      this.#emitWrite({ buffer, steps: box.steps }, { fx, loads }, fx);
      return;
    }
    const step: Step = { view: fx.base, base: fx.value, head: null };
    this.#mutate({ store: box.store, steps: [...box.steps, step] }, this.#box(from), fx);
  }

  /** lowering.py mutate_to */
  #mutate(changed: Box, value: Box, fx: Fx): void {
    const { data } = changed.store;
    let from = value.store;
    if (value.steps.length > 0) {
      from = { data: { expression: { fx: null, loads: [this.#load(value)] } } };
      this.#origin.set(from, fx.op === "update" ? fx.args[0]! : fx.args[1]!);
    }
    if (
      this.#options.swing &&
      changed.steps.length === 0 &&
      !("buffer" in data && data.buffer.kind === "input")
    ) {
      this.#realize(from, fx);
      changed.store.data = from.data;
      for (const load of this.#following.get(changed.store) ?? []) load.data = from.data;
      forgetReads();
      return;
    }
    const buffer = this.#realize(changed.store, fx);
    this.#emitWrite(
      { buffer, steps: changed.steps },
      { fx: null, loads: [{ data: from.data, steps: [] }] },
      fx,
    );
  }

  #emitWrite(target: { buffer: Buffer; steps: readonly Step[] }, expression: Expression, fx: Fx): void {
    if (this.#options.readFirst) {
      for (const reader of this.#readers.get(target.buffer) ?? []) this.#realize(reader, fx);
      this.#readers.delete(target.buffer);
    }
    this.#operations.push({ kind: "write", makes: [], expression, target, fx });
  }

  /** A call of several results. */
  #call(fx: Fx, kind: "cond" | "extern" | "loop"): void {
    const node = fx.node!;
    const loads = fx.args.map((arg) => this.#realized(this.#box(arg), fx));
    const makes = node.outputs.map((value): Buffer => ({ kind: "made", index: 0, value }));
    this.#operations.push({ kind, makes, expression: { fx, loads }, target: null, fx });
    this.#results.set(fx, new Map(node.outputs.map(({ index }, i) => [index, makes[i]!])));
  }

  #item(fx: Fx): void {
    const [whole] = fx.args;
    if (fx.base !== fx.value) return this.#view(fx, whole!.args[0]!);
    if (whole!.op === "alias") {
      const arg = whole!.args[fx.index];
      if (arg) this.#boxes.set(fx, this.#box(arg));
      return;
    }
    const buffer = this.#results.get(whole!)?.get(fx.index);
    if (buffer) this.#boxes.set(fx, { store: { data: { buffer } }, steps: [] });
  }

  #realizeReused(fx: Fx, { store }: Box): void {
    if (!("expression" in store.data)) return;
    const reads = readsOf(store.data.expression).size;
    const users = this.#users.get(fx) ?? 0;
    if (reads > 8 || (users > 1 && (reads > 4 || isHeavy(fx.node?.target ?? "")))) this.#realize(store, fx);
  }

  #register(store: Store): void {
    if (!("expression" in store.data)) return;
    for (const buffer of readsOf(store.data.expression)) {
      const list = this.#readers.get(buffer);
      if (list === undefined) this.#readers.set(buffer, [store]);
      else if (list.at(-1) !== store) list.push(store);
    }
  }
}

/** A reduction over few elements is computed where it is used; one of softmax's steps is always put in memory. */
function isUnrolled({ node }: Fx): boolean {
  return node !== null && accessOf(node) === "neighbours" && !node.target.includes("softmax");
}
