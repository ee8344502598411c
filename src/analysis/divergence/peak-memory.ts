/** The order of kernels that needs the least memory (torch/_inductor/memory.py reorder_for_peak_memory). */
import type { Kernel } from "./fusion.ts";
import { Heap } from "./heap.ts";
import { type Buffer, type LoweredGraph, type Operation, usesOf } from "./operations.ts";
import { elementsApart, elementsBetween } from "./operators.ts";
import { bytesOf, itemsize } from "./scheduler-nodes.ts";

/** Kernels in the order of the graph, or in one of those that inductor tries, if that one needs less memory at its worst. */
export function reorderForPeakMemory(kernels: readonly Kernel[], graph: LoweredGraph): readonly Kernel[] {
  if (kernels.length < 2 || kernels.length > MOST_KERNELS) return kernels;
  const plan = new Plan(kernels, graph);
  let best = plan.kernels;
  let least = plan.peak(best);
  for (const order of [leastMemoryFirst(plan), breadthFirst(plan), depthFirst(plan)]) {
    const peak = plan.peak(order);
    if (peak < least) [best, least] = [order, peak];
  }
  return best.filter(({ isStep }) => !isStep).map(({ kernel }) => kernel);
}

/** Beyond this, trying orders would cost more than all the rest. */
export const MOST_KERNELS = 3000;

interface Unit {
  readonly kernel: Kernel;
  /** Whether it is only a first step of the kernel, which inductor runs apart. */
  readonly isStep: boolean;
  readonly index: number;
  readonly before: Set<Unit>;
  readonly after: Set<Unit>;
  /** Buffers of other units that it reads or writes. */
  readonly reads: Set<Buffer>;
  readonly makes: readonly Buffer[];
  /** Bytes that it takes, and those of them that it gives back at once. */
  readonly size: number;
  readonly scratch: number;
}

export class Plan {
  readonly kernels: readonly Unit[];
  readonly returned: ReadonlySet<Buffer>;
  readonly users = new Map<Buffer, Set<Unit>>();

  constructor(kernels: readonly Kernel[], { operations, outputs }: LoweredGraph) {
    this.returned = new Set(
      outputs.flatMap((output) => (output && "buffer" in output.data ? [output.data.buffer] : [])),
    );
    const used = new Set([...this.returned, ...operations.flatMap((operation) => [...usesOf(operation)])]);
    const unitOf = new Map<number, Unit>();
    const steps = new Map<Operation, Unit>();
    const units: Unit[] = [];
    const add = (kernel: Kernel, isStep: boolean, makes: readonly Buffer[], scratch: number): Unit => {
      const size = makes.reduce((sum, buffer) => sum + bytesOf(buffer), scratch);
      const index = units.length;
      const [before, after, reads] = [new Set<Unit>(), new Set<Unit>(), new Set<Buffer>()];
      const unit: Unit = { kernel, isStep, index, before, after, reads, makes, size, scratch };
      units.push(unit);
      return unit;
    };
    for (const kernel of kernels) {
      const all = kernel.nodes.map(({ operation }) => operation);
      const apart = all.filter(isInTwo);
      const between = apart.map((operation) => ({ ...operation.makes[0]! }));
      for (const [i, operation] of apart.entries()) steps.set(operation, add(kernel, true, [between[i]!], 0));
      const makes = all.flatMap((operation) => operation.makes).filter((buffer) => used.has(buffer));
      const scratch = all.reduce((sum, one) => sum + (steps.has(one) ? 0 : scratchOf(one)), 0);
      const unit = add(kernel, false, makes, scratch);
      for (const [i, operation] of apart.entries()) {
        this.#depend(unit, steps.get(operation));
        this.#use(unit, between[i]!);
      }
      for (const node of kernel.nodes) unitOf.set(node.index, unit);
    }
    this.kernels = units;
    let lastCond: Unit | undefined;
    for (const unit of units) {
      if (unit.isStep) continue;
      for (const { operation, reads } of unit.kernel.nodes) {
        const at = steps.get(operation) ?? unit;
        for (const { version } of reads)
          if (version.writer !== null && unitOf.get(version.writer.index) !== unit)
            this.#depend(at, unitOf.get(version.writer.index));
        for (const buffer of usesOf(operation)) this.#use(unit.makes.includes(buffer) ? unit : at, buffer);
        if (operation.kind === "cond") {
          this.#depend(unit, lastCond);
          lastCond = unit;
        }
      }
    }
  }

