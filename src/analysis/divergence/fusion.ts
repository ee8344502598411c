/** Which operations become one kernel (torch/_inductor/scheduler.py fuse_nodes, codegen/cpp.py CppScheduling.can_fuse_vertical). */
import { loopsOf } from "./loops.ts";
import type { Operation } from "./operations.ts";
import { isNorm } from "./operators.ts";
import { type Dependency, isLoop, type SchedulerNode, type Version, writersOf } from "./scheduler-nodes.ts";
import { topological } from "./topological.ts";

/** One kernel, or a call of another's. */
export interface Kernel {
  readonly nodes: readonly SchedulerNode[];
  readonly first: number;
  readonly last: number;
  /** By node. */
  readonly members: Bits;
  readonly ancestors: Bits;
  readonly reads: ReadonlyMap<string, Dependency>;
  readonly writes: ReadonlyMap<string, Dependency>;
  readonly outer: readonly number[];
  readonly reduced: readonly number[];
  readonly sizes: string | null;
  readonly isReduction: boolean;
}

/** A set of nodes. */
type Bits = Uint32Array;

const has = (bits: Bits, i: number): boolean => ((bits[i >> 5]! >> (i & 31)) & 1) === 1;
const meets = (a: Bits, b: Bits): boolean => a.some((word, i) => (word & b[i]!) !== 0);
const joined = (a: Bits, b: Bits): Bits => a.map((word, i) => word | b[i]!);

function* members(bits: Bits): Iterable<number> {
  for (const [word, value] of bits.entries())
    for (let rest = value; rest !== 0; rest &= rest - 1) yield word * 32 + 31 - Math.clz32(rest & -rest);
}

/** Kernels in an order in which each comes behind what it depends on. */
export function fuse(nodes: readonly SchedulerNode[]): readonly Kernel[] {
  return new Fusion(nodes).result();
}

/** Rounds, and how near in a buffer's list of users two kernels have to be to be tried. */
const [ROUNDS, NEAR] = [10, 64];
/** config.max_fusion_size, cpp.max_horizontal_fusion_size, config.score_fusion_memory_threshold */
const [MOST, MOST_BESIDE, LEAST_SHARED] = [64, 16, 10];
/** Beyond this, what comes before what would take too much memory to know. */
const MOST_NODES = 4096;

class Fusion {
  /** The kernel of each node. */
  readonly #kernels: Kernel[] = [];

  constructor(nodes: readonly SchedulerNode[]) {
    const words = nodes.length > MOST_NODES ? 0 : (nodes.length + 31) >> 5;
    for (const node of nodes) this.#kernels.push(this.#single(node, words));
  }

  #single(node: SchedulerNode, words: number): Kernel {
    const [own, ancestors] = [new Uint32Array(words), new Uint32Array(words)];
    own[node.index >> 5]! |= 1 << (node.index & 31);
    for (const { version } of words > 0 ? node.reads : []) {
      const { writer } = version;
      if (writer === null) continue;
      ancestors[writer.index >> 5]! |= 1 << (writer.index & 31);
      for (const [i, word] of this.#kernels[writer.index]?.ancestors.entries() ?? []) ancestors[i]! |= word;
    }
    const loops = isLoop(node.operation) ? loopsOf(node.operation) : undefined;
    return {
      nodes: [node],
      first: node.index,
      last: node.index,
      members: own,
      ancestors,
      reads: new Map(node.reads.map((read) => [read.key, read])),
      writes: new Map(node.writes.map((write) => [write.key, write])),
      outer: loops?.outer ?? [],
      reduced: loops?.reduced ?? [],
      sizes: loops?.sizes ?? null,
      isReduction: loops?.isReduction ?? false,
    };
  }

  result(): readonly Kernel[] {
    let kernels: readonly Kernel[] = this.#kernels;
    if (kernels.length < 2 || kernels.length > MOST_NODES) return kernels;
    for (let round = 0; round < ROUNDS; round++) {
      const before = kernels.length;
      kernels = this.#round(kernels);
      if (kernels.length === before || kernels.length === 1) break;
    }
    return kernels;
  }

