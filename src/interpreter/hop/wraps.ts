import { type DType, dtypes } from "../../tensor/dtype.ts";
import type { Scalar } from "../../tensor/scalar.ts";
import type { PreparedGraph } from "../prepare.ts";
import type { RuntimeValue } from "../value.ts";
import type { HopArguments } from "./index.ts";

/** The first graph of a call, and what stands behind it. */
function bodyOf(args: readonly unknown[]): { body: PreparedGraph; rest: readonly RuntimeValue[] } {
  const at = args.findIndex((arg) => typeof arg === "object" && arg !== null && "steps" in arg);
  return { body: args[at] as PreparedGraph, rest: args.slice(at + 1) as RuntimeValue[] };
}

/**
 * wrap(body, *operands), and what else only marks a body, such as wrap_with_set_grad_enabled(enabled, body, *operands):
 * gradients are of no concern to values.
 */
export function wrap({ execution, args }: HopArguments): RuntimeValue {
  const { body, rest } = bodyOf(args);
  const operands = rest.length === body.graph.inputs.length ? rest : (rest.flat() as RuntimeValue[]);
  return execution.runGraphBetween(body, operands.slice(0, body.graph.inputs.length));
}

/** wrap_with_autocast(device_type, dtype, enabled, cache_enabled, body, *operands) */
export function wrapWithAutocast({ execution, args }: HopArguments): RuntimeValue {
  const [device, dtype, enabled] = args as [string, DType | null, Scalar];
  const { body, rest } = bodyOf(args);
  const outer = execution.autocast;
  // Autocast of another device leaves what runs on the CPU alone.
  if (device === "cpu") execution.autocast = enabled.re === 0 ? null : { dtype: dtype ?? dtypes.bfloat16 };
  try {
    return execution.runGraphBetween(body, rest);
  } finally {
    execution.autocast = outer;
  }
}

/** invoke_subgraph(body, identifier, *operands) */
export function invokeSubgraph({ execution, args }: HopArguments): RuntimeValue {
  const { body, rest } = bodyOf(args);
  const operands =
    typeof rest[0] === "string" && rest.length > body.graph.inputs.length ? rest.slice(1) : rest;
  return execution.runGraphBetween(body, operands);
}