  #depend(unit: Unit, on: Unit | undefined): void {
    if (on === undefined || on === unit) return;
    unit.before.add(on);
    on.after.add(unit);
  }

  #use(unit: Unit, buffer: Buffer): void {
    if (buffer.kind === "input" || unit.makes.includes(buffer)) return;
    unit.reads.add(buffer);
    const users = this.users.get(buffer);
    if (users === undefined) this.users.set(buffer, new Set([unit]));
    else users.add(unit);
  }

  /** The most memory that is held at once. */
  peak(order: readonly Unit[]): number {
    return this.held(order).reduce((a, b) => Math.max(a, b), 0);
  }

  /** The memory that is held at each step. */
  held(order: readonly Unit[]): number[] {
    const step = new Map(order.map((unit, i) => [unit, i]));
    const change = new Float64Array(order.length + 2);
    const end = (buffer: Buffer, otherwise: number): number => {
      let last = otherwise;
      for (const user of this.users.get(buffer) ?? []) last = Math.max(last, step.get(user)!);
      return last;
    };
    const hold = (buffer: Buffer, from: number): void => {
      change[from]! += bytesOf(buffer);
      if (!this.returned.has(buffer)) change[end(buffer, from) + 1]! -= bytesOf(buffer);
    };
    for (const [i, { makes, scratch }] of order.entries()) {
      for (const buffer of makes) hold(buffer, i);
      change[i]! += scratch;
      change[i + 1]! -= scratch;
    }
    let now = 0;
    return Array.from(change.subarray(0, order.length), (by) => (now += by));
  }
}

/** Whether a softmax over so few elements that inductor unrolls it, which runs as two kernels: powers, and their shares. */
const isInTwo = ({ fx, makes: [made] }: Operation): boolean =>
  made !== undefined && fx.node !== null && elementsApart(fx.node) > 0;

/** What a reduction's steps take besides its result: the sum of a mean, the statistics of a norm. */
function scratchOf({ fx, makes }: Operation): number {
  const [made] = makes;
  if (made === undefined || fx.node === null) return 0;
  return elementsBetween(fx.node) * itemsize(made);
}

/** topological_sort_lpmf: what keeps below the peak and frees most; or else what takes least. */
function leastMemoryFirst(plan: Plan): Unit[] {
  const open = new Map(plan.kernels.map((unit) => [unit, unit.before.size]));
  const uses = new Map<Buffer, number>();
  const usesLeft = (buffer: Buffer): number =>
    uses.get(buffer) ?? (plan.users.get(buffer)?.size ?? 0) + (plan.returned.has(buffer) ? 1 : 0);
  const frees = new Map<Unit, number>();
  const free = (unit: Unit, buffer: Buffer): void => {
    frees.set(unit, (frees.get(unit) ?? 0) + bytesOf(buffer));
  };
  for (const unit of plan.kernels) {
    frees.set(unit, unit.scratch);
    for (const buffer of unit.reads) if (usesLeft(buffer) === 1) free(unit, buffer);
    for (const buffer of unit.makes) if (usesLeft(buffer) === 0) free(unit, buffer);
  }
  let live = 0;
  let most = [...plan.returned].reduce(
    (sum, buffer) => sum + (buffer.kind === "made" ? bytesOf(buffer) : 0),
    0,
  );
  const ready = new Ready((unit) => unit.size - frees.get(unit)!);
  for (const unit of plan.kernels) if (unit.before.size === 0) ready.add(unit);
  const order: Unit[] = [];
  for (let next = ready.take(most - live); next !== undefined; next = ready.take(most - live)) {
    order.push(next);
    live += next.size;
    most = Math.max(most, live);
    live -= frees.get(next) ?? 0;
    for (const later of next.after) {
      const left = open.get(later)! - 1;
      open.set(later, left);
      if (left === 0) ready.add(later);
    }
    for (const buffer of next.reads) {
      const left = usesLeft(buffer) - 1;
      uses.set(buffer, left);
      if (left !== 1) continue;
      for (const user of plan.users.get(buffer) ?? []) {
        free(user, buffer);
        ready.changed(user);
      }
    }
  }
  return order;
}