  #round(kernels: readonly Kernel[]): readonly Kernel[] {
    for (const [a, b] of this.#pairs(kernels)) {
      const [one, other] = [this.#kernelOf(a), this.#kernelOf(b)];
      if (this.#canFuse(one, other) && !this.#makesCycle(one, other)) this.#fuse(one, other);
    }
    const left = [...new Set(this.#kernels)].sort((a, b) => a.first - b.first);
    return this.#sorted(left);
  }

  #kernelOf({ first }: Kernel): Kernel {
    return this.#kernels[first]!;
  }

  /** Kernels that may be fused, the most worth while first. */
  #pairs(kernels: readonly Kernel[]): (readonly [Kernel, Kernel])[] {
    const users = new Map<Version, Kernel[]>();
    for (const kernel of kernels) {
      if (!kernel.nodes.every(({ operation }) => isLoop(operation))) continue;
      const versions = [...kernel.reads.values(), ...kernel.writes.values()].map(({ version }) => version);
      for (const version of new Set(versions)) {
        const list = users.get(version);
        if (list === undefined) users.set(version, [kernel]);
        else list.push(kernel);
      }
    }
    const seen = new Map<Kernel, Set<Kernel>>();
    const found: { pair: readonly [Kernel, Kernel]; isOuter: boolean; rank: readonly number[] }[] = [];
    for (const list of users.values()) {
      for (const [i, a] of list.entries()) {
        for (const b of list.slice(i + 1, i + 1 + NEAR)) {
          let others = seen.get(a);
          if (others === undefined) seen.set(a, (others = new Set()));
          if (others.has(b)) continue;
          others.add(b);
          if (!this.#canFuse(a, b)) continue;
          const alike = a.isReduction === b.isReduction ? 1 : 0;
          found.push({
            pair: [a, b],
            isOuter: !fitsInto(a, b),
            rank: [alike, shared(a, b), -distance(a, b)],
          });
        }
      }
    }
    const best = found.some(({ isOuter }) => !isOuter) ? found.filter(({ isOuter }) => !isOuter) : found;
    return best
      .sort((a, b) => b.rank[0]! - a.rank[0]! || b.rank[1]! - a.rank[1]! || b.rank[2]! - a.rank[2]!)
      .map(({ pair }) => pair);
  }

  /** Scheduler.can_fuse: `b` comes behind `a`, or neither depends on the other. */
  #canFuse(a: Kernel, b: Kernel): boolean {
    if (a === b || meets(b.members, a.ancestors)) return false;
    const score = shared(a, b);
    const size = a.nodes.length + b.nodes.length;
    if (score === 0 || size > MOST) return false;
    if (meets(a.members, b.ancestors)) return fitsInto(a, b) && this.#canFollow(a, b);
    return score >= LEAST_SHARED && distance(a, b) <= NEAR && size <= MOST_BESIDE && match(a, b) !== null;
  }

  /** Scheduler.can_fuse_vertical: all that `b` reads of `a` is what `a` makes in the same loops, and nothing stands between. */
  #canFollow(a: Kernel, b: Kernel): boolean {
    for (const read of b.reads.values()) {
      const { writer } = read.version;
      if (writer === null || has(b.members, writer.index)) continue;
      const isOfA = has(a.members, writer.index);
      if (read.kind === "order" && isOfA && overwritesInPlace(read, a, b)) continue;
      if (read.kind === "memory" && read.version.renamed === null && a.writes.has(read.key)) continue;
      if (isOfA || meets(a.members, this.#kernels[writer.index]!.ancestors)) return false;
    }
    return true;
  }

  /** Whether a path leads from one to the other through what was fused since. */
  #makesCycle(a: Kernel, b: Kernel): boolean {
    const own = joined(a.members, b.members);
    const before = joined(a.ancestors, b.ancestors).map((word, i) => word & ~own[i]!);
    const work = [...members(before)];
    const visited = new Set<Kernel>();
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      const kernel = this.#kernels[at]!;
      if (kernel.nodes.length === 1 || visited.has(kernel)) continue;
      visited.add(kernel);
      if (kernel.members.every((word, i) => (word & ~before[i]!) === 0)) continue;
      if (meets(own, kernel.ancestors)) return true;
      work.push(...members(kernel.ancestors.map((word, i) => word & ~before[i]!)));
    }
    return false;
  }

