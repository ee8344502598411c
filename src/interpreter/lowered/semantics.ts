/** One lowered execution of a program: DESIGN's rules under one schedule. */
import { CacheAnalysis } from "../../analysis/cache.ts";
import { StorageAnalysis } from "../../analysis/storage.ts";
import { updateCache } from "../../ops/executorch-kernels.ts";
import { hopCall } from "../../ops/hop/hop.ts";
import type { Arguments, Kernel } from "../../ops/kernel.ts";
import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Node, Program, Value } from "../../program/program.ts";
import { copyInto } from "../../tensor/copy.ts";
import { type Memory, Storage } from "../../tensor/storage.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { type Execution, programOrder, type Semantics } from "../execution.ts";
import type { PreparedGraph, Step } from "../prepare.ts";
import { isTensor, type RuntimeValue } from "../value.ts";
import { derivations, isUpdate, type Reuse, reuses, updatesEarly } from "./order.ts";
import type { Schedule } from "./schedules.ts";

/** A write that no schema declares: who wrote which memory. */
export interface UndeclaredWrite {
  readonly node: Node;
  readonly memory: Memory;
}

/** What a program's lowered executions have in common. */
export class LoweredProgram {
  readonly storage: StorageAnalysis;
  readonly cache: CacheAnalysis;
  readonly registry: OperatorRegistry;
  readonly #copiesToDrop: ReadonlySet<Node>;

  constructor(program: Program, registry: OperatorRegistry) {
    this.registry = registry;
    this.storage = new StorageAnalysis(program, registry);
    this.cache = new CacheAnalysis(program, this.storage, registry);
    this.#copiesToDrop = this.#findCopies();
  }

  /** Whether the node makes a copy for nothing but an update, which a compiler may write to the original instead. */
  isCopyToDrop(node: Node): boolean {
    return this.#copiesToDrop.has(node);
  }

  isPointwise(node: Node): boolean {
    return this.registry.find(node.target)?.has("pointwise") ?? false;
  }

  #findCopies(): Set<Node> {
    const result = new Set<Node>();
    for (const update of this.cache.updates) {
      for (const root of this.cache.eagerRoots(update)) {
        const { node } = this.storage.origin(root);
        if (
          node !== null &&
          /^torch\.ops\.aten\.(clone|contiguous|_to_copy|to|lift_fresh_copy)\./.test(node.target)
        ) {
          result.add(node);
        }
      }
    }
    return result;
  }
}

/** A step that runs when its results are first needed, on its operands as they were. */
interface Deferred {
  readonly step: Step;
  readonly operands: readonly (readonly [id: number, value: RuntimeValue])[];
}

/** Runs a program as a compiler may, under one schedule. For one call: it holds what the call has deferred. */
export class LoweredSemantics implements Semantics {
  /** Every write to memory that the program's schemas do not tell of, in order. */
  readonly writes: UndeclaredWrite[] = [];
  readonly #lowered: LoweredProgram;
  readonly #schedule: Schedule;
  readonly #decide: ((node: Node, predicate: boolean) => boolean) | undefined;
  readonly #deferred = new Map<number, Deferred>();
  /** The results of conds, and what views or copies them, as tensors in the results' memory; by `Value.id`. */
  readonly #results = new Map<number, Tensor>();
  readonly #reuses = new Map<PreparedGraph, ReadonlyMap<number, Reuse>>();
  readonly #derived = new Map<PreparedGraph, ReadonlyMap<number, number>>();
  #node: Node | null = null;
  #dropping = 0;

  constructor(
    lowered: LoweredProgram,
    schedule: Schedule,
    decide?: (node: Node, predicate: boolean) => boolean,
  ) {
    this.#lowered = lowered;
    this.#schedule = schedule;
    this.#decide = decide;
  }

  decide(node: Node, predicate: boolean): boolean {
    return this.#decide?.(node, predicate) ?? predicate;
  }

