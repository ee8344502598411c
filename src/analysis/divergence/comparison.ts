import type { Node, Program } from "../../program/program.ts";
import type { EagerRuns } from "./branches.ts";
import type { Content, MemoryState } from "./contents.ts";
import type { EagerRun } from "./eager.ts";
import type { Fx } from "./functional.ts";
import { Machine, type Place } from "./machine.ts";
import type { LoweredProgram } from "./program.ts";

/** Something that a compiler does to memory and that shows. */
export interface Cause {
  /** `dropped`: an update that is left out; `reuse`: a result that comes to lie in memory that is still in use. */
  readonly kind: "update" | "write" | "reuse" | "dropped";
  /** The node that writes, or whose write is left out; null where no node of the program does. */
  readonly writer: Node | null;
  /** The node that reads the memory; null where it is returned, or left in a buffer or an input. */
  readonly reader: Node | null;
}

/** Where a lowered execution parts from eager. */
export interface Divergence {
  /** Which branch each cond took. */
  readonly decisions: ReadonlyMap<Node, boolean>;
  /** The positions of the program's outputs that differ. */
  readonly outputs: readonly number[];
  /** The positions of the inputs that end otherwise: buffers, constants and the user's own. */
  readonly inputs: readonly number[];
  readonly causes: readonly Cause[];
}

type Tensor = Place<MemoryState>;

/** Where the execution that a schedule makes of a program parts from eager, for each combination of branches that does. */
export function* divergencesOf(
  program: Program,
  eagerRuns: EagerRuns,
  lowered: LoweredProgram,
): Iterable<Divergence> {
  const { branches } = eagerRuns;
  for (const {
    combination,
    decisions,
    run: eager,
    inputs: expected,
    outputs: expectedOutputs,
  } of eagerRuns.results()) {
    const domain = branches.domain(combination);
    const blame = new Blame(eager, domain.ran);
    domain.observe = (fx, content, reads) => blame.see(fx, content, reads);
    const actual = branches.inputs(domain);
    const outputs = new Machine(lowered, domain).run(program.main, actual);
    const differs = (a: readonly (Tensor | null)[], b: readonly (Tensor | null)[]): number[] =>
      [...a.keys()].filter((i) => content(a[i]) !== content(b[i]));
    const differing = { outputs: differs(expectedOutputs, outputs), inputs: differs(expected, actual) };
    if (differing.outputs.length + differing.inputs.length === 0) continue;
    for (const i of differing.outputs) blame.memory(expectedOutputs[i]?.memory, outputs[i]?.memory, null);
    for (const i of differing.inputs) blame.memory(expected[i]?.memory, actual[i]?.memory, null);
    yield { decisions, ...differing, causes: blame.causes };
  }
}

function content(place: Tensor | null | undefined): Content | null {
  return place ? place.memory.read(place.at) : null;
}

/** Gathers who wrote what differs. */
class Blame {
  readonly #causes = new Map<string, Cause>();
  readonly #eager: EagerRun;
  readonly #differing = new Set<Fx>();
  readonly #ran: ReadonlySet<Node | null>;

  constructor(eager: EagerRun, ran: ReadonlySet<Node | null>) {
    this.#eager = eager;
    this.#ran = ran;
  }

  get causes(): Cause[] {
    return [...this.#causes.values()].map((cause) =>
      cause.kind === "dropped" && this.#ran.has(cause.writer) ? { ...cause, kind: "update" } : cause,
    );
  }

  /** A value as it is computed; one that differs though all that it is computed from is right has read the wrong memory. */
  see(fx: Fx, content: Content, reads: () => readonly MemoryState[]): void {
    const expected = this.#eager.made.get(fx.value);
    if (expected === undefined || expected === content) return;
    if (!fx.args.some((arg) => this.#differing.has(rootOf(arg)))) {
      const memories = reads();
      for (const memory of memories) this.memory(undefined, memory, fx.node);
      for (const { value } of fx.args) this.memory(this.#eager.memoryOf(value), undefined, fx.node);
    }
    this.#differing.add(fx);
  }

  /** Memory that is read where it differs, or differs in the end. */
  memory(expected: MemoryState | undefined, actual: MemoryState | undefined, reader: Node | null): void {
    for (const { kind, node } of expected?.writers ?? []) {
      if (kind === "update") this.#add({ kind: "dropped", writer: node, reader });
    }
    for (const { kind, node, from } of actual?.writers ?? []) {
      this.#add({ kind, writer: node, reader });
      for (const { writers } of from) {
        for (const source of writers) this.#add({ kind: source.kind, writer: source.node, reader: node });
      }
    }
  }

  #add(cause: Cause): void {
    this.#causes.set(`${cause.kind} ${cause.writer?.id} ${cause.reader?.id}`, cause);
  }
}

function rootOf(fx: Fx): Fx {
  let at = fx;
  while (at.op === "view") at = at.args[0]!;
  return at;
}
