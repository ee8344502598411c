/** Which memory a finding is about, and which memory a divergence goes by. */
import { CacheAnalysis } from "../analysis/cache.ts";
import { StorageAnalysis } from "../analysis/storage.ts";
import type { Diagnostic } from "../lint/diagnostic.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import { describeValue } from "../program/describe.ts";
import type { Node, Program, Value } from "../program/program.ts";
import type { Divergence } from "./diff.ts";
import { inputLabel } from "./writable.ts";

/** A result that shows a finding, and the first node, if any, whose value is wrong because of it. */
export interface Shown {
  readonly name: string;
  readonly node: Node | null;
}

/** The storages, by number, that differ in a divergence, each with the result that shows it. */
interface Involved {
  readonly results: ReadonlyMap<number, string>;
  readonly origins: readonly { readonly node: Node; readonly roots: readonly number[] }[];
}

/**
 * Tells whether a divergence goes by the memory that a finding is about. A program may have several faults: that a buffer
 * differs bears out what was found of this buffer and nothing else.
 */
export class FindingMemory {
  readonly #program: Program;
  readonly #storage: StorageAnalysis;
  readonly #caches: CacheAnalysis;
  /** What each result is, by its name. */
  readonly #results = new Map<string, Value>();
  readonly #findings = new Map<Diagnostic, ReadonlySet<number>>();
  readonly #involved = new WeakMap<Divergence, Involved>();

  constructor(program: Program, registry: OperatorRegistry) {
    this.#program = program;
    this.#storage = new StorageAnalysis(program, registry);
    this.#caches = new CacheAnalysis(program, this.#storage, registry);
    for (const [index, value] of program.main.inputs.entries()) {
      if (value !== null) this.#results.set(inputLabel(program, index), value);
    }
    const specs = program.document.root.graph_module.signature.output_specs;
    const users = program.main.outputs.filter((_, i) => specs[i] === undefined || "user_output" in specs[i]);
    for (const [i, value] of users.entries()) if (value !== null) this.#results.set(`output.${i}`, value);
  }

  /** The result that shows the finding; undefined when the divergence has nothing to do with it. */
  shownBy(divergence: Divergence, finding: Diagnostic): Shown | undefined {
    const memory = this.#memoryOf(finding);
    const { results, origins } = this.#involvedIn(divergence);
    const origin = origins.find(({ roots }) => roots.some((root) => memory.has(root)));
    const own = [...results].find(([root]) => memory.has(root))?.[1];
    if (own === undefined && origin === undefined) return undefined;
    return { name: own ?? divergence.name, node: origin?.node ?? null };
  }

  #memoryOf(finding: Diagnostic): ReadonlySet<number> {
    let memory = this.#findings.get(finding);
    if (memory === undefined) this.#findings.set(finding, (memory = new Set(this.#findMemory(finding))));
    return memory;
  }

  /** The cache that the finding names; else what its node takes and makes. */
  #findMemory({ data, graph, node }: Diagnostic): number[] {
    const named = this.#program.main.inputs.find(
      (value) => value !== null && describeValue(value) === data.cache,
    );
    if (named) return [...this.#storage.storages(named)];
    const at = this.#program.graphs
      .find(({ path }) => path === graph)
      ?.nodes.find(({ name }) => name === node);
    return at === undefined ? [] : this.#rootsAt(at);
  }

  #rootsAt(node: Node): number[] {
    return [...node.operands, ...node.outputs].flatMap((value) =>
      value === null ? [] : this.#rootsOf(value),
    );
  }

  /** Where a value lies in eager execution, and where it may lie in a lowered one. */
  #rootsOf(value: Value): readonly number[] {
    return [...this.#caches.memoryOf(value).roots, ...this.#storage.storages(value)];
  }

  #involvedIn(divergence: Divergence): Involved {
    let involved = this.#involved.get(divergence);
    if (involved === undefined) this.#involved.set(divergence, (involved = this.#findInvolved(divergence)));
    return involved;
  }

  /** A result whose value was right when it was computed has been written again later: its memory is at fault. */
  #findInvolved({ names, origins, isWrong }: Divergence): Involved {
    const results = new Map<number, string>();
    for (const name of names) {
      const value = this.#results.get(name);
      if (value === undefined || (value.node !== null && isWrong(value.node))) continue;
      for (const root of this.#rootsOf(value)) if (!results.has(root)) results.set(root, name);
    }
    return { results, origins: [...origins.keys()].map((node) => ({ node, roots: this.#rootsAt(node) })) };
  }
}
