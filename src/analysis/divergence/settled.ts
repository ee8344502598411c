/** Caches that give eager's results in whatever order and memory a compiler runs the program: seen without running it. */
import { type HopCall, hopCall } from "../../ops/hop/hop.ts";
import type { Graph, Node, Program, Value } from "../../program/program.ts";
import { ALIAS, forTarget, tensorArgument, UPDATE } from "../cache/operators.ts";
import type { CacheAnalysis } from "../cache.ts";
import type { StorageAnalysis } from "../storage.ts";
import { count, layoutOf } from "./layout.ts";

/**
 * Whether every cache is used as ExecuTorch's own models use it: a buffer that one update writes, in the main graph or in
 * a branch of one cond, that is otherwise read for that cond's predicate only, and whose update is read by attention only,
 * or returned. Nothing else touches such a buffer's memory, and nothing is computed that could come to lie in it, so
 * there is no order that shows. False says nothing: then the program has to be run.
 *
 * Linear in the nodes, and a program is mostly made of such caches: this is what keeps a lint of hundreds of layers fast.
 */
export function isSettled(program: Program, storage: StorageAnalysis, caches: CacheAnalysis): boolean {
  return new Settled(program.main, storage, caches).holds();
}

const reads = forTarget((target) => /^torch\.ops\.aten\._?scaled_dot_product\w*\./.test(target));
const copies = forTarget((target) => target === ALIAS || target === "torch.ops.aten.clone.default");

class Settled {
  readonly #main: Graph;
  readonly #storage: StorageAnalysis;
  readonly #caches: CacheAnalysis;
  /** Buffers, and the node of the main graph that updates each. */
  readonly #sites = new Map<Value, Node>();
  /** Results that are a cache's memory, and views of them. */
  readonly #results = new Set<Value>();

  constructor(main: Graph, storage: StorageAnalysis, caches: CacheAnalysis) {
    this.#main = main;
    this.#storage = storage;
    this.#caches = caches;
  }

  holds(): boolean {
    const { updates, aliases } = this.#caches;
    return (
      updates.every(({ node, cache, value }) => cache && value && this.#isOnlyUpdate(node, cache, value)) &&
      aliases.every((node) => this.#isInBranch(node) && this.#takesInputs(node)) &&
      [...this.#sites].every(([cache, site]) => this.#isLeftAlone(cache, site)) &&
      this.#areReadOnly() &&
      this.#areNotWritten() &&
      this.#isOfOwnSize()
    );
  }

  /** Whether no other update writes the cache, and the value is no part of it. */
  #isOnlyUpdate(node: Node, cache: Value, value: Value): boolean {
    const buffer = node.graph === this.#main ? cache : this.#passedTo(node.graph, cache);
    if (!buffer || buffer.node !== null || this.#sites.has(buffer) || !this.#caches.isLive(node))
      return false;
    if (this.#storage.shareStorage(value, cache)) return false;
    if (node.graph === this.#main) {
      this.#sites.set(buffer, node);
      for (const output of node.outputs) this.#results.add(output);
      return true;
    }
    this.#sites.set(buffer, node.graph.owner!);
    return node.graph.users(cache).length === 1 && this.#isInBranch(node);
  }

  /** What a branch of a cond in the main graph gets for one of its inputs. */
  #passedTo(graph: Graph, input: Value): Value | null {
    const body = this.#cond(graph)?.bodies.find((one) => one.graph === graph);
    const passed = input.node === null ? body?.inputs[input.index] : undefined;
    return passed?.passes === "itself" ? passed.operand : null;
  }

  #cond({ owner }: Graph): HopCall | undefined {
    const call = owner?.graph === this.#main ? hopCall(owner) : undefined;
    return call?.kind === "cond" ? call : undefined;
  }

  /** Whether all that becomes of the node's results is that the branch returns them. */
  #isInBranch({ graph, outputs }: Node): boolean {
    const call = this.#cond(graph);
    if (call === undefined || graph.callers.length > 0) return false;
    for (const output of outputs) {
      if (graph.users(output).length > 0) return false;
      for (const [i, returned] of graph.outputs.entries())
        if (returned === output) this.#returnedAt(call.node, i);
    }
    return true;
  }

  /** Whether what the node hands on is the program's: memory of its own would be free behind the cond. */
  #takesInputs({ graph, operands }: Node): boolean {
    return operands.every((operand) => operand && this.#passedTo(graph, operand)?.node === null);
  }

  #returnedAt(cond: Node, position: number): void {
    const result = cond.outputs.find(({ index }) => index === position);
    if (result) this.#results.add(result);
  }

