/** One lowered execution of a program: DESIGN's rules under one schedule. */

import { type Buffers, buffers, isUpdate, type LastUse } from "../../analysis/cache/buffers.ts";
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
import { updatesEarly } from "./order.ts";
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

/** A step to be run later, on its operands as they are now. */
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
  /** Pointwise steps by the ids of their results: run again at each use. */
  readonly #repeated = new Map<number, Deferred>();
  /** Buffers, and what views or copies them, as tensors in the buffers' memory; by `Value.id`. */
  readonly #inBuffer = new Map<number, Tensor>();
  /** The memory of buffers that are used no more. */
  readonly #free: Tensor[] = [];
  readonly #buffers = new Map<PreparedGraph, Buffers>();
  /** What inputs and state that the program has written end as, where an update runs behind the copy. */
  readonly copiedBack = new Map<Storage, Uint8Array>();
  /** The memory of inputs and state, which the compiler never takes for its own. */
  readonly #lasting = new Set<Memory>();
  readonly #external = new Set<Storage>();
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

  /** Tell what memory outlives the call. */
  begin(inputs: readonly RuntimeValue[]): void {
    for (const input of inputs)
      if (isTensor(input) && input.storage !== null) this.#lasting.add(input.memory);
  }

  decide(node: Node, predicate: boolean): boolean {
    return this.#decide?.(node, predicate) ?? predicate;
  }

  order(prepared: PreparedGraph): Int32Array {
    const { updates } = this.#schedule;
    if (updates !== "early" && updates !== "early, last first") return programOrder(prepared);
    return updatesEarly(prepared.graph, this.#lowered.storage, updates !== "early");
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
    // Dropped as dead: only its shape is asked for.
    if (this.#dropping > 0) return share(cache);
    if (this.#schedule.dropCopies && isWhole(value, cache) && !this.#lasting.has(cache.memory)) {
      cache.storage!.memory = value.memory;
      return share(value);
    }
    const result = share(cache);
    if (this.#schedule.updates === "late") this.#copyBack(cache.memory);
    updateCache(value, cache);
    this.writes.push({ node: this.#node!, memory: cache.memory });
    return result;
  }

  /** The copy back reads the new value: it may run before an update of it. */
  #copyBack(memory: Memory): void {
    if (this.#lasting.has(memory)) return;
    for (const storage of this.#external) {
      if (storage.memory === memory && !this.copiedBack.has(storage))
        this.copiedBack.set(storage, memory.bytes.slice());
    }
  }

  runStep(step: Step, execution: Execution): void {
    const { node } = step;
    for (const operand of node.operands) {
      if (operand === null) continue;
      this.#force(operand, execution);
      if (this.#repeated.size > 0) this.#repeat(operand.id, execution);
    }
    if (isUpdate(node)) {
      if (!this.#lowered.cache.isLive(node) || this.#isOverwritten(node))
        return this.#runDropped(step, execution);
      if (this.#schedule.updates === "late") return this.#defer(step, execution);
    }
    if (this.#schedule.reuse) this.#executeInBuffers(step, execution);
    else this.#execute(step, execution);
    if (this.#schedule.dropCopies && this.#lowered.isCopyToDrop(node)) this.#dropCopy(node, execution);
    if (this.#schedule.repeat && this.#isRepeatable(node)) {
      this.#repeated.set(node.outputs[0]!.id, { step, operands: pins(node, execution) });
    }
  }

  beforeOutputs({ graph }: PreparedGraph, execution: Execution): void {
    for (const output of graph.outputs) {
      if (output === null) continue;
      this.#force(output, execution);
      if (this.#repeated.size > 0) this.#repeat(output.id, execution);
    }
    // What nothing has asked for stays undone: its results are unused.
    for (const value of graph.values) {
      this.#deferred.delete(value.id);
      this.#repeated.delete(value.id);
    }
  }

  #execute(step: Step, execution: Execution): void {
    const outer = this.#node;
    this.#node = step.node;
    step.execute(execution);
    this.#node = outer;
  }

  #runDropped(step: Step, execution: Execution): void {
    this.#dropping++;
    step.execute(execution);
    this.#dropping--;
  }

  /** Whether all that is made of the node's results is to write over the whole of them. */
  #isOverwritten(node: Node): boolean {
    if (!this.#schedule.dropCopies || hopCall(node)?.kind !== "cond") return false;
    const { graph } = node;
    return node.outputs.every((output) => {
      if (graph.outputs.includes(output)) return false;
      const users = graph.users(output);
      return users.every((user) => {
        const [value, cache] = user.operands;
        return (
          isUpdate(user) &&
          user.subgraphs.length === 0 &&
          cache === output &&
          value !== output &&
          sameSizes(value, cache)
        );
      });
    });
  }

  #dropCopy(node: Node, { frame }: Execution): void {
    const source = frame[node.operands[0]!.id] as Tensor;
    const made = frame[node.outputs[0]!.id] as Tensor;
    if (source.dtype === made.dtype) frame[node.outputs[0]!.id] = share(source);
  }

  #defer(step: Step, execution: Execution): void {
    const operands = pins(step.node, execution);
    for (const { id } of step.node.outputs) this.#deferred.set(id, { step, operands });
  }

  #force({ id }: Value, execution: Execution): void {
    const deferred = this.#deferred.get(id);
    if (deferred === undefined) return;
    for (const output of deferred.step.node.outputs) this.#deferred.delete(output.id);
    this.#executePinned(deferred, execution);
  }

  #executePinned({ step, operands }: Deferred, execution: Execution): void {
    const { frame } = execution;
    const now = operands.map(([operand]) => frame[operand]);
    for (const [operand, value] of operands) frame[operand] = value;
    this.#execute(step, execution);
    for (const [i, [operand]] of operands.entries()) frame[operand] = now[i];
  }

  #isRepeatable(node: Node): boolean {
    return node.outputs.length === 1 && !WRITES.test(node.target) && this.#lowered.isPointwise(node);
  }

  /** Computes a pointwise value again, and before it those that it is computed from. */
  #repeat(id: number, execution: Execution): void {
    const order: Deferred[] = [];
    const seen = new Set<number>();
    const stack = [id];
    while (stack.length > 0) {
      const at = stack.pop()!;
      const repeated = this.#repeated.get(at);
      if (repeated === undefined || seen.has(at)) continue;
      seen.add(at);
      order.push(repeated);
      for (const [operand] of repeated.operands) stack.push(operand);
    }
    // Operands come before what uses them in the graph's own order.
    order.sort((a, b) => a.step.node.index - b.step.node.index);
    for (const { step, operands } of order) {
      const fresh = operands.map(
        ([operand, value]) => [operand, seen.has(operand) ? execution.frame[operand] : value] as const,
      );
      this.#executePinned({ step, operands: fresh }, execution);
    }
  }

  /** Runs a step whose result may come to lie in the memory of a buffer that is used no more. */
  #executeInBuffers(step: Step, execution: Execution): void {
    const { node } = step;
    const { frame, prepared } = execution;
    const graph = this.#buffersOf(prepared.graphs[node.graph.id]!);
    const ending = graph.lastUses.get(node.index) ?? [];
    const operands = node.operands.map((operand) => (operand === null ? undefined : frame[operand.id]));
    const free = this.#free.splice(0);
    this.#execute(step, execution);
    const inPlace = this.#isInPlace(node, operands) ? ending : [];
    const made = node.outputs.length === 1 ? frame[node.outputs[0]!.id] : undefined;
    let used: Tensor | undefined;
    if (isTensor(made) && made.storage !== null && node.subgraphs.length === 0) {
      const fresh = !operands.some(
        (operand) => isTensor(operand) && operand.storage !== null && operand.memory === made.memory,
      );
      const candidates = [
        ...inPlace.map(({ operand }) => this.#inBuffer.get(operand)).filter((one) => one !== undefined),
        ...(fresh ? free : []),
      ];
      used = candidates.find((one) => one.dtype === made.dtype && one.numel === made.numel);
      if (used !== undefined) this.#writeInto(node, used, made, execution);
    }
    this.#free.push(...free.filter((one) => one !== used));
    this.#noteBuffers(node, graph, execution);
    this.#release(ending, used);
  }

  #buffersOf(prepared: PreparedGraph): Buffers {
    let found = this.#buffers.get(prepared);
    if (found === undefined) {
      found = buffers(prepared.graph, this.#lowered.storage);
      this.#buffers.set(prepared, found);
    }
    return found;
  }

  #release(ending: readonly LastUse[], used: Tensor | undefined): void {
    for (const { buffer } of ending) {
      const memory = this.#inBuffer.get(buffer);
      if (memory !== undefined && memory.storage !== used?.storage && memory.memory !== used?.memory)
        this.#free.push(memory);
    }
  }

  /** Pointwise, or what is pointwise for these sizes. */
  #isInPlace(node: Node, operands: readonly RuntimeValue[]): boolean {
    if (this.#lowered.isPointwise(node)) return true;
    const [self] = operands;
    return SOFTMAX.test(node.target) && isTensor(self) && self.sizes.includes(1);
  }

  /** Remember where buffers lie, and follow them through views and copies, which a compiler fuses. */
  #noteBuffers(node: Node, { sources }: Buffers, { frame }: Execution): void {
    const isCond = hopCall(node)?.kind === "cond";
    for (const { id } of node.outputs) {
      const source = sources.get(id);
      const value = frame[id];
      if (source === undefined || !isTensor(value) || value.storage === null) continue;
      const base = this.#inBuffer.get(source);
      if (source === id && (isCond || value.numel * value.dtype.itemsize === value.storage.byteLength)) {
        this.#inBuffer.set(id, snapshot(value));
      } else if (base !== undefined) {
        if (value.memory === base.memory) this.#inBuffer.set(id, snapshot(value));
        else if (value.toString() === base.toString()) this.#inBuffer.set(id, base);
      }
    }
    // The clone of an updated cache in a branch is no copy: what the branch returns is the cache.
    if (CLONE.test(node.target) && this.#isUpdated(node.operands[0])) {
      const source = frame[node.operands[0]!.id] as Tensor;
      if (isTensor(source)) frame[node.outputs[0]!.id] = share(source);
    }
  }

  #isUpdated(value: Value | null | undefined): boolean {
    return value?.node?.target.startsWith("torch.ops.executorch.") ?? false;
  }

  /** The result is written into the buffer's memory, and is that memory. */
  #writeInto(node: Node, buffer: Tensor, made: Tensor, { frame }: Execution): void {
    const same = made.sizes.join() === buffer.sizes.join();
    const place = new Tensor(
      new Storage(buffer.memory),
      buffer.dtype,
      made.sizes,
      same ? buffer.strides : made.strides,
      same ? buffer.offset : 0,
    );
    const whole = (made.numel + place.offset) * made.dtype.itemsize <= buffer.memory.bytes.length;
    if (!same && (!whole || !made.isContiguous)) return;
    copyInto(place, made);
    this.writes.push({ node, memory: buffer.memory });
    made.become(share(place));
    const operand = node.operands[0];
    const mutates =
      operand !== null &&
      operand !== undefined &&
      this.#lowered.storage.shareStorage(operand, node.outputs[0]!);
    if (mutates && isTensor(frame[operand.id])) (frame[operand.id] as Tensor).become(share(place));
  }
}

