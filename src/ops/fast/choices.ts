/** Comparisons of float32, and choices by them. */
import { dtypes } from "../../tensor/dtype.ts";
import { contiguousStrides, expandStrides } from "../../tensor/geometry.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import type { Planner } from "../kernel.ts";
import { innerLoops } from "./copy.ts";
import { forEachOuter, inBytes, nestOf } from "./nest.ts";
import { addressOf, isFloat32, resultOf } from "./operands.ts";
import { operandAddress, stridesTo } from "./pointwise.ts";
import { type CompareName, pointwiseKernels } from "./pointwise-kernels.ts";

type Spec = TensorSpec | readonly TensorSpec[] | null;

/** Where the result lies one element behind the other, in whatever order of its dimensions. */
function loopsOf(spec: TensorSpec, itemsize: number, operands: readonly (readonly number[])[]) {
  const strides = spec.strides ?? contiguousStrides(spec.sizes);
  const nest = nestOf(spec.sizes, [inBytes(strides, itemsize), ...operands]);
  const inner = innerLoops(nest);
  return inner.step[0] === itemsize || inner.n === 1 ? { nest, ...inner } : null;
}

const isOne = (spec: Spec): spec is TensorSpec =>
  spec !== null && !("length" in spec) && !spec.sizes.includes(0);

const planCompare =
  (name: CompareName): Planner =>
  ({ self, other }, spec) => {
    if (!isOne(spec) || !isFloat32(self)) return null;
    const y = operandAddress(other, 1);
    const loops = loopsOf(spec, 1, [stridesTo(self, spec.sizes), stridesTo(other, spec.sizes)]);
    if (y === null || loops === null) return null;
    const { nest, rows, n } = loops;
    const [next, nextX, nextY] = loops.next as [number, number, number];
    const [, stepX, stepY] = loops.step as [number, number, number];
    const kernel = pointwiseKernels()[name];
    return (given) => {
      const out = resultOf(spec);
      const [to, a, b] = [out.storage!.memory.address, addressOf(given.self as Tensor), y(given.other)];
      forEachOuter(nest, 2, (at) =>
        kernel(to + at[0]!, a + at[1]!, b + at[2]!, rows, n, next, nextX, nextY, stepX, stepY),
      );
      return out;
    };
  };

const planWhere: Planner = ({ condition, self, other }, spec) => {
  if (!isOne(spec) || !isFloat32(self) || !isFloat32(other)) return null;
  if (!(condition instanceof Tensor) || condition.dtype !== dtypes.bool) return null;
  const bytes = expandStrides(condition.sizes, condition.strides, spec.sizes);
  const loops = loopsOf(spec, 4, [bytes, stridesTo(self, spec.sizes), stridesTo(other, spec.sizes)]);
  if (loops === null) return null;
  const { nest, rows, n } = loops;
  const [next, nextC, nextX, nextY] = loops.next as [number, number, number, number];
  const [, stepC, stepX, stepY] = loops.step as [number, number, number, number];
  const { where } = pointwiseKernels();
  return (given) => {
    const out = resultOf(spec);
    const to = out.storage!.memory.address;
    const [c, x, y] = [given.condition, given.self, given.other].map((t) => addressOf(t as Tensor)) as [
      number,
      number,
      number,
    ];
    forEachOuter(nest, 2, ([a, b, d, e]) =>
      where(to + a!, c + b!, x + d!, y + e!, rows, n, next, nextC, nextX, nextY, stepC, stepX, stepY),
    );
    return out;
  };
};

const COMPARISONS: Readonly<Record<string, CompareName>> = {
  eq: "equal",
  ne: "differ",
  lt: "less",
  le: "lessEqual",
  gt: "greater",
  ge: "greaterEqual",
};

export const choicePlanners: Readonly<Record<string, Planner>> = {
  ...Object.fromEntries(
    Object.entries(COMPARISONS).flatMap(([name, kernel]) => [
      [`aten::${name}.Tensor`, planCompare(kernel)],
      [`aten::${name}.Scalar`, planCompare(kernel)],
    ]),
  ),
  "aten::where.self": planWhere,
};