  /** Whether nothing but its update uses the buffer, and what decides whether it is updated. */
  #isLeftAlone(cache: Value, site: Node): boolean {
    const call = hopCall(site);
    if (this.#main.isReturned(cache)) return false;
    if (site.operands.indexOf(cache) !== site.operands.lastIndexOf(cache)) return false;
    if (!(call?.bodies ?? []).every((body) => this.#keeps(site, body, cache))) return false;
    return this.#main.users(cache).every((user) => user === site || this.#decides(user, site));
  }

  /** Whether a branch only updates the cache, or hands it on. */
  #keeps(cond: Node, { graph, inputs }: HopCall["bodies"][number], cache: Value): boolean {
    const input = graph.inputs[inputs.findIndex(({ operand }) => operand === cache)];
    if (!input || graph.isReturned(input)) return false;
    return graph.users(input).every((user) => {
      if (user.target === UPDATE) return tensorArgument(user, "cache", 1) === input;
      if (!copies(user.target) || !this.#isInBranch(user)) return false;
      return user.graph.owner === cond;
    });
  }

  /** Whether all that becomes of the node is the predicate of the cond, and of others: it comes before, by its data. */
  #decides(node: Node, site: Node): boolean {
    let at = node;
    for (;;) {
      const [output] = at.outputs;
      if (at.subgraphs.length > 0 || at.outputs.length !== 1 || this.#main.isReturned(output!)) return false;
      if (at.operands.some((operand) => operand && this.#storage.shareStorage(operand, output!)))
        return false;
      const users = this.#main.users(output!);
      const isPredicate = (user: Node): boolean =>
        hopCall(user)?.kind === "cond" && user.operands.lastIndexOf(output!) === 0;
      if (users.includes(site)) return users.every(isPredicate);
      if (users.length !== 1) return false;
      at = users[0]!;
    }
  }

  /** Whether all that is made of the results is attention, and views that are read by that; these join the results. */
  #areReadOnly(): boolean {
    for (const result of this.#results) {
      for (const user of this.#main.users(result)) {
        if (reads(user.target)) continue;
        const [view] = user.outputs;
        if (user.subgraphs.length > 0 || user.outputs.length !== 1 || user.target === UPDATE) return false;
        if (!this.#storage.shareStorage(result, view!) || !this.#storage.isCertain(view!)) return false;
        this.#results.add(view!);
      }
    }
    return true;
  }

  /** Whether no operator writes a cache or a result in the way that its schema tells. */
  #areNotWritten(): boolean {
    const kept = new Uint8Array(this.#main.program.values.length);
    for (const value of [...this.#sites.keys(), ...this.#results]) this.#storage.mark(value, kept);
    return this.#main.program.graphs.every((graph) =>
      this.#storage.writes(graph).every(({ value }) => !this.#storage.isMarked(value, kept)),
    );
  }

  /** Whether the main graph computes nothing of a result's size and dtype, which could be put in its memory. */
  #isOfOwnSize(): boolean {
    const size = (value: Value): string => `${value.meta?.dtype}:${count(layoutOf(value))}`;
    const sizes = new Set([...this.#results].map(size));
    for (const { outputs, subgraphs } of this.#main.nodes) {
      if (subgraphs.length > 0) continue;
      for (const output of outputs) {
        if (output.kind === "tensor" && !this.#results.has(output) && sizes.has(size(output))) return false;
      }
    }
    return true;
  }
}
