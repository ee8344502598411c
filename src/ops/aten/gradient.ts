/** Numerical gradients, by differences of neighbours. */
import { cast } from "../../tensor/copy.ts";
import { reals } from "../../tensor/elements.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { floatDtype } from "../../tensor/promotion.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, Kernel, mode } from "../kernel.ts";
import { alongRows } from "./softmax.ts";

/**
 * at::native gradient_helper: weights of three neighbours inside, from the distances to both sides; at the edges one
 * difference, or with `edgeOrder` 2 the same parabola's slope.
 */
function differences(
  x: ArrayLike<number>,
  start: number,
  end: number,
  y: { [at: number]: number },
  steps: ArrayLike<number>,
  edgeOrder: number,
): void {
  const last = end - start - 1;
  const slope = (k: number): number => (x[start + k + 1]! - x[start + k]!) / steps[k]!;
  for (let k = 1; k < last; k++) {
    const [before, after] = [steps[k - 1]!, steps[k]!];
    y[start + k] = (after * slope(k - 1) + before * slope(k)) / (before + after);
  }
  y[start] = slope(0);
  y[start + last] = slope(last - 1);
  if (edgeOrder !== 2) return;
  const bend = (k: number): number => (slope(k + 1) - slope(k)) / (steps[k]! + steps[k + 1]!);
  y[start]! -= steps[0]! * bend(0);
  y[start + last]! += steps[last - 1]! * bend(last - 2);
}

function gradientAlong(self: Tensor, dim: number, spacing: Scalar | Tensor, edgeOrder: number): Tensor {
  const own = cast(self, floatDtype(self.dtype));
  const d = wrapDim(dim, self.rank);
  if (own.dtype.category === "complex") {
    const parts = gradientAlong(call("aten::view_as_real", own), d, spacing, edgeOrder);
    return call("aten::view_as_complex", parts);
  }
  const result = Tensor.ofSpec(own.like(), mode.meta);
  if (mode.meta) return result;
  const steps = new Float64Array(self.sizes[d]! - 1).fill(spacing instanceof Scalar ? spacing.re : 0);
  if (spacing instanceof Tensor) {
    const places = reals(spacing);
    for (let k = 0; k < steps.length; k++) steps[k] = places[k + 1]! - places[k]!;
  }
  alongRows(own, d, result, (x, start, end, y) => differences(x, start, end, y, steps, edgeOrder));
  return result;
}

/** All overloads: one spacing for all dimensions, or one for each; one dimension, several, or all of them. */
function gradients(args: Arguments): Tensor[] {
  const self = args.self as Tensor;
  const given = args.dim as number | readonly number[] | null;
  const dims = typeof given === "number" ? [given] : (given ?? self.sizes.map((_, d) => d));
  const spacing = (args.spacing ?? Scalar.int(1)) as Scalar | readonly (Scalar | Tensor)[];
  return dims.map((dim, i) =>
    gradientAlong(self, dim, spacing instanceof Scalar ? spacing : spacing[i]!, args.edge_order as number),
  );
}

const OVERLOADS = [
  "array",
  "scalararray",
  "scalarint",
  "scalarrayarray",
  "scalarrayint",
  "tensorarray",
  "tensorarrayint",
];

export const gradient: readonly Kernel[] = OVERLOADS.map(
  (overload) => new Kernel(`aten::gradient.${overload}`, { composite: gradients } as never),
);
