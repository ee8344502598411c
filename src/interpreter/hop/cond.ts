import { item } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { PreparedGraph } from "../prepare.ts";
import type { RuntimeValue } from "../value.ts";
import type { HopArguments } from "./index.ts";

/** cond(pred, true_fn, false_fn, operands): torch._higher_order_ops.cond.cond_op_dense */
export function cond({ execution, node, args }: HopArguments): RuntimeValue {
  const [predicate, whenTrue, whenFalse, operands] = args as [
    unknown,
    PreparedGraph,
    PreparedGraph,
    readonly RuntimeValue[] | undefined,
  ];
  const holds = truth(predicate);
  const taken = execution.semantics.decide?.(node, holds) ?? holds;
  return execution.runGraphBetween(taken ? whenTrue : whenFalse, operands ?? []);
}

/** Python's truth of a bool, a number or a one-element tensor. */
export function truth(value: unknown): boolean {
  if (value instanceof Tensor) {
    if (value.numel !== 1)
      throw new RangeError(`the predicate has ${value.numel} elements; it must have one`);
    return item(value) !== 0;
  }
  if (value instanceof Scalar) return value.re !== 0;
  throw new TypeError("the predicate is neither a boolean nor a tensor");
}
