/** The order of kernels that needs the least memory (torch/_inductor/memory.py reorder_for_peak_memory). */
import { dtypeOfCode } from "../../tensor/dtype.ts";
import { count, layoutOf } from "./layout.ts";
import { type Buffer, type LoweredGraph, type Operation, readsOf, usesOf } from "./operations.ts";
import { elementsBetween } from "./operators.ts";

type Kernel = readonly Operation[];

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
  return best.map(({ kernel }) => kernel);
}

/** Beyond this, trying orders would cost more than all the rest. */
const MOST_KERNELS = 3000;

interface Unit {
  readonly kernel: Kernel;
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

class Plan {
  readonly kernels: readonly Unit[];
  readonly returned: ReadonlySet<Buffer>;
  readonly users = new Map<Buffer, Set<Unit>>();

  constructor(kernels: readonly Kernel[], { operations, outputs }: LoweredGraph) {
    this.returned = new Set(
      outputs.flatMap((output) => (output && "buffer" in output.data ? [output.data.buffer] : [])),
    );
    const used = new Set([...this.returned, ...operations.flatMap((operation) => [...usesOf(operation)])]);
    this.kernels = kernels.map((kernel, index) => {
      const makes = kernel.flatMap((operation) => operation.makes).filter((buffer) => used.has(buffer));
      const scratch = kernel.reduce((sum, operation) => sum + scratchOf(operation), 0);
      const size = makes.reduce((sum, buffer) => sum + bytes(buffer), scratch);
      return { kernel, index, before: new Set(), after: new Set(), reads: new Set(), makes, size, scratch };
    });
    const writers = new Map<Buffer, Unit>();
    const readers = new Map<Buffer, Unit[]>();
    let lastCond: Unit | undefined;
    for (const unit of this.kernels) {
      for (const operation of unit.kernel) {
        for (const buffer of operation.makes) writers.set(buffer, unit);
        for (const buffer of readsOf(operation.expression)) this.#depend(unit, writers.get(buffer));
        if (operation.target) {
          const { buffer } = operation.target;
          this.#depend(unit, writers.get(buffer));
          for (const reader of readers.get(buffer) ?? []) this.#depend(unit, reader);
          writers.set(buffer, unit);
          readers.set(buffer, []);
        }
        for (const buffer of usesOf(operation)) {
          const list = readers.get(buffer);
          if (list === undefined) readers.set(buffer, [unit]);
          else if (list.at(-1) !== unit) list.push(unit);
          this.#use(unit, buffer);
        }
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
    const step = new Map(order.map((unit, i) => [unit, i]));
    const change = new Float64Array(order.length + 2);
    const end = (buffer: Buffer, otherwise: number): number => {
      let last = otherwise;
      for (const user of this.users.get(buffer) ?? []) last = Math.max(last, step.get(user)!);
      return last;
    };
    const hold = (buffer: Buffer, from: number): void => {
      change[from]! += bytes(buffer);
      if (!this.returned.has(buffer)) change[end(buffer, from) + 1]! -= bytes(buffer);
    };
    for (const [i, { makes, scratch }] of order.entries()) {
      for (const buffer of makes) hold(buffer, i);
      change[i]! += scratch;
      change[i + 1]! -= scratch;
    }
    let [now, most] = [0, 0];
    for (const by of change) most = Math.max(most, (now += by));
    return most;
  }
}

function bytes(buffer: Buffer): number {
  return count(layoutOf(buffer.value)) * itemsize(buffer);
}

function itemsize({ value: { meta } }: Buffer): number {
  return meta ? dtypeOfCode(meta.dtype).itemsize : 0;
}

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
    frees.set(unit, (frees.get(unit) ?? 0) + bytes(buffer));
  };
  for (const unit of plan.kernels) {
    frees.set(unit, unit.scratch);
    for (const buffer of unit.reads) if (usesLeft(buffer) === 1) free(unit, buffer);
    for (const buffer of unit.makes) if (usesLeft(buffer) === 0) free(unit, buffer);
  }
  let live = 0;
  let most = [...plan.returned].reduce(
    (sum, buffer) => sum + (buffer.kind === "made" ? bytes(buffer) : 0),
    0,
  );
  const ready = new Set(plan.kernels.filter((unit) => unit.before.size === 0));
  const order: Unit[] = [];
  while (ready.size > 0) {
    const gap = most - live;
    const rank = (unit: Unit): [number, number, number] => [
      unit.size > gap ? unit.size : 0,
      unit.size - (frees.get(unit) ?? 0),
      unit.index,
    ];
    const next = least(ready, rank);
    ready.delete(next);
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
      if (left === 1) for (const user of plan.users.get(buffer) ?? []) free(user, buffer);
    }
  }
  return order;
}

/** topological_sort_bfs: what depends on what ran earliest. */
function breadthFirst(plan: Plan): Unit[] {
  const open = new Map(plan.kernels.map((unit) => [unit, unit.before.size]));
  const place = new Map<Unit, number>();
  const ready = new Map<Unit, readonly number[]>();
  for (const unit of plan.kernels) if (unit.before.size === 0) ready.set(unit, []);
  const order: Unit[] = [];
  while (ready.size > 0) {
    const next = least(ready.keys(), (unit) => [...ready.get(unit)!, -1, unit.index]);
    ready.delete(next);
    place.set(next, order.length);
    order.push(next);
    for (const later of next.after) {
      const left = open.get(later)! - 1;
      open.set(later, left);
      if (left === 0)
        ready.set(
          later,
          [...later.before].map((unit) => place.get(unit)!).sort((a, b) => a - b),
        );
    }
  }
  return order;
}

/** topological_sort_dfs: small ones first, each behind what it needs. */
function depthFirst(plan: Plan): Unit[] {
  const weight = (unit: Unit): number =>
    [...unit.reads].reduce((sum, buffer) => sum + bytes(buffer), unit.size);
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

/** The unit of the lowest rank, compared number by number. */
function least(units: Iterable<Unit>, rank: (unit: Unit) => readonly number[]): Unit {
  let best: Unit | undefined;
  let lowest: readonly number[] = [];
  for (const unit of units) {
    const own = rank(unit);
    const at = own.findIndex((number, i) => number !== lowest[i]);
    if (best === undefined || own[at]! < lowest[at]!) [best, lowest] = [unit, own];
  }
  return best!;
}
