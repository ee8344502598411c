import { call, callAny } from "../../ops/dispatch.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { PreparedGraph } from "../prepare.ts";
import type { RuntimeValue } from "../value.ts";
import { truth } from "./cond.ts";
import type { HopArguments } from "./index.ts";

type Values = readonly RuntimeValue[];

/** while_loop(cond_fn, body_fn, carried_inputs, additional_inputs): while_loop_dense in torch._higher_order_ops */
export function whileLoop({ execution, args }: HopArguments): RuntimeValue {
  const [test, body, carried, additional = []] = args as [PreparedGraph, PreparedGraph, Values, Values?];
  let carry: Values = carried;
  while (truth(execution.runGraph(test, [...carry, ...additional])[0])) {
    carry = execution.runGraph(body, [...carry, ...additional]);
  }
  return carry;
}

/** scan(combine_fn, init, xs, additional_inputs): carries, then what each step gave, stacked along dimension 0. */
export function scan({ execution, args }: HopArguments): RuntimeValue {
  const [combine, init, xs, additional = []] = args as [PreparedGraph, Values, readonly Tensor[], Values?];
  const length = xs[0]?.size(0) ?? 0;
  let carry = init;
  const steps: Values[] = [];
  for (let i = 0; i < length; i++) {
    const outputs = execution.runGraph(combine, [
      ...carry,
      ...xs.map((x) => selectFirst(x, i)),
      ...additional,
    ]);
    carry = outputs.slice(0, init.length);
    steps.push(outputs.slice(init.length));
  }
  return [...carry, ...stackSteps(steps)];
}

/** map_impl(f, xs, pos_args): torch._higher_order_ops.map.map_dense */
export function map({ execution, args }: HopArguments): RuntimeValue {
  const [body, xs, positional = []] = args as [PreparedGraph, readonly Tensor[], Values?];
  const length = xs[0]?.size(0) ?? 0;
  const steps: Values[] = [];
  for (let i = 0; i < length; i++) {
    steps.push(execution.runGraph(body, [...xs.map((x) => selectFirst(x, i)), ...positional]));
  }
  return stackSteps(steps);
}

/** associative_scan(combine_fn, xs, additional_inputs): inclusive, along dimension 0, here one element after another. */
export function associativeScan({ execution, args }: HopArguments): RuntimeValue {
  const [combine, xs, additional = []] = args as [PreparedGraph, readonly Tensor[], Values?];
  const length = xs[0]?.size(0) ?? 0;
  let running: Values = xs.map((x) => selectFirst(x, 0));
  const steps: Values[] = length === 0 ? [] : [running];
  for (let i = 1; i < length; i++) {
    running = execution.runGraph(combine, [...running, ...xs.map((x) => selectFirst(x, i)), ...additional]);
    steps.push(running);
  }
  return stackSteps(steps);
}

function selectFirst(x: Tensor, index: number): Tensor {
  return call("aten::select.int", x, 0, index);
}

function stackSteps(steps: readonly Values[]): RuntimeValue[] {
  const count = steps[0]?.length ?? 0;
  return Array.from({ length: count }, (_, output) => {
    const parts = steps.map((step) => step[output]);
    if (!parts.every((part) => part instanceof Tensor)) return parts.at(-1);
    return callAny("aten::stack", parts, 0) as Tensor;
  });
}
