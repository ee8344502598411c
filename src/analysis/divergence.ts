/** Whether a program with cache operators gives, as a compiler lowers it, what it gives eagerly. */
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Node, Program } from "../program/program.ts";
import type { CacheAnalysis } from "./cache.ts";
import { cacheAnalysis } from "./cache.ts";
import { EagerRuns } from "./divergence/branches.ts";
import { type Divergence, divergencesOf } from "./divergence/comparison.ts";
import { LoweredProgram } from "./divergence/program.ts";
import { extremes, inductor, type Schedule } from "./divergence/schedules.ts";
import { isSettled } from "./divergence/settled.ts";
import type { StorageAnalysis } from "./storage.ts";

export type { Cause, Divergence } from "./divergence/comparison.ts";
export type { Schedule } from "./divergence/schedules.ts";

interface Analysed {
  readonly program: Program;
  readonly storage: StorageAnalysis;
  readonly registry: OperatorRegistry;
}

/** A schedule other than inductor's under which a program diverges. */
interface Elsewhere {
  readonly schedule: Schedule;
  readonly divergence: Divergence;
}

/** What becomes of a program's cache operators when it is lowered. */
export class DivergenceAnalysis {
  readonly #program: Analysed;
  readonly #caches: CacheAnalysis;
  #isSettled: boolean | undefined;
  #eagerRuns: EagerRuns | undefined;
  #inductor: readonly Divergence[] | undefined;
  #involved: ReadonlySet<Node> | undefined;
  #elsewhere: { readonly found: Elsewhere | undefined } | undefined;
  /** Set when an error has named a cause, and when a warning has named something that may be one. */
  isNamed = false;
  isWarned = false;

  constructor(program: Analysed) {
    this.#program = program;
    this.#caches = cacheAnalysis(program);
  }

  /**
   * Where torch's inductor parts from eager: one for each combination of branches with which it does. Empty where it
   * does not, and without a look where nothing can part: no update, no alias.
   */
  get inductor(): readonly Divergence[] {
    this.#inductor ??= [...this.#compare(inductor)];
    return this.#inductor;
  }

  /** The first other schedule under which the lowered program parts from eager, and where; undefined when none does. */
  get elsewhere(): Elsewhere | undefined {
    this.#elsewhere ??= { found: this.#findElsewhere() };
    return this.#elsewhere.found;
  }

  #findElsewhere(): Elsewhere | undefined {
    for (const schedule of extremes) {
      for (const divergence of this.#compare(schedule)) return { schedule, divergence };
    }
    return undefined;
  }

  #compare(schedule: Schedule): Iterable<Divergence> {
    const { updates, aliases } = this.#caches;
    if (updates.length + aliases.length === 0) return [];
    const { program, storage, registry } = this.#program;
    this.#isSettled ??= isSettled(program, storage, this.#caches);
    if (this.#isSettled) return [];
    this.#eagerRuns ??= new EagerRuns(program, storage);
    return divergencesOf(program, this.#eagerRuns, new LoweredProgram(storage, registry, schedule));
  }

  /** Whether one of the nodes has to do with a divergence: it writes, undeclared, what differs, or reads it. */
  involves(...nodes: readonly Node[]): boolean {
    this.#involved ??= new Set(
      this.inductor.flatMap(({ causes }) =>
        causes.flatMap(({ writer, reader }) => [writer, reader].filter((node) => node !== null)),
      ),
    );
    return nodes.some((node) => this.#involved!.has(node));
  }
}

const analyses = new WeakMap<StorageAnalysis, DivergenceAnalysis>();

/** The analysis of a program, made when it is first asked for. */
export function divergenceAnalysis(program: Analysed): DivergenceAnalysis {
  let analysis = analyses.get(program.storage);
  if (analysis === undefined) analyses.set(program.storage, (analysis = new DivergenceAnalysis(program)));
  return analysis;
}
