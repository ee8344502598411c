/** Discrete Fourier transforms: from complex or real numbers to complex ones, and back to real ones. */
import { complexDtype, realDtype } from "../../tensor/dtype.ts";
import { complexes, fill, fillComplexes } from "../../tensor/elements.ts";
import { contiguousStrides, numelOf, wrapDim } from "../../tensor/geometry.ts";
import { formatStrides } from "../../tensor/strides.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { transformDim } from "../math/fourier.ts";

const wrapped = (self: Tensor, dim: readonly number[]): number[] => dim.map((d) => wrapDim(d, self.rank));

/** at::native::fft_norm_mode: none, by the square root of the number of values, by that number. */
function factor(normalization: number, count: number): number {
  return normalization === 0 ? 1 : normalization === 1 ? 1 / Math.sqrt(count) : 1 / count;
}

const sizesAlong = (sizes: readonly number[], dims: readonly number[]): number =>
  numelOf(dims.map((d) => sizes[d]!));

/** Dimensions by their strides, the largest first (torch._meta_registrations._sort_dims). */
const byStride = (dims: readonly number[], strides: readonly number[]): number[] =>
  [...dims].sort((a, b) => strides[b]! - strides[a]!);

/**
 * Strides of a result (torch._meta_registrations._exec_fft): the dimensions that are transformed lie innermost, in
 * the given order.
 */
function transformedStrides(
  strides: readonly number[],
  sizes: readonly number[],
  dims: readonly number[],
): number[] {
  const rest = sizes.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...byStride(rest, strides), ...dims];
  const inOrder = contiguousStrides(order.map((d) => sizes[d]!));
  return sizes.map((_, d) => inOrder[order.indexOf(d)]!);
}

const complexStrides = (self: Tensor, dims: readonly number[]): number[] =>
  transformedStrides(self.strides, self.sizes, byStride(dims, self.strides));

function scale(values: Float64Array, by: number): void {
  if (by !== 1) for (let i = 0; i < values.length; i++) values[i]! *= by;
}

/** The first `count` places along a dimension of contiguous complex values; zeros beyond their end. */
function firstAlong(
  values: Float64Array,
  sizes: readonly number[],
  dim: number,
  count: number,
): Float64Array {
  const step = 2 * numelOf(sizes.slice(dim + 1));
  const [from, to] = [sizes[dim]! * step, count * step];
  const lines = values.length / from;
  const result = new Float64Array(lines * to);
  for (let line = 0; line < lines; line++) {
    result.set(values.subarray(line * from, line * from + Math.min(from, to)), line * to);
  }
  return result;
}

/** The whole spectrum of real values from its first half: what is symmetric counts by its real part only. */
function fullSpectrum(
  half: Float64Array,
  sizes: readonly number[],
  dim: number,
  length: number,
): Float64Array {
  const full = firstAlong(half, sizes, dim, length);
  const step = 2 * numelOf(sizes.slice(dim + 1));
  for (let line = 0; line < full.length; line += length * step) {
    for (let k = 0; 2 * k <= length; k++) {
      const [at, mirror] = [line + k * step, line + ((length - k) % length) * step];
      for (let i = 0; i < step; i += 2) {
        if (at === mirror) full[at + i + 1] = 0;
        full[mirror + i] = full[at + i]!;
        full[mirror + i + 1] = at === mirror ? 0 : -full[at + i + 1]!;
      }
    }
  }
  return full;
}

/** Of real values, the terms that are their own mirrors are real: no rounding is left in them. */
function clearMirrors(values: Float64Array, sizes: readonly number[], dim: number): void {
  const length = sizes[dim]!;
  const step = 2 * numelOf(sizes.slice(dim + 1));
  for (let line = 0; line < values.length; line += length * step) {
    for (const k of length % 2 === 0 ? [0, length / 2] : [0]) {
      for (let i = 1; i < step; i += 2) values[line + k * step + i] = 0;
    }
  }
}

export const fourier: readonly Kernel[] = [
  defineOp("aten::_fft_c2c(Tensor self, SymInt[] dim, int normalization, bool forward) -> Tensor", {
    meta: ({ self, dim }) => ({
      ...self.like(),
      strides: dim.length === 0 ? formatStrides(self, null) : complexStrides(self, wrapped(self, dim)),
    }),
    run: ({ self, dim, normalization, forward }, out) => {
      const dims = wrapped(self, dim);
      fillComplexes(out, (y) => {
        y.set(complexes(self));
        for (const d of dims) transformDim(y, self.sizes, d, forward ? -1 : 1);
        scale(y, factor(normalization, sizesAlong(self.sizes, dims)));
      });
    },
  }),
  defineOp("aten::_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided) -> Tensor", {
    meta: ({ self, dim, onesided }) => {
      const dims = wrapped(self, dim);
      const last = dims.at(-1)!;
      const sizes = onesided ? self.sizes.with(last, Math.floor(self.sizes[last]! / 2) + 1) : self.sizes;
      const order = [...byStride(dims.slice(0, -1), self.strides), last];
      return {
        sizes,
        dtype: complexDtype(self.dtype),
        strides: transformedStrides(self.strides, sizes, order),
      };
    },
    run: ({ self, dim, normalization }, out) => {
      const dims = wrapped(self, dim);
      const last = dims.at(-1)!;
      const whole = complexes(self).slice();
      transformDim(whole, self.sizes, last, -1);
      clearMirrors(whole, self.sizes, last);
      const values = firstAlong(whole, self.sizes, last, out.sizes[last]!);
      for (const d of dims.slice(0, -1)) transformDim(values, out.sizes, d, -1);
      scale(values, factor(normalization, sizesAlong(self.sizes, dims)));
      fillComplexes(out, (y) => y.set(values));
    },
  }),
  defineOp("aten::_fft_c2r(Tensor self, int[] dim, int normalization, SymInt last_dim_size) -> Tensor", {
    meta: ({ self, dim, last_dim_size }) => {
      const dims = wrapped(self, dim);
      const last = dims.at(-1)!;
      const sizes = self.sizes.with(last, last_dim_size);
      const strides = dims.length > 1 ? complexStrides(self, dims.slice(0, -1)) : self.strides;
      return { sizes, dtype: realDtype(self.dtype), strides: transformedStrides(strides, sizes, [last]) };
    },
    run: ({ self, dim, normalization, last_dim_size }, out) => {
      const dims = wrapped(self, dim);
      const last = dims.at(-1)!;
      const half = complexes(self).slice();
      for (const d of dims.slice(0, -1)) transformDim(half, self.sizes, d, 1);
      const full = fullSpectrum(half, self.sizes, last, last_dim_size);
      transformDim(full, out.sizes, last, 1);
      scale(full, factor(normalization, sizesAlong(out.sizes, dims)));
      fill(out, (y) => {
        for (let i = 0; i < y.length; i++) y[i] = full[2 * i]!;
      });
    },
  }),
];
