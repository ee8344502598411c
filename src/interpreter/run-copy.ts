import { seedRandomNumbers } from "../ops/random-numbers.ts";
import { copyState } from "./lowered/functionalized.ts";
import type { Inputs, Session } from "./session.ts";

/** Runs on copies of the state and the inputs, so that the session stays as it is. */
export function runCopy<T>(session: Session, inputs: Inputs, run: (copy: Session, inputs: Inputs) => T): T {
  // Every run draws the same random numbers.
  seedRandomNumbers(0);
  const state = [...session.state];
  const given = [...inputs];
  const copies = copyState([...state.map(([, value]) => value), ...given.map(([, value]) => value)]);
  const copy = session.withState(new Map(state.map(([index], i) => [index, copies[i]])));
  return run(copy, new Map(given.map(([name], i) => [name, copies[state.length + i]])));
}
