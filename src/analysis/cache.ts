import { hopCall } from "../ops/hop/hop.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Graph, Node, Program, Value } from "../program/program.ts";
import { liveNodes } from "./cache/liveness.ts";
import { type CacheUpdate, LoweredMemory, type Memory } from "./cache/memory.ts";
import { ALIAS, dataOperands, UPDATE } from "./cache/operators.ts";
import { Reaching } from "./cache/reaching.ts";
import { areDisjoint, regionOf, writtenRegion } from "./cache/region.ts";
import type { StorageAnalysis } from "./storage.ts";

export type { CacheUpdate, Memory } from "./cache/memory.ts";
export { dataOperands, tensorArgument, UPDATE } from "./cache/operators.ts";

/** A node of a lowered execution that looks at what is in the memory of a cache. */
export interface Read {
  readonly node: Node;
  readonly value: Value;
  readonly memory: Memory;
}

/** The updates of caches, the memory they write, and who reads that memory. */
export class CacheAnalysis {
  readonly updates: readonly CacheUpdate[];
  readonly aliases: readonly Node[];
  readonly #program: Program;
  readonly #storage: StorageAnalysis;
  readonly #registry: OperatorRegistry;
  readonly #memory: LoweredMemory;
  /** Nodes that write in ways their schema tells. */
  readonly #writers: Set<Node>;
  readonly #reaching: Reaching;
  /** By the nodes' ids. */
  #live: Uint8Array | undefined;
  #reads: readonly Read[] | undefined;

  constructor(program: Program, storage: StorageAnalysis, registry: OperatorRegistry) {
    this.#program = program;
    this.#storage = storage;
    this.#registry = registry;
    this.#reaching = new Reaching(program);
    this.#memory = new LoweredMemory(program, storage);
    this.updates = this.#memory.updates;
    this.aliases = this.#memory.aliases;
    this.#writers = new Set();
    for (const graph of program.graphs) for (const { node } of storage.writes(graph)) this.#writers.add(node);
  }

  /** False when dead-code elimination drops the node, and what it writes without saying so. */
  isLive(node: Node): boolean {
    if (this.#reaching.reaches(node)) return true;
    this.#live ??= liveNodes(this.#program, this.#storage, this.#registry);
    return this.#live[node.id] === 1;
  }

  /** Whether the value lies, lowered, where eager does not have it. */
  isMoved(value: Value): boolean {
    return this.#memory.isMoved(value);
  }

  /** The value through which the value's storage first appears in eager execution. */
  originOf(value: Value): Value {
    return this.#storage.originOf(value);
  }

  memoryOf(value: Value): Memory {
    return this.#memory.memoryOf(value);
  }

  /** Whether the node runs behind the other. */
  isBehind(node: Node, other: Node): boolean {
    return this.#memory.sequence(node) > this.#memory.sequence(other);
  }

  /** Those of the storages that outlive the call: the program's buffers, parameters, constants and inputs. */
  lasting(roots: readonly number[]): number[] {
    return roots.filter((root) => {
      const { node, graph } = this.#storage.origin(root);
      return node === null && graph === this.#program.main;
    });
  }

  /** The storages that an update writes in eager execution. */
  eagerRoots({ cache }: CacheUpdate): readonly number[] {
    return cache ? this.#storage.storages(cache) : [];
  }

  /** Reads, by nodes that are not dropped, of memory that an update writes. In the order of execution. */
  get reads(): readonly Read[] {
    this.#reads ??= this.#findReads();
    return this.#reads;
  }

  /** The program's outputs by position, with the memory that they are. */
  get returned(): readonly { readonly output: number; readonly value: Value; readonly memory: Memory }[] {
    return this.#program.main.outputs.flatMap((value, output) =>
      value ? [{ output, value, memory: this.memoryOf(value) }] : [],
    );
  }

  /**
   * Whether at most one of the two runs in any execution: they stand in different branches of one cond, or of two conds
   * on the same predicate.
   */
  areAlternatives(a: Node, b: Node): boolean {
    return pairsOfBranches(a, b).some(
      ([one, other]) =>
        one.branch !== other.branch && (one.hop === other.hop || this.#decideAlike(one.hop, other.hop)),
    );
  }

  /** Whether some execution certainly runs both: no cond that has one of them decides by another predicate than one that has the other. */
  mayRunTogether(a: Node, b: Node): boolean {
    return pairsOfBranches(a, b).every(
      ([one, other]) => one.hop === other.hop || this.#decideAlike(one.hop, other.hop),
    );
  }

  /** Whether a node stands in the body of a loop, where it may run several times or never. */
  isInLoop(node: Node): boolean {
    for (let owner = node.graph.owner; owner !== null; owner = owner.graph.owner) {
      const kind = hopCall(owner)?.kind;
      if (kind !== "cond" && kind !== "call") return true;
    }
    return false;
  }

  /** Whether two updates write a common element: `unknown` when sizes or views leave it open. */
  overlap(a: CacheUpdate, b: CacheUpdate): "yes" | "no" | "unknown" {
    if (!a.memory.roots.some((root) => b.memory.roots.includes(root))) return "no";
    const [cache, other] = [outermost(a.cache), outermost(b.cache)];
    if (cache !== null && cache === other) return "yes";
    const [region, otherRegion] = [writtenRegion(a.value, a.cache), writtenRegion(b.value, b.cache)];
    if (region === undefined || otherRegion === undefined) return "unknown";
    const disjoint = areDisjoint(region, otherRegion);
    return disjoint === undefined ? "unknown" : disjoint ? "no" : "yes";
  }

  /** Whether an update writes elements that a value covers: `unknown` when sizes or views leave it open. */
  covers(update: CacheUpdate, value: Value): "yes" | "no" | "unknown" {
    const [region, read] = [writtenRegion(update.value, outermost(update.cache)), regionOf(outermost(value))];
    if (region === undefined || read === undefined) return "unknown";
    const disjoint = areDisjoint(region, read);
    return disjoint === undefined ? "unknown" : disjoint ? "no" : "yes";
  }

  /** Whether the data that `node` takes is made, directly or not, by the other: then no execution has them the other way round. */
  dependsOn(node: Node, other: Node): boolean {
    const graph = commonGraph(node, other);
    const [at, target] = [within(graph, node), within(graph, other)];
    if (at === target) return false;
    const seen = new Set<Node>([at]);
    const work = [at];
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      for (const operand of next.operands) {
        const from = operand?.node;
        if (!from || seen.has(from) || from.index < target.index) continue;
        if (from === target) return true;
        seen.add(from);
        work.push(from);
      }
    }
    return false;
  }

