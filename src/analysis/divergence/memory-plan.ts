/** In whose memory the results of operations lie (torch/_inductor/scheduler.py decide_inplace_update, codegen/wrapper.py AllocateLine). */
import { accessesOf } from "./accesses.ts";
import { count, isDense, type Layout, layoutOf } from "./layout.ts";
import type { MemoryUse } from "./memory-use.ts";
import { type Buffer, type LoweredGraph, type Operation, usesOf } from "./operations.ts";
import { allocates, isStraight } from "./operators.ts";
import type { Scheduled } from "./schedule.ts";
import { bytesOf, isLoop, type SchedulerNode } from "./scheduler-nodes.ts";

/** Memory that is used no more, behind which kernel. */
interface Free {
  readonly buffer: Buffer;
  readonly step: number;
}

/** What is run together. */
interface Together {
  readonly nodes: readonly Pick<SchedulerNode, "operation" | "index">[];
}

/** What keeps inductor from using memory again wherever it may. */
interface Restraint {
  readonly weakUsers: ReadonlyMap<Buffer, readonly SchedulerNode[]>;
  readonly memory: MemoryUse;
}

export class MemoryPlan {
  readonly #kernels: readonly Together[];
  readonly #restraint: Restraint | null;
  readonly #stepOf = new Map<Operation, number>();
  readonly #names = new Map<Buffer, string>();
  readonly #lastUse = new Map<Buffer, Operation>();
  readonly #users = new Map<Buffer, Operation[]>();
  readonly #returned: ReadonlySet<Buffer | null>;
  /** By size; the last one is taken first. */
  readonly #free = new Map<string, Free[]>();
  readonly #taken = new Set<Buffer>();
  readonly #written = new Set<Buffer>();

  constructor(kernels: readonly Together[], { outputs }: LoweredGraph, restraint: Restraint | null) {
    this.#kernels = kernels;
    this.#restraint = restraint;
    this.#returned = new Set(
      outputs.map((output) => (output && "buffer" in output.data ? output.data.buffer : null)),
    );
    for (const [step, { nodes }] of kernels.entries()) {
      for (const { operation, index } of nodes) {
        this.#stepOf.set(operation, step);
        for (const buffer of operation.makes) this.#names.set(buffer, `buf${index}`);
        for (const buffer of usesOf(operation)) {
          this.#lastUse.set(buffer, operation);
          const list = this.#users.get(buffer);
          if (list === undefined) this.#users.set(buffer, [operation]);
          else list.push(operation);
        }
      }
    }
  }

  /** Kernels up to the next call of something else are one function, and give their memory back behind it. */
  result(): Scheduled[] {
    const result: Scheduled[] = [];
    let ending: Buffer[] = [];
    for (const [step, { nodes }] of this.#kernels.entries()) {
      const isCall = !nodes.every(({ operation }) => isLoop(operation));
      if (isCall) ending = this.#release(ending, step - 1);
      for (const { operation } of nodes) {
        result.push({ operation, reuses: this.#reuses(operation, step) });
        if (operation.target) this.#written.add(operation.target.buffer);
        if (operation.kind === "cond") continue;
        for (const buffer of usesOf(operation))
          if (this.#lastUse.get(buffer) === operation && this.#isOwn(buffer)) ending.push(buffer);
      }
      if (isCall || this.#restraint === null) ending = this.#release(ending, step);
    }
    return result;
  }

  #release(buffers: readonly Buffer[], step: number): Buffer[] {
    const named = (buffer: Buffer): string => this.#names.get(buffer) ?? "";
    for (const buffer of [...buffers].sort((a, b) => (named(a) < named(b) ? -1 : 1))) {
      if (this.#taken.has(buffer)) continue;
      const key = size(buffer);
      const list = this.#free.get(key);
      if (list === undefined) this.#free.set(key, [{ buffer, step }]);
      else list.push({ buffer, step });
    }
    return [];
  }

  #reuses(operation: Operation, step: number): ReadonlyMap<Buffer, Buffer> {
    if (operation.kind !== "loop" && !(operation.kind === "extern" && this.#isHanded(operation))) return NONE;
    const reuses = new Map<Buffer, Buffer>();
    for (const made of operation.makes) {
      if (this.#isInternal(made, step)) continue;
      const used =
        (operation.kind === "loop" ? this.#inPlace(operation, made, step) : undefined) ??
        this.#pooled(made, step);
      if (used === undefined) continue;
      reuses.set(made, used);
      this.#taken.add(used);
    }
    return reuses;
  }

  /** Whether a kernel is given the memory for its result; many of ATen's own take new memory. */
  #isHanded({ fx }: Operation): boolean {
    return this.#restraint === null || (fx.op !== "list" && !allocates(fx.node?.target ?? ""));
  }

  #pooled(made: Buffer, step: number): Buffer | undefined {
    const list = this.#free.get(size(made));
    const last = list?.at(-1);
    if (last === undefined) return undefined;
    if (this.#restraint?.memory.mayHold(last.step, step, bytesOf(made)) === false) return undefined;
    list!.pop();
    return last.buffer;
  }

  /** Whether a buffer lives within one kernel, and needs no memory. */
  #isInternal(buffer: Buffer, step: number): boolean {
    return (
      !this.#returned.has(buffer) &&
      (this.#users.get(buffer) ?? []).every((user) => this.#stepOf.get(user) === step && isLoop(user))
    );
  }

  #isOwn(buffer: Buffer): boolean {
    return buffer.kind === "made" && !this.#returned.has(buffer);
  }

  /** A buffer that the operation reads last, each element for the one in its own place. */
  #inPlace(operation: Operation, made: Buffer, step: number): Buffer | undefined {
    const { expression } = operation;
    const target = layoutOf(made.value);
    for (const [buffer, accesses] of accessesOf(operation, isStraight(expression.fx) ? target : null)) {
      if (!this.#isOwn(buffer) || this.#taken.has(buffer) || this.#lastUse.get(buffer) !== operation)
        continue;
      if (this.#restraint && (this.#written.has(buffer) || this.#isAwaited(buffer, step))) continue;
      const others = this.#users.get(buffer)!.filter((user) => this.#stepOf.get(user) === step);
      if (others.length > 1 || !accesses.every((one) => one !== undefined && sameAddresses(one.from, one.to)))
        continue;
      const [a, b] = [count(layoutOf(buffer.value)), count(target)];
      if (buffer.value.meta?.dtype === made.value.meta?.dtype && b <= a && b >= 0.95 * a) return buffer;
    }
    return undefined;
  }

  /** Whether a write that is still to come waits for the buffer: that counts as a use of it. */
  #isAwaited(buffer: Buffer, step: number): boolean {
    return (this.#restraint?.weakUsers.get(buffer) ?? []).some(
      ({ operation }) => (this.#stepOf.get(operation) ?? -1) > step,
    );
  }
}

const NONE: ReadonlyMap<Buffer, Buffer> = new Map();

const size = ({ value }: Buffer): string => `${value.meta?.dtype}:${count(layoutOf(value))}`;

function sameAddresses(a: Layout, b: Layout): boolean {
  const plain = ({ sizes, strides }: Layout) => strides.filter((_, i) => sizes[i]! > 1).join();
  return (
    a.offset === b.offset && count(a) === count(b) && (plain(a) === plain(b) || (isDense(a) && isDense(b)))
  );
}
