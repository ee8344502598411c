/** Pointwise operators on float32 with numbers beside their operand: clamps, hardswish and the like. */
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import type { Arguments, Planner } from "../kernel.ts";
import { addressOf, isFloat32, resultOf, targetAddress } from "./operands.ts";
import { isDense, isLike } from "./pointwise.ts";
import { type NumberedName, pointwiseKernels } from "./pointwise-kernels.ts";

/** Operators with one operand and numbers of their own; null where these are not for the kernel. */
type Numbers = (args: Arguments) => readonly [number, number] | null;

const planNumbered =
  (name: NumberedName, numbers: Numbers, isInPlace: boolean): Planner =>
  (args, spec) => {
    const { self } = args;
    if (!isFloat32(self) || numbers(args) === null) return null;
    if (isInPlace ? !isDense(self.sizes, self.strides) : !isLike(spec, self)) return null;
    const kernel = pointwiseKernels()[name];
    const n = self.numel;
    return (given) => {
      const x = given.self as Tensor;
      const [a, b] = numbers(given)!;
      const out = isInPlace ? x : resultOf(spec as TensorSpec);
      const to = isInPlace ? targetAddress(x) : out.storage!.memory.address;
      kernel(to, addressOf(x), n, a, b);
      return out;
    };
  };

/** The limits of a clamp, without one an infinity; NaN among them, and low above high, is for the reference. */
const limits =
  (low: string, high: string): Numbers =>
  (args) => {
    const [a, b] = [limit(args[low], -Infinity), limit(args[high], Infinity)];
    return a <= b ? [a, b] : null;
  };

const limit = (value: unknown, none: number): number =>
  value === null || value === undefined ? none : value instanceof Scalar ? value.re : Number.NaN;

const none: Numbers = () => [0, 0];

const NUMBERED: Readonly<Record<string, readonly [NumberedName, Numbers]>> = {
  hardtanh: ["clip", limits("min_val", "max_val")],
  relu6: ["clip", () => [0, 6]],
  clamp: ["clip", limits("min", "max")],
  clamp_min: ["clip", limits("min", "")],
  clamp_max: ["clip", limits("", "max")],
  hardswish: ["hardswish", none],
  hardsigmoid: ["hardsigmoid", none],
  leaky_relu: ["leakyRelu", (args) => [limit(args.negative_slope, Number.NaN), 0]],
};

export const numberedPlanners: Readonly<Record<string, Planner>> = {
  ...Object.fromEntries(
    Object.entries(NUMBERED).flatMap(([name, [kernel, numbers]]) => [
      [`aten::${name}`, planNumbered(kernel, numbers, false)],
      [`aten::${name}_`, planNumbered(kernel, numbers, true)],
    ]),
  ),
};
