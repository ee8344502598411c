/** In which order, and in whose memory, the operations of a lowered graph run (torch/_inductor/scheduler.py, codegen/wrapper.py). */
import type { Value } from "../../program/program.ts";
import { count, head, type Layout, layoutOf, moved } from "./layout.ts";
import {
  type Buffer,
  type Expression,
  type Load,
  type LoweredGraph,
  loadedLayout,
  type Operation,
  readsOf,
  type Step,
  usesOf,
} from "./operations.ts";
import { accessOf, isStraight } from "./operators.ts";
import { reorderForPeakMemory } from "./peak-memory.ts";

export interface Scheduled {
  readonly operation: Operation;
  /** The buffers in whose memory its results lie. */
  readonly reuses: ReadonlyMap<Buffer, Buffer>;
}

/** Orders the operations of a graph, and gives what they make memory: fused and pooled as inductor does, or as they stand. */
export function schedule(graph: LoweredGraph, reuse: "none" | "inductor" | "always"): Scheduled[] {
  const live = dropDead(graph);
  if (reuse === "none") return live.map((operation) => ({ operation, reuses: NONE }));
  const kernels = reuse === "inductor" ? reorderForPeakMemory(fuse(live), graph) : live.map((one) => [one]);
  return new MemoryPlan(kernels, graph).result();
}

const NONE: ReadonlyMap<Buffer, Buffer> = new Map();

/** Scheduler.dead_node_elimination */
function dropDead({ operations, outputs }: LoweredGraph): Operation[] {
  const needed = new Set<Buffer>();
  for (const output of outputs) if (output && "buffer" in output.data) needed.add(output.data.buffer);
  const live: Operation[] = [];
  for (let i = operations.length - 1; i >= 0; i--) {
    const operation = operations[i]!;
    const { target, makes } = operation;
    const keep = target
      ? target.buffer.kind === "input" || needed.has(target.buffer)
      : makes.some((buffer) => needed.has(buffer));
    if (!keep) continue;
    live.push(operation);
    if (target) needed.add(target.buffer);
    for (const buffer of readsOf(operation.expression)) needed.add(buffer);
  }
  return live.reverse();
}

/** Puts each loop beside an earlier one that it shares memory with, where nothing that the scheduler knows of stands between. */
function fuse(live: readonly Operation[]): Operation[][] {
  const kernels: Operation[][] = [];
  const touching = new Map<Buffer, number[]>();
  for (const operation of live) {
    const found = isLoop(operation) ? partner(kernels, touching, operation) : undefined;
    const at = found ?? kernels.push([]) - 1;
    kernels[at]!.push(operation);
    for (const buffer of [...usesOf(operation), ...operation.makes]) {
      const list = touching.get(buffer);
      if (list === undefined) touching.set(buffer, [at]);
      else if (list.at(-1) !== at) list.push(at);
    }
  }
  return kernels;
}

/** The latest kernel that an operation may join; only those that share memory with it can take it, or stand in its way. */
function partner(
  kernels: readonly Operation[][],
  touching: ReadonlyMap<Buffer, readonly number[]>,
  operation: Operation,
): number | undefined {
  const uses = usesOf(operation);
  const near = new Set<number>();
  for (const buffer of uses) for (const at of touching.get(buffer)?.slice(-MOST_NEAR) ?? []) near.add(at);
  const writes = operation.target?.buffer;
  for (const at of [...near].sort((a, b) => b - a).slice(0, MOST_NEAR)) {
    const kernel = kernels[at]!;
    if (kernel.every((other) => isLoop(other) && sameLoops(other, operation))) return at;
    const blocks = kernel.some(
      (other) =>
        other.makes.some((buffer) => uses.has(buffer)) ||
        (other.target !== null && uses.has(other.target.buffer)) ||
        (writes !== undefined && usesOf(other).has(writes)),
    );
    if (blocks) return undefined;
  }
  return undefined;
}

/** Kernels that are looked at for a partner, from the last on. */
const MOST_NEAR = 32;