const WRITES = /_\.\w+$/;
const CLONE = /^torch\.ops\.aten\.(clone|contiguous)\./;
const SOFTMAX = /^torch\.ops\.aten\._?(log_)?softmax\./;

/** Whether the value replaces everything in the cache's storage. */
function isWhole(value: Tensor, cache: Tensor): boolean {
  return (
    value.sizes.join() === cache.sizes.join() &&
    value.isContiguous &&
    cache.isContiguous &&
    cache.offset === 0 &&
    value.offset === 0 &&
    cache.storage!.byteLength === value.storage!.byteLength
  );
}

function sameSizes(a: Value | null | undefined, b: Value | null | undefined): boolean {
  return (
    a?.meta !== undefined && b?.meta !== undefined && JSON.stringify(plain(a)) === JSON.stringify(plain(b))
  );
}

const plain = (value: Value): unknown => value.meta!.sizes.map((size) => String(Object.values(size)[0]));

function pins(node: Node, { frame }: Execution): (readonly [number, RuntimeValue])[] {
  return node.operands.flatMap((operand) =>
    operand === null ? [] : [[operand.id, pinned(frame[operand.id])] as const],
  );
}

/** Another value in the same memory: a write to either goes to a copy. */
function share(t: Tensor): Tensor {
  const storage = new Storage(t.memory);
  storage.copyOnWrite = true;
  t.storage!.copyOnWrite = true;
  return t.inStorage(storage);
}

/** The same memory now, whatever the value's storage becomes. */
function snapshot(t: Tensor): Tensor {
  return t.inStorage(new Storage(t.memory));
}

function pinned(value: RuntimeValue): RuntimeValue {
  return isTensor(value) && value.storage !== null ? share(value) : value;
}