  /** Whether two conds take the same predicate, which nothing changes between them. */
  #decideAlike(a: Node, b: Node): boolean {
    const [p, q] = [outermost(a.operands[0] ?? null), outermost(b.operands[0] ?? null)];
    return p !== null && p === q && !this.#mayBeWritten(p);
  }

  #mayBeWritten(value: Value): boolean {
    const { main } = this.#program;
    return this.#storage.writes(main).some((write) => this.#storage.shareStorage(write.value, value));
  }

  #findReads(): Read[] {
    const written = new Set(this.updates.flatMap((u) => [...u.memory.roots, ...this.eagerRoots(u)]));
    const ofCache = new Uint8Array(this.#program.values.length);
    for (const root of this.#memory.aliasesOf(written)) ofCache[root] = 1;
    const reads: Read[] = [];
    for (const graph of this.#program.graphs) {
      for (const node of graph.nodes) {
        if (!this.#takes(node, ofCache)) continue;
        const operands = dataOperands(node);
        for (const [i, value] of operands.entries()) {
          if (value?.kind !== "tensor" || !this.#storage.isMarked(value, ofCache)) continue;
          if (operands.indexOf(value) === i && !this.#passesOn(node, value) && this.isLive(node))
            reads.push({ node, value, memory: this.memoryOf(value) });
        }
      }
    }
    return reads.sort((a, b) => this.#memory.sequence(a.node) - this.#memory.sequence(b.node));
  }

  /** Whether one of its operands is in such a storage. */
  #takes({ graph, index }: Node, marks: Uint8Array): boolean {
    const { values } = this.#program;
    for (let k = graph.operandStart[index]!; k < graph.operandStart[index + 1]!; k++) {
      const value = values[graph.operandIds[k]!];
      if (value?.kind === "tensor" && this.#storage.isMarked(value, marks)) return true;
    }
    return false;
  }

  /** Whether the node hands the memory on without looking at it: what its results are read by counts instead. */
  #passesOn(node: Node, value: Value): boolean {
    const hop = hopCall(node);
    if (hop) return (hop.kind === "cond" || hop.kind === "call") && node.operands.lastIndexOf(value) > 0;
    if (node.target === ALIAS) return true;
    if (node.target === UPDATE) return node.operands[0] !== value;
    if (this.#writers.has(node)) return false;
    const { roots } = this.memoryOf(value);
    return node.outputs.some(
      (output) =>
        this.#storage.shareStorage(output, value) ||
        this.memoryOf(output).roots.some((root) => roots.includes(root)),
    );
  }
}

const analyses = new WeakMap<StorageAnalysis, CacheAnalysis>();

/** The analysis of a program, made when a rule first asks for it. */
export function cacheAnalysis({
  program,
  storage,
  registry,
}: {
  readonly program: Program;
  readonly storage: StorageAnalysis;
  readonly registry: OperatorRegistry;
}): CacheAnalysis {
  let analysis = analyses.get(storage);
  if (analysis === undefined) {
    analysis = new CacheAnalysis(program, storage, registry);
    analyses.set(storage, analysis);
  }
  return analysis;
}

/** The operand that a body's input is, out through all bodies; the value itself where that ends. */
export function outermost(value: Value | null): Value | null {
  let at = value;
  while (at !== null && at.node === null && at.graph.owner !== null) {
    const { graph, index }: Value = at;
    const input = hopCall(graph.owner!)?.bodies.find((body) => body.graph === graph)?.inputs[index];
    if (!input?.operand || input.passes !== "itself") return at;
    at = input.operand;
  }
  return at;
}

interface Branch {
  readonly hop: Node;
  readonly branch: number;
}

function pairsOfBranches(a: Node, b: Node): (readonly [Branch, Branch])[] {
  const others = branchesAround(b);
  return branchesAround(a).flatMap((one) => others.map((other) => [one, other] as const));
}

/** The branches of conds that a node stands in, by which of the two it is. */
function branchesAround(node: Node): Branch[] {
  const around: Branch[] = [];
  for (let { graph } = node; graph.owner !== null; graph = graph.owner.graph) {
    const hop = graph.owner;
    if (hopCall(hop)?.kind === "cond") around.push({ hop, branch: hop.subgraphs.indexOf(graph) });
  }
  return around;
}

function commonGraph(a: Node, b: Node): Graph {
  const graphs = new Set<Graph>();
  for (let graph: Graph | undefined = a.graph; graph; graph = graph.owner?.graph) graphs.add(graph);
  let { graph } = b;
  while (!graphs.has(graph)) graph = graph.owner!.graph;
  return graph;
}

/** The node of the graph that is the node, or that the node stands in. */
function within(graph: Graph, node: Node): Node {
  let at = node;
  while (at.graph !== graph) at = at.graph.owner!;
  return at;
}