const isLoop = ({ kind }: Operation): boolean => kind === "loop" || kind === "write";

/** CppScheduling.can_fuse: the same loops, or those of a reduction behind a pointwise one. */
function sameLoops(a: Operation, b: Operation): boolean {
  const [[outA, allA], [outB, allB]] = [loops(a), loops(b)];
  return allA === allB && (outA === outB || outA === allA);
}

/** How many elements a write writes. */
function written({ buffer, steps }: NonNullable<Operation["target"]>): number {
  const last = steps.at(-1);
  const layout = layoutOf(last?.view ?? buffer.value);
  return count(last?.head ? head(layout, layoutOf(last.head).sizes[2] ?? 0) : layout);
}

function extent(load: Load): number {
  const layout = loadedLayout(load);
  return layout === undefined ? 1 : count(layout);
}

/** How many elements an operation makes, and how many it goes over. */
function loops({ fx, target, expression }: Operation): [number, number] {
  if (target) {
    const own = written(target);
    return [own, own];
  }
  const own = count(layoutOf(fx.value));
  if (accessOf(fx.node) !== "reduction") return [own, own];
  return [own, Math.max(own, ...expression.loads.map(extent))];
}

/** What lies in whose memory (torch/_inductor/scheduler.py decide_inplace_update, codegen/wrapper.py memory_plan_reuse). */
class MemoryPlan {
  readonly #order: readonly Operation[];
  readonly #kernels = new Map<Operation, number>();
  /** The last operation of each kernel, and the last that uses each buffer. */
  readonly #ends: ReadonlySet<Operation | undefined>;
  readonly #lastUse = new Map<Buffer, Operation>();
  readonly #users = new Map<Buffer, Operation[]>();
  readonly #returned: ReadonlySet<Buffer | null>;
  /** Buffers that are used no more, by size. */
  readonly #free = new Map<string, Buffer[]>();
  readonly #taken = new Set<Buffer>();

  constructor(kernels: readonly (readonly Operation[])[], { outputs }: LoweredGraph) {
    this.#order = kernels.flat();
    this.#ends = new Set(kernels.map((kernel) => kernel.at(-1)));
    for (const [i, kernel] of kernels.entries())
      for (const operation of kernel) this.#kernels.set(operation, i);
    this.#returned = new Set(
      outputs.map((output) => (output && "buffer" in output.data ? output.data.buffer : null)),
    );
    for (const operation of this.#order) {
      for (const buffer of usesOf(operation)) {
        this.#lastUse.set(buffer, operation);
        const list = this.#users.get(buffer);
        if (list === undefined) this.#users.set(buffer, [operation]);
        else list.push(operation);
      }
    }
  }

  result(): Scheduled[] {
    const ending: Buffer[] = [];
    return this.#order.map((operation): Scheduled => {
      const reuses = this.#reuses(operation);
      if (operation.kind !== "cond") {
        for (const buffer of usesOf(operation)) {
          if (this.#lastUse.get(buffer) === operation && this.#isOwn(buffer)) ending.push(buffer);
        }
      }
      if (this.#ends.has(operation)) for (const buffer of ending.splice(0)) this.#release(buffer);
      return { operation, reuses };
    });
  }

  #reuses(operation: Operation): ReadonlyMap<Buffer, Buffer> {
    if (operation.kind !== "loop" && operation.kind !== "extern") return NONE;
    const reuses = new Map<Buffer, Buffer>();
    for (const made of operation.makes) {
      if (this.#isInternal(made, operation)) continue;
      const used =
        (operation.kind === "loop" && this.#inPlace(operation, made)) ||
        this.#free.get(size(made.value))?.pop();
      if (!used) continue;
      reuses.set(made, used);
      this.#taken.add(used);
    }
    return reuses;
  }

  #release(buffer: Buffer): void {
    if (this.#taken.has(buffer)) return;
    const key = size(buffer.value);
    const list = this.#free.get(key);
    if (list === undefined) this.#free.set(key, [buffer]);
    else list.push(buffer);
  }

  /** Whether a buffer lives within one kernel, and needs no memory. */
  #isInternal(buffer: Buffer, operation: Operation): boolean {
    const kernel = this.#kernels.get(operation);
    return (
      !this.#returned.has(buffer) &&
      (this.#users.get(buffer) ?? []).every((user) => this.#kernels.get(user) === kernel && isLoop(user))
    );
  }

  #isOwn(buffer: Buffer): boolean {
    return buffer.kind === "made" && !this.#returned.has(buffer);
  }

  /** A buffer that the operation reads last, each element for the one in its own place. */
  #inPlace(operation: Operation, made: Buffer): Buffer | undefined {
    const target = layoutOf(made.value);
    const kernel = this.#kernels.get(operation);
    for (const [buffer, accesses] of loadsOf(operation, target)) {
      if (!this.#isOwn(buffer) || this.#taken.has(buffer) || this.#lastUse.get(buffer) !== operation)
        continue;
      const others = this.#users.get(buffer)!.filter((user) => this.#kernels.get(user) === kernel);
      if (others.length > 1 || !accesses.every((one) => one !== undefined && sameAddresses(one.from, one.to)))
        continue;
      const [a, b] = [count(layoutOf(buffer.value)), count(target)];
      if (buffer.value.meta?.dtype === made.value.meta?.dtype && b <= a && b >= 0.95 * a) return buffer;
    }
    return undefined;
  }
}

