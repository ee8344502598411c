/** Evenly spaced numbers. */
import { type DType, dtypes, isFloating, isIntegral } from "../../tensor/dtype.ts";
import { complexes, fill, fillComplexes, fillIntegers } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Arguments, Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

interface Range {
  readonly start: Scalar;
  readonly end: Scalar;
  readonly step: Scalar;
  readonly dtype: DType;
}

function rangeOf(args: Arguments): Range {
  const start = (args.start as Scalar | undefined) ?? Scalar.int(0);
  const step = (args.step as Scalar | undefined) ?? Scalar.int(1);
  const end = args.end as Scalar;
  const integral = [start, end, step].every(({ category }) => category === "int" || category === "bool");
  const dtype = (args.dtype as DType | null) ?? (integral ? dtypes.int64 : dtypes.float32);
  if (step.re === 0) throw new RangeError("step must be nonzero");
  if ((end.re - start.re) * step.re < 0)
    throw new RangeError("upper and lower bounds do not agree with the sign of step");
  return { start, end, step, dtype };
}

/** at::native::arange_out: exact for int64, in doubles otherwise. */
function arangeCount({ start, end, step, dtype }: Range): number {
  if (dtype !== dtypes.int64) return Math.ceil((end.re - start.re) / step.re);
  const [from, to, by] = [start.integer, end.integer, step.integer];
  const distance = to - from;
  return Number(distance / by) + (distance % by === 0n ? 0 : 1);
}

function fillRange(out: Tensor, { start, step }: Range): void {
  if (out.dtype.form === "wide") {
    const [from, by] = [start.integer, step.integer];
    return fillIntegers(out, (y) => {
      for (let i = 0; i < y.length; i++) y[i] = from + BigInt(i) * by;
    });
  }
  // Bounds of an integer dtype are cut to it first.
  const cut = isIntegral(out.dtype) ? Math.trunc : (value: number): number => value;
  const [from, by] = [cut(start.re), cut(step.re)];
  fill(out, (y) => {
    for (let i = 0; i < y.length; i++) y[i] = from + i * by;
  });
}

function range(name: string, count: (range: Range) => number): Kernel {
  return tableOp(name, {
    meta: (args: Arguments) => {
      const whole = rangeOf(args);
      return { sizes: [count(whole)], dtype: whole.dtype };
    },
    run: (args: Arguments, out: Tensor) => fillRange(out, rangeOf(args)),
  });
}

type Bound = Scalar | Tensor;

/** The bound's parts, as the dtype has it: integers are cut. */
function boundOf(bound: Bound, dtype: DType): [re: number, im: number] {
  const [re, im] =
    bound instanceof Scalar ? [bound.re, bound.im] : (complexes(bound) as unknown as [number, number]);
  return isIntegral(dtype) ? [Math.trunc(re), 0] : [re, im];
}

/** at::native::linspace_out: from both ends, so that the last is exact. */
function spaced(start: number, end: number, steps: number, i: number): number {
  if (steps === 1) return start;
  const step = (end - start) / (steps - 1);
  return i < Math.floor(steps / 2) ? start + step * i : end - step * (steps - i - 1);
}

function linearDtype({ start, end, dtype }: Arguments): DType {
  if (dtype) return dtype as DType;
  const complex = [start, end].some((bound) =>
    bound instanceof Scalar ? bound.category === "complex" : (bound as Tensor).dtype.category === "complex",
  );
  return complex ? dtypes.complex64 : dtypes.float32;
}

/** linspace, and logspace with the base that the numbers are powers to. */
function spacedKernel(name: string, power: boolean): Kernel {
  return tableOp(name, {
    meta: (args: Arguments) => ({ sizes: [args.steps as number], dtype: linearDtype(args) }),
    run: (args: Arguments, out: Tensor) => {
      const steps = args.steps as number;
      const [re, im] = boundOf(args.start as Bound, out.dtype);
      const [endRe, endIm] = boundOf(args.end as Bound, out.dtype);
      const base = isFloating(out.dtype) || !power ? (args.base as number) : Math.trunc(args.base as number);
      if (out.dtype.category !== "complex") {
        return fill(out, (y) => {
          for (let i = 0; i < steps; i++) {
            const value = spaced(re, endRe, steps, i);
            y[i] = power ? base ** value : value;
          }
        });
      }
      fillComplexes(out, (y) => {
        for (let i = 0; i < steps; i++) {
          const [x, angle] = [spaced(re, endRe, steps, i), spaced(im, endIm, steps, i)];
          const [size, turn] = power ? [base ** x, angle * Math.log(base)] : [1, 0];
          y[2 * i] = power ? size * Math.cos(turn) : x;
          y[2 * i + 1] = power ? size * Math.sin(turn) : angle;
        }
      });
    },
  });
}

const overloads = ["", ".Tensor_Tensor", ".Tensor_Scalar", ".Scalar_Tensor"];

export const ranges: readonly Kernel[] = [
  ...["aten::arange", "aten::arange.start", "aten::arange.start_step"].map((name) =>
    range(name, arangeCount),
  ),
  // range includes its end.
  ...["aten::range", "aten::range.step"].map((name) =>
    range(name, ({ start, end, step }) => Math.floor((end.re - start.re) / step.re) + 1),
  ),
  ...overloads.map((overload) => spacedKernel(`aten::linspace${overload}`, false)),
  ...overloads.map((overload) => spacedKernel(`aten::logspace${overload}`, true)),
];
