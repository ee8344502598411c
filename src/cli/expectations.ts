/** What a call gave against what the user expects of it. */
import { compareValues, kindDiffers, type Tolerance } from "../interpreter/compare.ts";
import type { CallResult, Inputs, Session } from "../interpreter/session.ts";
import type { RuntimeValue } from "../interpreter/value.ts";
import { inputLabel } from "../interpreter/writable.ts";
import type { Comparison } from "../report/comparison-text.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Compares what is expected with results, and with state and inputs that the program does not write. */
export function compareResults(
  session: Session,
  inputs: Inputs,
  result: CallResult,
  expected: ReadonlyMap<string, Tensor>,
  tolerance: Partial<Tolerance>,
): Comparison {
  const all = everything(session, inputs, result);
  const known = [...all.keys()].filter((name) => expected.has(name));
  const unknown = [...expected.keys()].filter((name) => !all.has(name));
  const tensors = [...known, ...unknown].map((name) => {
    const tensor = expected.get(name)!;
    const difference = all.has(name)
      ? compareValues(all.get(name), tensor, tolerance)
      : kindDiffers("the program has no such output, buffer or input", null, tensor);
    return { name, expected: tensor, difference };
  });
  return { tensors, others: [...result.tensors.keys()].filter((name) => !expected.has(name)) };
}

function everything(session: Session, inputs: Inputs, result: CallResult): Map<string, RuntimeValue> {
  const all = new Map<string, RuntimeValue>(result.outputs.map((value, i) => [`output.${i}`, value]));
  for (const [name, tensor] of result.tensors) all.set(name, tensor);
  for (const [index, value] of session.inputValues(inputs).entries()) {
    const name = inputLabel(session.program, index);
    if (!all.has(name)) all.set(name, value);
  }
  return all;
}
