/** Which branches are gone through: combinations of what the predicates of a program may be. */
import type { Node, Program, Value } from "../../program/program.ts";
import type { StorageAnalysis } from "../storage.ts";
import { type Content, Contents, type MemoryState } from "./contents.ts";
import { EagerRun } from "./eager.ts";
import { layoutOf } from "./layout.ts";
import type { Place } from "./machine.ts";
import { Symbolic } from "./symbolic.ts";

/** Decides for each predicate, by what it is: the same one, or its negation, wherever it stands. */
export class Branches {
  readonly #program: Program;
  readonly #contents = new Contents();
  readonly #negated = new Map<Content, Content>();
  /** Predicates, numbered as they are met. */
  readonly #predicates = new Map<Content, number>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** The predicates that were met so far. */
  get predicates(): number {
    return this.#predicates.size;
  }

  /** Every combination of few predicates; of many, enough that each two of them have been every way. */
  get combinations(): number {
    const { size } = this.#predicates;
    return size <= MOST_PREDICATES ? 2 ** size : 2 + 2 * Math.ceil(Math.log2(size));
  }

  #decision(combination: number, predicate: number): boolean {
    if (this.#predicates.size <= MOST_PREDICATES) return ((combination >> predicate) & 1) === 0;
    if (combination < 2) return combination === 0;
    return (((predicate >> ((combination - 2) >> 1)) ^ combination) & 1) === 0;
  }

  /** For a run with that combination; what it decides for each cond goes to `decisions`. */
  domain(combination: number, decisions = new Map<Node, boolean>()): Symbolic {
    return new Symbolic(
      this.#contents,
      this.#negated,
      (predicate) => {
        let index = this.#predicates.get(predicate);
        if (index === undefined) this.#predicates.set(predicate, (index = this.#predicates.size));
        return this.#decision(combination, index);
      },
      decisions,
    );
  }

  /** The main graph's inputs, each in memory of its own. */
  inputs(domain: Symbolic): (Place<MemoryState> | null)[] {
    return this.#program.main.inputs.map((value: Value | null, i) =>
      value?.kind === "tensor" ? { memory: domain.input(i, value), at: layoutOf(value) } : null,
    );
  }
}

/** More would take too many runs. */
const MOST_PREDICATES = 4;

/** An eager run with one combination of branches. */
export interface EagerResult {
  readonly decisions: ReadonlyMap<Node, boolean>;
  readonly run: EagerRun;
  /** As the run left them. */
  readonly inputs: readonly (Place<MemoryState> | null)[];
  readonly outputs: readonly (Place<MemoryState> | null)[];
}

/** A program run eagerly with each combination of branches, once. */
export class EagerRuns {
  readonly branches: Branches;
  readonly #program: Program;
  readonly #storage: StorageAnalysis;
  readonly #results: EagerResult[] = [];

  constructor(program: Program, storage: StorageAnalysis) {
    this.#program = program;
    this.#storage = storage;
    this.branches = new Branches(program);
  }

  /** In turn, all of them: a run may meet predicates that those before it did not. */
  *results(): Iterable<EagerResult & { readonly combination: number }> {
    for (let combination = 0; combination < this.branches.combinations; combination++)
      yield { ...this.#result(combination), combination };
  }

  #result(combination: number): EagerResult {
    let result = this.#results[combination];
    if (result === undefined) {
      const decisions = new Map<Node, boolean>();
      const domain = this.branches.domain(combination, decisions);
      const inputs = this.branches.inputs(domain);
      const run = new EagerRun(this.#storage, domain);
      const outputs = run.run(this.#program.main, inputs);
      this.#results[combination] = result = { decisions, run, inputs, outputs };
    }
    return result;
  }
}

/** What each cond that runs decides, for one combination after the other; and how many combinations there would be. */
export function branchCombinations(
  program: Program,
  storage: StorageAnalysis,
): { combinations: ReadonlyMap<Node, boolean>[]; all: number } {
  const runs = new EagerRuns(program, storage);
  const combinations = [...runs.results()].map(({ decisions }) => decisions);
  return { combinations, all: 2 ** runs.branches.predicates };
}
