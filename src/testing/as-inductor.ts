import { inductor } from "../analysis/divergence/schedules.ts";
import { runNumeric } from "../interpreter/lowered/numeric.ts";
import { Reference } from "../interpreter/lowered/reference.ts";
import type { LoweredProgram } from "../interpreter/lowered/semantics.ts";
import { runCopy } from "../interpreter/run-copy.ts";
import type { Inputs, Session } from "../interpreter/session.ts";
import type { Node } from "../program/program.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** One call of a program as inductor runs it, with the branches that its predicates choose: outputs and state. */
export function runAsInductor(
  session: Session,
  inputs: Inputs,
  lowered: LoweredProgram,
): ReadonlyMap<string, Tensor> {
  const { program, prepared, registry } = session;
  const reference = new Reference(program, session.inputValues(inputs), registry);
  runCopy(session, inputs, (copy, given) => copy.call(given, { observe: reference.observe }));
  const decide = (_: Node, predicate: boolean) => predicate;
  const options = { prepared, lowered, schedule: inductor, reference, decide };
  return session.call(inputs, { all: true, instead: (values) => runNumeric(options, values).outputs })
    .tensors;
}