/** Units that may run, by what they take; of those that take as much, first the one that takes least for good. */
class Ready {
  readonly #net: (unit: Unit) => number;
  readonly #units = new Set<Unit>();
  readonly #bySize = new Map<number, Heap<{ readonly unit: Unit; readonly net: number }>>();

  constructor(net: (unit: Unit) => number) {
    this.#net = net;
  }

  add(unit: Unit): void {
    this.#units.add(unit);
    this.changed(unit);
  }

  /** What a unit takes for good has become less. */
  changed(unit: Unit): void {
    if (!this.#units.has(unit)) return;
    let heap = this.#bySize.get(unit.size);
    if (heap === undefined) {
      heap = new Heap((a, b) => a.net - b.net < 0 || (a.net === b.net && a.unit.index < b.unit.index));
      this.#bySize.set(unit.size, heap);
    }
    heap.push({ unit, net: this.#net(unit) });
  }

  /** The next one: among those that take no more than there is, or else among those that take least. */
  take(room: number): Unit | undefined {
    let best: Unit | undefined;
    const comesFirst = (unit: Unit, before: Unit): boolean => {
      const [a, b] = [unit.size > room ? unit.size : 0, before.size > room ? before.size : 0];
      return a - b < 0 || (a === b && this.#isLess(unit, before));
    };
    for (const heap of this.#bySize.values()) {
      for (let at = heap.first(); at !== undefined; at = heap.first()) {
        if (this.#units.has(at.unit) && at.net === this.#net(at.unit)) break;
        heap.pop();
      }
      const unit = heap.first()?.unit;
      if (unit !== undefined && (best === undefined || comesFirst(unit, best))) best = unit;
    }
    if (best !== undefined) this.#units.delete(best);
    return best;
  }

  #isLess(a: Unit, b: Unit): boolean {
    const by = this.#net(a) - this.#net(b);
    return by < 0 || (by === 0 && a.index < b.index);
  }
}

/** topological_sort_bfs: what depends on what ran earliest. */
function breadthFirst(plan: Plan): Unit[] {
  const open = new Map(plan.kernels.map((unit) => [unit, unit.before.size]));
  const place = new Map<Unit, number>();
  const ready = new Heap<{ readonly unit: Unit; readonly rank: readonly number[] }>((a, b) => {
    const at = a.rank.findIndex((number, i) => number !== b.rank[i]);
    return at >= 0 && a.rank[at]! < b.rank[at]!;
  });
  const add = (unit: Unit): void => {
    const behind = [...unit.before].map((one) => place.get(one)!).sort((a, b) => a - b);
    ready.push({ unit, rank: [...behind, -1, unit.index] });
  };
  for (const unit of plan.kernels) if (unit.before.size === 0) add(unit);
  const order: Unit[] = [];
  for (let next = ready.pop()?.unit; next !== undefined; next = ready.pop()?.unit) {
    place.set(next, order.length);
    order.push(next);
    for (const later of next.after) {
      const left = open.get(later)! - 1;
      open.set(later, left);
      if (left === 0) add(later);
    }
  }
  return order;
}

/** topological_sort_dfs: small ones first, each behind what it needs. */
function depthFirst(plan: Plan): Unit[] {
  const weight = (unit: Unit): number =>
    [...unit.reads].reduce((sum, buffer) => sum + bytesOf(buffer), unit.size);
  const weights = new Map(plan.kernels.map((unit) => [unit, weight(unit)]));
  const byWeight = (a: Unit, b: Unit): number => weights.get(a)! - weights.get(b)! || a.index - b.index;
  const seen = new Set<Unit>();
  const order: Unit[] = [];
  const enter = (unit: Unit): Frame | null => {
    if (seen.has(unit)) return null;
    seen.add(unit);
    return { unit, waiting: [...unit.before].sort(byWeight).reverse() };
  };
  for (const first of [...plan.kernels].sort(byWeight)) {
    const start = enter(first);
    const stack = start ? [start] : [];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const next = at.waiting.pop();
      const inner = next && enter(next);
      if (inner) stack.push(inner);
      else if (next === undefined) order.push(stack.pop()!.unit);
    }
  }
  return order;
}

interface Frame {
  readonly unit: Unit;
  readonly waiting: Unit[];
}
