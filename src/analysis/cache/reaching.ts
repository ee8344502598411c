import { hopCall } from "../../ops/hop/hop.ts";
import type { Node, Program, Value } from "../../program/program.ts";
import { dataOperands } from "./operators.ts";

const REACHES = 1;
const DOES_NOT = 2;

/**
 * Whether data that a node makes reaches the program's outputs by way of nodes that read it, memory left aside. What
 * does is kept by dead-code elimination for certain, and this answers without knowing any storage. Each value is
 * looked at once, however many nodes are asked for.
 */
export class Reaching {
  readonly #program: Program;
  /** By the values' ids. */
  readonly #known: Uint8Array;

  constructor(program: Program) {
    this.#program = program;
    this.#known = new Uint8Array(program.values.length);
  }

  reaches(node: Node): boolean {
    return node.outputs.some((output) => this.#search(output));
  }

  /** Depth first. What is left behind leads nowhere; the way to an output is marked along its whole length. */
  #search(from: Value): boolean {
    const work: { readonly value: Value; readonly step: Step }[] = [
      { value: from, step: { id: from.id, from: null } },
    ];
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      const { value, step } = next;
      const known = this.#known[value.id]!;
      if (known === DOES_NOT) continue;
      if (known === REACHES || this.#isReturned(value)) {
        for (let at: Step | null = step; at !== null; at = at.from) this.#known[at.id] = REACHES;
        return true;
      }
      this.#known[value.id] = DOES_NOT;
      for (const later of madeFrom(value)) work.push({ value: later, step: { id: later.id, from: step } });
    }
    return false;
  }

  #isReturned(value: Value): boolean {
    return value.graph === this.#program.main && value.graph.isReturned(value);
  }
}

/** A value on the way, and the one before it. */
interface Step {
  readonly id: number;
  readonly from: Step | null;
}

/** The results of what reads the value; out of a body, those of the operator that the body is part of. */
function madeFrom(value: Value): Value[] {
  const { graph } = value;
  const made: Value[] = [];
  for (const user of graph.users(value)) {
    if (dataOperands(user).includes(value)) for (const output of user.outputs) made.push(output);
  }
  if (graph.owner === null || !graph.isReturned(value)) return made;
  // A wrapper is inlined and its results are needed one by one; cond and the loops keep them together.
  const one = hopCall(graph.owner)?.kind === "call";
  for (const output of graph.owner.outputs) {
    if (!one || graph.outputs[output.index] === value) made.push(output);
  }
  return made;
}
