import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Node, Program } from "../../program/program.ts";
import type { StorageAnalysis } from "../storage.ts";
import { Branches } from "./branches.ts";
import type { Content, MemoryState } from "./contents.ts";
import { EagerRun } from "./eager.ts";
import type { Fx } from "./functional.ts";
import { Machine, type Place } from "./machine.ts";
import { LoweredProgram } from "./program.ts";
import type { Schedule } from "./schedules.ts";

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

/** Compares a lowered execution with eager, for each combination of branches that is gone through. */
export class Comparison {
  readonly #program: Program;
  readonly #storage: StorageAnalysis;
  readonly #lowered: LoweredProgram;
  readonly #branches: Branches;

  constructor(program: Program, storage: StorageAnalysis, registry: OperatorRegistry, schedule: Schedule) {
    this.#program = program;
    this.#storage = storage;
    this.#lowered = new LoweredProgram(storage, registry, schedule);
    this.#branches = new Branches(program);
  }

  divergences(): Divergence[] {
    const found: Divergence[] = [];
    for (let combination = 0; combination < this.#branches.combinations; combination++) {
      const divergence = this.#compare(combination);
      if (divergence !== undefined) found.push(divergence);
    }
    return found;
  }

  #compare(combination: number): Divergence | undefined {
    const { main } = this.#program;
    const decisions = new Map<Node, boolean>();
    const eagerly = this.#branches.domain(combination, decisions);
    const [expected, actual] = [this.#branches.inputs(eagerly), this.#branches.inputs(eagerly)];
    const eager = new EagerRun(this.#storage, eagerly);
    const expectedOutputs = eager.run(main, expected);
    const lowered = this.#branches.domain(combination);
    const blame = new Blame(eager, lowered.ran);
    lowered.observe = (fx, content, reads) => blame.see(fx, content, reads);
    const outputs = new Machine(this.#lowered, lowered).run(main, actual);
    const differs = (a: readonly (Tensor | null)[], b: readonly (Tensor | null)[]): number[] =>
      [...a.keys()].filter((i) => content(a[i]) !== content(b[i]));
    const differing = {
      outputs: differs(expectedOutputs, outputs),
      inputs: differs(expected, actual),
    };
    if (differing.outputs.length + differing.inputs.length === 0) return undefined;
    for (const i of differing.outputs) blame.memory(expectedOutputs[i]?.memory, outputs[i]?.memory, null);
    for (const i of differing.inputs) blame.memory(expected[i]?.memory, actual[i]?.memory, null);
    return { decisions, ...differing, causes: blame.causes };
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