const size = (value: Value): string => `${value.meta?.dtype}:${count(layoutOf(value))}`;

function sameAddresses(a: Layout, b: Layout): boolean {
  const plain = ({ sizes, strides }: Layout) => strides.filter((_, i) => sizes[i]! > 1).join();
  return (
    a.offset === b.offset && count(a) === count(b) && (plain(a) === plain(b) || (isDense(a) && isDense(b)))
  );
}

function isDense({ sizes, strides }: Layout): boolean {
  let expected = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    if (sizes[i]! > 1 && strides[i] !== expected) return false;
    expected *= sizes[i]!;
  }
  return true;
}

/** Where an operation reads a buffer, and where it puts what it makes of that; undefined for what is not told by layouts. */
type Access = { readonly from: Layout; readonly to: Layout } | undefined;

/** The buffers that an operation reads. */
function loadsOf({ expression, fx }: Operation, target: Layout): Map<Buffer, Access[]> {
  const found = new Map<Buffer, Access[]>();
  /** `path` leads from the expression out to `to`, which is what the operation makes or a part of it. */
  const work: { at: Expression; path: readonly Step[]; to: Layout | undefined }[] = [
    { at: expression, path: [], to: isStraight(expression.fx ?? fx) ? target : undefined },
  ];
  const seen = new Set<Expression>();
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { at, path, to } = next;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const [i, { data, steps }] of at.loads.entries()) {
      // The second operand of a scatter goes to a part of what it makes.
      const part = at.fx?.op === "scatter" && i === 1 ? layoutOf(at.fx.base) : to;
      const goal = to === undefined || (part !== to && path.length > 0) ? undefined : part;
      const all = part === to ? [...steps, ...path] : steps;
      if ("buffer" in data) {
        const list = found.get(data.buffer) ?? [];
        const from = goal && placeOf(layoutOf(data.buffer.value), all);
        list.push(from && goal ? { from, to: goal } : undefined);
        found.set(data.buffer, list);
      } else {
        work.push({ at: data.expression, path: all, to: isStraight(data.expression.fx) ? goal : undefined });
      }
    }
  }
  return found;
}

function placeOf(start: Layout, steps: readonly Step[]): Layout | undefined {
  let at: Layout | undefined = start;
  for (const { view, base, head: part } of steps) {
    at = at && moved(layoutOf(view), layoutOf(base), at);
    if (at && part) at = head(at, layoutOf(part).sizes[2] ?? 0);
  }
  return at;
}