  #fuse(a: Kernel, b: Kernel): void {
    const writes = new Map([...a.writes, ...b.writes]);
    const head = !a.isReduction && b.isReduction ? b : a;
    const [loops] = [match(a, b) === "aligned" && a.outer.length < b.outer.length ? b : head];
    const kernel: Kernel = {
      nodes: [...a.nodes, ...b.nodes],
      first: Math.min(a.first, b.first),
      last: Math.max(a.last, b.last),
      members: joined(a.members, b.members),
      ancestors: joined(a.ancestors, b.ancestors),
      reads: new Map([...a.reads, ...b.reads].filter(([key]) => !writes.has(key))),
      writes,
      outer: loops.outer,
      reduced: loops.reduced,
      sizes: a.sizes === b.sizes ? a.sizes : null,
      isReduction: a.isReduction || b.isReduction,
    };
    for (const { index } of kernel.nodes) this.#kernels[index] = kernel;
  }

  #sorted(kernels: readonly Kernel[]): Kernel[] {
    return topological(kernels, ({ members, reads }) =>
      writersOf(reads.values())
        .filter(({ index }) => !has(members, index))
        .map(({ index }) => this.#kernels[index]!),
    );
  }
}

/** The bytes that both read or write in the same loops. */
function shared(a: Kernel, b: Kernel): number {
  let sum = 0;
  const others = (key: string): boolean => b.reads.has(key) || b.writes.has(key);
  for (const deps of [a.reads, a.writes]) for (const [key, { bytes }] of deps) if (others(key)) sum += bytes;
  return sum;
}

function distance(a: Kernel, b: Kernel): number {
  return Math.max(Math.abs(a.first - b.last), Math.abs(b.first - a.last));
}

/** CppScheduling._why_fuse_nodes */
function match(a: Kernel, b: Kernel): "same" | "aligned" | null {
  const [outerA, outerB] = [a.outer.join(), b.outer.join()];
  if (outerA === outerB && a.reduced.join() === b.reduced.join()) return "same";
  if (a.reduced.length === 0 && outerA === [...b.outer, ...b.reduced].join()) return "same";
  if (a.reduced.length + b.reduced.length > 0 || Math.min(a.outer.length, b.outer.length) !== 1) return null;
  const short = a.outer.length < b.outer.length ? a : b;
  return short.nodes.length === 1 && a.sizes !== null && a.sizes === b.sizes ? "aligned" : null;
}

/** Whether a kernel can take another that depends on it. The first step of a norm is a reduction: it takes nothing before it. */
function fitsInto(a: Kernel, b: Kernel): boolean {
  const startsAnew = b.nodes.some(({ operation }) => startsWithReduction(operation));
  return match(a, b) !== null && !a.isReduction && !startsAnew;
}

function startsWithReduction({ expression }: Operation): boolean {
  return expression.fx?.node != null && isNorm(expression.fx.node.target);
}

/** Scheduler.fusable_weak_dep: what `a` read of a buffer is what `b` writes there, in the same loops. */
function overwritesInPlace({ over }: Dependency, a: Kernel, b: Kernel): boolean {
  const write = [...b.writes.values()].find(({ version }) => version === over);
  if (write === undefined) return false;
  const place = write.key.slice(write.version.name.length);
  return [...a.reads.values()].every(
    ({ version, kind, key }) =>
      version.buffer !== write.version.buffer || kind === "order" || key.slice(version.name.length) === place,
  );
}
