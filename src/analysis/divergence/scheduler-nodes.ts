/** What the scheduler knows of operations: which versions of which buffers they read and write, and in which order of loops (torch/_inductor/scheduler.py compute_dependencies). */
import { findDtype } from "../../tensor/dtype.ts";
import { written } from "./accesses.ts";
import { count, keyOf, layoutOf } from "./layout.ts";
import { loopsOf, placesOf } from "./loops.ts";
import { type Buffer, type Operation, readsOf } from "./operations.ts";
import { topological } from "./topological.ts";

/** A buffer as one operation left it. */
export interface Version {
  readonly buffer: Buffer;
  /** Which node wrote it; null for an input as it came. */
  readonly writer: SchedulerNode | null;
  /** The next one: MemoryDep.rename goes one step, so a version that is written over once more meets nobody's read. */
  renamed: Version | null;
  readonly name: string;
}

/**
 * - memory: elements, told by where they lie in the order of the loops; equal keys are equal elements
 * - all: the buffer, wherever (StarDep)
 * - order: only that its writer comes first (WeakDep), because `over` writes over what the writer read
 */
export interface Dependency {
  readonly kind: "memory" | "all" | "order";
  readonly version: Version;
  readonly key: string;
  readonly bytes: number;
  readonly over: Version | null;
}

/** An operation with what it depends on. */
export interface SchedulerNode {
  readonly operation: Operation;
  /** Its place in the order. */
  index: number;
  readonly reads: readonly Dependency[];
  readonly writes: readonly Dependency[];
  readonly makes: readonly Version[];
}

/** Whether an operation is a loop of the compiler's own. */
export const isLoop = ({ kind }: Operation): boolean => kind === "loop" || kind === "write";

function dependency(
  kind: Dependency["kind"],
  version: Version,
  where: string,
  bytes: number,
  over: Version | null = null,
): Dependency {
  return { kind, version, key: `${version.name} ${kind} ${over?.name ?? where}`, bytes, over };
}

/** The nodes of operations, in their order. */
export function schedulerNodes(operations: readonly Operation[]): {
  nodes: SchedulerNode[];
  weakUsers: ReadonlyMap<Buffer, readonly SchedulerNode[]>;
} {
  const current = new Map<Buffer, Version>();
  const firsts = new Map<Buffer, Version>();
  const users = new Map<Version, Set<SchedulerNode>>();
  const weakUsers = new Map<Buffer, SchedulerNode[]>();
  const use = (version: Version, node: SchedulerNode): void => {
    const list = users.get(version);
    if (list === undefined) users.set(version, new Set([node]));
    else list.add(node);
  };
  const versionOf = (buffer: Buffer): Version => {
    let version = current.get(buffer);
    if (version === undefined) {
      version = { buffer, writer: null, renamed: null, name: `in${buffer.index}.${buffer.value.id}` };
      current.set(buffer, version);
      firsts.set(buffer, version);
    }
    return version;
  };
  const make = (buffer: Buffer, writer: Unfinished, at: number): Version => {
    const name = `buf${writer.index}${at > 0 ? `.${at}` : ""}`;
    const version: Version = { buffer, writer, renamed: null, name };
    writer.makes.push(version);
    return version;
  };
  const nodes = operations.map((operation, index): Unfinished => {
    const node: Unfinished = { operation, index, reads: [], writes: [], makes: [] };
    for (const [i, buffer] of operation.makes.entries()) {
      const own = make(buffer, node, i);
      current.set(buffer, own);
      firsts.set(buffer, own);
      const key = isLoop(operation) ? loopsOf(operation).made : "";
      node.writes.push(dependency(isLoop(operation) ? "memory" : "all", own, key, bytesOf(buffer)));
    }
    return node;
  });
  for (const node of nodes) {
    const { operation, reads, writes } = node;
    const { target } = operation;
    if (target !== null) {
      const before = versionOf(target.buffer);
      const own = make(target.buffer, node, 0);
      reads.push(dependency("all", before, "", bytesOf(target.buffer)));
      for (const user of users.get(before) ?? []) {
        // A call of several results is waited for, not its results.
        if (hasSeveral(user.operation)) {
          reads.push(dependency("order", user.makes[0]!, "", 1, own));
          continue;
        }
        for (const { buffer } of user.makes) {
          const other = versionOf(buffer);
          reads.push(dependency("order", other, "", 1, own));
          use(other, node);
          const list = weakUsers.get(buffer);
          if (list === undefined) weakUsers.set(buffer, [node]);
          else list.push(node);
        }
      }
      use(before, node);
    }
    for (const [buffer, places] of isLoop(operation) ? placesOf(operation) : wholes(operation)) {
      const version = versionOf(buffer);
      for (const place of places) {
        const bytes =
          place === null ? bytesOf(buffer) : Math.min(place.elements * itemsize(buffer), bytesOf(buffer));
        reads.push(dependency(place === null ? "all" : "memory", version, place?.key ?? "", bytes));
      }
      use(version, node);
    }
    if (target !== null) {
      const [own] = node.makes as [Version];
      const place = written(target);
      writes.push(dependency("memory", own, keyOf(place), count(place) * itemsize(target.buffer)));
      versionOf(target.buffer).renamed = own;
      const first = firsts.get(target.buffer);
      if (first) first.renamed = own;
      current.set(target.buffer, own);
    }
  }
  const sorted = topological<SchedulerNode>(nodes, ({ reads }) => writersOf(reads));
  for (const [index, node] of sorted.entries()) node.index = index;
  return { nodes: sorted, weakUsers };
}

/** A node whose dependencies are gathered. */
interface Unfinished extends SchedulerNode {
  readonly reads: Dependency[];
  readonly writes: Dependency[];
  readonly makes: Version[];
}

/** Those that come first, by the names of what they write. */
export function writersOf(reads: Iterable<Dependency>): SchedulerNode[] {
  return [...reads]
    .map(({ version }) => version)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ writer }) => writer ?? []);
}

function hasSeveral({ kind, fx, makes }: Operation): boolean {
  return makes.length > 0 && (kind === "cond" || (kind === "extern" && fx.op === "list"));
}

function wholes({ expression }: Operation): [Buffer, readonly null[]][] {
  return [...readsOf(expression)].map((buffer) => [buffer, [null]]);
}

export function bytesOf(buffer: Buffer): number {
  return count(layoutOf(buffer.value)) * itemsize(buffer);
}

export function itemsize({ value: { meta } }: Buffer): number {
  return (meta && findDtype(meta.dtype)?.itemsize) ?? 0;
}
