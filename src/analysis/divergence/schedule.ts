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
import { isReduction, isStraight } from "./operators.ts";

export interface Scheduled {
  readonly operation: Operation;
  /** The buffers in whose memory its results lie. */
  readonly reuses: ReadonlyMap<Buffer, Buffer>;
}

export function schedule(graph: LoweredGraph): Scheduled[] {
  const live = dropDead(graph);
  return assignMemory(live, graph);
}

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
  for (const operation of live) {
    const into = isLoop(operation) ? partner(kernels, operation) : undefined;
    if (into === undefined) kernels.push([operation]);
    else into.push(operation);
  }
  return kernels;
}

function partner(kernels: readonly Operation[][], operation: Operation): Operation[] | undefined {
  const uses = usesOf(operation);
  const writes = operation.target?.buffer;
  for (let i = kernels.length - 1; i >= 0; i--) {
    const kernel = kernels[i]!;
    const shares = kernel.some((other) => {
      const of = usesOf(other);
      return [...uses].some((buffer) => of.has(buffer) || other.makes.includes(buffer));
    });
    if (shares && kernel.every((other) => isLoop(other) && sameLoops(other, operation))) return kernel;
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
  if (!isReduction(fx.node)) return [own, own];
  return [own, Math.max(own, ...expression.loads.map(extent))];
}

function assignMemory(live: readonly Operation[], graph: LoweredGraph): Scheduled[] {
  const kernels = fuse(live);
  const kernel = new Map(kernels.flatMap((members, i) => members.map((member) => [member, i] as const)));
  const order = kernels.flat();
  const lastUse = new Map<Buffer, Operation>();
  const returned = new Set(
    graph.outputs.map((output) => (output && "buffer" in output.data ? output.data.buffer : null)),
  );
  const users = new Map<Buffer, Operation[]>();
  for (const operation of order) {
    for (const buffer of usesOf(operation)) {
      lastUse.set(buffer, operation);
      users.set(buffer, [...(users.get(buffer) ?? []), operation]);
    }
  }
  const endOfKernel = new Map<number, Operation>();
  for (const operation of order) endOfKernel.set(kernel.get(operation)!, operation);
  const free: Buffer[] = [];
  const taken = new Set<Buffer>();
  const internal = (buffer: Buffer, operation: Operation): boolean =>
    !returned.has(buffer) &&
    (users.get(buffer) ?? []).every(
      (user) => kernel.get(user) === kernel.get(operation) && user.kind !== "extern" && user.kind !== "cond",
    );
  const pending: Buffer[] = [];
  return order.map((operation): Scheduled => {
    const reuses = new Map<Buffer, Buffer>();
    if (operation.kind === "loop" || operation.kind === "extern") {
      for (const made of operation.makes) {
        if (internal(made, operation)) continue;
        const used = (operation.kind === "loop" && inPlace(operation, made)) || pooled(made);
        if (used) {
          reuses.set(made, used);
          taken.add(used);
        }
      }
    }
    for (const buffer of usesOf(operation)) {
      if (lastUse.get(buffer) === operation && isOwn(buffer) && operation.kind !== "cond")
        pending.push(buffer);
    }
    if (endOfKernel.get(kernel.get(operation)!) === operation) {
      for (const buffer of pending.splice(0)) if (!taken.has(buffer)) free.push(buffer);
    }
    return { operation, reuses };
  });

  function isOwn(buffer: Buffer): boolean {
    return buffer.kind === "made" && !returned.has(buffer);
  }

  function pooled(made: Buffer): Buffer | undefined {
    const at = free.findLastIndex((buffer) => size(buffer.value) === size(made.value));
    return at === -1 ? undefined : free.splice(at, 1)[0];
  }

  function inPlace(operation: Operation, made: Buffer): Buffer | undefined {
    const target = layoutOf(made.value);
    for (const [buffer, places] of loadsOf(operation)) {
      if (!isOwn(buffer) || taken.has(buffer) || lastUse.get(buffer) !== operation) continue;
      const others = users.get(buffer)!.filter((user) => kernel.get(user) === kernel.get(operation));
      if (others.length > 1 || !places.every((place) => place !== undefined && sameAddresses(place, target)))
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

/** The buffers that an operation reads, with the layouts that the elements it goes over have there; undefined where it reads others than those in its own place. */
function loadsOf({ expression, fx }: Operation): Map<Buffer, (Layout | undefined)[]> {
  const found = new Map<Buffer, (Layout | undefined)[]>();
  /** `path` leads from the expression out to what the operation makes. */
  const work: { at: Expression; path: readonly Step[]; straight: boolean }[] = [
    { at: expression, path: [], straight: isStraight(expression.fx ?? fx) },
  ];
  const seen = new Set<Expression>();
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { at, path, straight } = next;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const { data, steps } of at.loads) {
      const all = [...steps, ...path];
      if ("buffer" in data) {
        const list = found.get(data.buffer) ?? [];
        list.push(straight ? placeOf(layoutOf(data.buffer.value), all) : undefined);
        found.set(data.buffer, list);
      } else {
        work.push({ at: data.expression, path: all, straight: straight && isStraight(data.expression.fx) });
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