  order(prepared: PreparedGraph): Int32Array {
    if (this.#schedule.updates !== "early") return programOrder(prepared);
    return updatesEarly(prepared.graph, this.#lowered.storage);
  }

  call(kernel: Kernel, args: Arguments): RuntimeValue {
    if (kernel.name === "executorch::update_cross_attn_cache") {
      return this.#update(args.value as Tensor, args.cache as Tensor);
    }
    if (kernel.name === "executorch::alias") return [share(args.x as Tensor), share(args.y as Tensor)];
    return kernel.call(args) as RuntimeValue;
  }

  /** Writes the cache's memory, whoever else holds it; the result is that memory. */
  #update(value: Tensor, cache: Tensor): Tensor {
    const result = share(cache);
    // Dropped as dead: only its shape is asked for.
    if (this.#dropping > 0) return result;
    updateCache(value, cache);
    this.writes.push({ node: this.#node!, memory: cache.memory });
    return result;
  }

  runStep(step: Step, execution: Execution): void {
    const { node } = step;
    const { frame } = execution;
    for (const operand of node.operands) if (operand !== null) this.#force(operand, execution);
    if (isUpdate(node)) {
      if (!this.#lowered.cache.isLive(node)) return this.#runDropped(step, execution);
      if (this.#schedule.updates === "late") return this.#defer(step, execution);
    }
    this.#execute(step, execution);
    if (this.#schedule.dropCopies && this.#lowered.isCopyToDrop(node)) {
      const source = frame[node.operands[0]!.id] as Tensor;
      const made = frame[node.outputs[0]!.id] as Tensor;
      if (source.dtype === made.dtype) frame[node.outputs[0]!.id] = share(source);
    }
  }

  beforeOutputs({ graph }: PreparedGraph, execution: Execution): void {
    for (const output of graph.outputs) if (output !== null) this.#force(output, execution);
    // What nothing has asked for stays undone: its results are unused.
    for (const value of graph.values) this.#deferred.delete(value.id);
  }

  #execute(step: Step, execution: Execution): void {
    const outer = this.#node;
    const reuse = this.#schedule.reuse ? this.#reuseOf(step, execution) : undefined;
    const target = reuse && this.#results.get(reuse.operand);
    this.#node = step.node;
    step.execute(execution);
    this.#node = outer;
    if (this.#schedule.reuse) this.#noteResults(step, execution);
    if (target !== undefined) this.#writeInPlace(step.node, target, execution);
  }

  #runDropped(step: Step, execution: Execution): void {
    this.#dropping++;
    step.execute(execution);
    this.#dropping--;
  }

  #defer(step: Step, { frame }: Execution): void {
    const operands = step.node.operands.flatMap((operand) =>
      operand === null ? [] : [[operand.id, pinned(frame[operand.id])] as const],
    );
    for (const { id } of step.node.outputs) this.#deferred.set(id, { step, operands });
  }

  #force({ id }: Value, execution: Execution): void {
    const deferred = this.#deferred.get(id);
    if (deferred === undefined) return;
    const { step, operands } = deferred;
    for (const output of step.node.outputs) this.#deferred.delete(output.id);
    const { frame } = execution;
    const now = operands.map(([operand]) => frame[operand]);
    for (const [operand, value] of operands) frame[operand] = value;
    this.#execute(step, execution);
    for (const [i, [operand]] of operands.entries()) frame[operand] = now[i];
  }

  #reuseOf(step: Step, { prepared }: Execution): Reuse | undefined {
    const graph = prepared.graphs[step.node.graph.id]!;
    let found = this.#reuses.get(graph);
    if (found === undefined) {
      found = reuses(graph.graph, this.#lowered.storage, (node) => this.#lowered.isPointwise(node));
      this.#reuses.set(graph, found);
    }
    return found.get(step.node.index);
  }

  /** Remember where a cond's results lie, and follow them through views and copies, which a compiler fuses. */
  #noteResults({ node }: Step, { frame, prepared }: Execution): void {
    const graph = prepared.graphs[node.graph.id]!;
    let derived = this.#derived.get(graph);
    if (derived === undefined) {
      derived = derivations(node.graph, this.#lowered.storage);
      this.#derived.set(graph, derived);
    }
    const isCond = hopCall(node)?.kind === "cond";
    for (const { id } of node.outputs) {
      const source = derived.get(id);
      const value = frame[id];
      if (source === undefined || !isTensor(value)) continue;
      const base = this.#results.get(source);
      // A pointwise consumer that is itself derived is an in-place operator: its result is a new value.
      if (isCond) this.#results.set(id, snapshot(value));
      else if (base !== undefined) {
        const views = value.memory === base.memory;
        if (views) this.#results.set(id, snapshot(value));
        else if (value.toString() === base.toString()) this.#results.set(id, base);
      }
    }
  }

  /** The consumer's result is written into the memory of the cond's result, and is that memory. */
  #writeInPlace(node: Node, target: Tensor, { frame }: Execution): void {
    const output = node.outputs[0]!;
    const made = frame[output.id];
    if (!isTensor(made) || made.toString() !== target.toString()) return;
    const result = snapshot(target);
    copyInto(result, made);
    this.writes.push({ node, memory: target.memory });
    made.become(share(result));
    const operand = node.operands[0];
    const mutates =
      operand !== null && operand !== undefined && this.#lowered.storage.shareStorage(operand, output);
    if (mutates && isTensor(frame[operand.id])) (frame[operand.id] as Tensor).become(share(result));
  }
}

/** Another value in the same memory: a write to either goes to a copy. */
function share(t: Tensor): Tensor {
  const storage = new Storage(t.memory);
  storage.copyOnWrite = true;
  t.storage!.copyOnWrite = true;
  return new Tensor(storage, t.dtype, t.sizes, t.strides, t.offset);
}

/** The same memory now, whatever the value's storage becomes. */
function snapshot(t: Tensor): Tensor {
  return new Tensor(new Storage(t.memory), t.dtype, t.sizes, t.strides, t.offset);
}

function pinned(value: RuntimeValue): RuntimeValue {
  return isTensor(value) && value.storage !== null ? share(value) : value;
}
