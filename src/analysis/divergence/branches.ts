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

/** What each cond that runs decides, for one combination after the other; and how many combinations there would be. */
export function branchCombinations(
  program: Program,
  storage: StorageAnalysis,
): { combinations: ReadonlyMap<Node, boolean>[]; all: number } {
  const branches = new Branches(program);
  const combinations: ReadonlyMap<Node, boolean>[] = [];
  for (let i = 0; i < branches.combinations; i++) {
    const decisions = new Map<Node, boolean>();
    const domain = branches.domain(i, decisions);
    new EagerRun(storage, domain).run(program.main, branches.inputs(domain));
    combinations.push(decisions);
  }
  return { combinations, all: 2 ** branches.predicates };
}
