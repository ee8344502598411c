/** softmax, log_softmax, logsumexp and their relatives. */
import { cast } from "../../tensor/copy.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { complexes, fill, fillComplexes, reals } from "../../tensor/elements.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { floatDtype } from "../../tensor/promotion.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { exp, log } from "../math/complex.ts";
import type { Complex } from "../pointwise.ts";
import { dimsOf, reducedSizes, rowsAlong, rowsOf } from "../rows.ts";

type Numbers = Float32Array | Float64Array;

/** Fills `out` row by row along a dimension: `f(x, start, end, y)` puts y[start] to y[end - 1]. */
export function alongRows(
  self: Tensor,
  dim: number,
  out: Tensor,
  f: (x: ArrayLike<number>, start: number, end: number, y: Numbers) => void,
): void {
  const { view, length } = rowsAlong(self, dim);
  const x = reals(view);
  fill(rowsAlong(out, dim).view, (y) => {
    if (length === 0) return;
    for (let start = 0; start < y.length; start += length) f(x, start, start + length, y);
  });
}

function largest(x: ArrayLike<number>, start: number, end: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i++) max = Math.max(max, x[i]!);
  return max;
}

function softmaxRow(x: ArrayLike<number>, start: number, end: number, y: Numbers): void {
  const max = largest(x, start, end);
  let sum = 0;
  for (let i = start; i < end; i++) sum += Math.exp(x[i]! - max);
  for (let i = start; i < end; i++) y[i] = Math.exp(x[i]! - max) / sum;
}

/** log_softmax; torch holds the sum and its logarithm in the dtype when the rows are contiguous (dimension -1). */
function logSoftmax(self: Tensor, dim: number, out: Tensor): void {
  const { encode, decode } = self.dtype;
  const rounds =
    encode !== undefined && decode !== undefined && wrapDim(dim, self.rank) === Math.max(self.rank - 1, 0);
  const round = rounds ? (x: number): number => decode(encode(x)) : (x: number): number => x;
  alongRows(self, dim, out, (x, start, end, y) => {
    const max = largest(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) sum += Math.exp(x[i]! - max);
    const logarithm = round(Math.log(round(sum)));
    for (let i = start; i < end; i++) y[i] = x[i]! - max - logarithm;
  });
}

/** A row of nothing but -inf gives zeros instead of NaN (at::native _safe_softmax). */
function safeSoftmaxRow(x: ArrayLike<number>, start: number, end: number, y: Numbers): void {
  if (largest(x, start, end) === Number.NEGATIVE_INFINITY) y.fill(0, start, end);
  else softmaxRow(x, start, end, y);
}

/** log(sum(exp)) of each row; rows that are infinite stay so. */
function logSumExp(self: Tensor, dims: readonly number[], out: Tensor): void {
  const { view, length } = rowsOf(cast(self, out.dtype), dims);
  if (out.dtype.category === "complex") return complexLogSumExp(view, length, out);
  const x = reals(view);
  fill(out, (y) => {
    for (let row = 0; row < y.length; row++) {
      const [start, end] = [row * length, (row + 1) * length];
      const max = largest(x, start, end);
      const shift = Math.abs(max) === Number.POSITIVE_INFINITY ? 0 : max;
      let sum = 0;
      for (let i = start; i < end; i++) sum += Math.exp(x[i]! - shift);
      y[row] = Math.log(sum) + shift;
    }
  });
}

/** The sum is taken after a shift by the largest real part, so that the imaginary part is that of a logarithm. */
function complexLogSumExp(view: Tensor, length: number, out: Tensor): void {
  const x = complexes(view);
  const parts = reals(view);
  fillComplexes(out, (y) => {
    for (let row = 0; row < out.numel; row++) {
      const max = largest(parts, row * length, (row + 1) * length);
      const shift = Math.abs(max) === Number.POSITIVE_INFINITY ? 0 : max;
      let sum: Complex = [0, 0];
      for (let i = row * length; i < (row + 1) * length; i++) {
        const [re, im] = exp([x[2 * i]! - shift, x[2 * i + 1]!]);
        sum = [sum[0] + re, sum[1] + im];
      }
      const [re, im] = log(sum);
      y[2 * row] = re + shift;
      y[2 * row + 1] = im;
    }
  });
}

/** @throws RangeError for what torch does not widen (at::native softmax_cuda: "supported for Half type only"). */
function widened(self: Tensor, toFloat: boolean): DType {
  if (!toFloat) return self.dtype;
  if (self.dtype === dtypes.float16 || self.dtype === dtypes.bfloat16) return dtypes.float32;
  throw new RangeError(`half_to_float is for operands of half precision, not for ${self.dtype.name}`);
}

export const softmaxes: readonly Kernel[] = [
  defineOp("aten::_softmax(Tensor self, int dim, bool half_to_float) -> Tensor", {
    meta: ({ self, half_to_float }) => self.like(self.sizes, widened(self, half_to_float)),
    run: ({ self, dim }, out) => alongRows(self, dim, out, softmaxRow),
  }),
  defineOp("aten::_log_softmax(Tensor self, int dim, bool half_to_float) -> Tensor", {
    meta: ({ self, half_to_float }) => self.like(self.sizes, widened(self, half_to_float)),
    run: ({ self, dim }, out) => logSoftmax(self, dim, out),
  }),
  defineOp("aten::_safe_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", {
    meta: ({ self, dtype }) => self.like(self.sizes, dtype ?? self.dtype),
    run: ({ self, dim }, out) => alongRows(cast(self, out.dtype), dim, out, safeSoftmaxRow),
  }),
  defineOp("aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", {
    composite: ({ self, dim, dtype }) => call("aten::_softmax", cast(self, dtype ?? self.dtype), dim, false),
  }),
  defineOp("aten::log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", {
    composite: ({ self, dim, dtype }) =>
      call("aten::_log_softmax", cast(self, dtype ?? self.dtype), dim, false),
  }),
  defineOp("aten::logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor", {
    meta: ({ self, dim, keepdim }) => ({
      sizes: reducedSizes(self, dimsOf(self, dim), keepdim),
      dtype: floatDtype(self.dtype),
    }),
    run: ({ self, dim }, out) => logSumExp(self, dimsOf(self, dim), out),
  }),
  defineOp(
    "aten::_softmax_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor",
    {
      meta: ({ output, input_dtype }) => output.like(output.sizes, input_dtype),
      run: ({ grad_output, output, dim }, out) => {
        const softmax = reals(rowsAlong(output, dim).view);
        alongRows(grad_output, dim, out, (x, start, end, y) => {
          let sum = 0;
          for (let i = start; i < end; i++) sum += x[i]! * softmax[i]!;
          for (let i = start; i < end; i++) y[i] = softmax[i]! * (x[i]! - sum);
        });
      },
    },
  ),
];
