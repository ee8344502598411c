/** Sums, products, means and predicates over dimensions. */
import { cast } from "../../tensor/copy.ts";
import { type DType, dtypes, isIntegral } from "../../tensor/dtype.ts";
import { complexes, fill, fillComplexes, fillIntegers, integers, reals } from "../../tensor/elements.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { times } from "../math/complex.ts";
import { dimOf, dimsOf, reducedSizes, rowsOf } from "../rows.ts";

/** How values are put together, for each kind of number. */
interface Fold {
  readonly start: number;
  readonly real: (sum: number, value: number) => number;
  readonly integer: (sum: bigint, value: bigint) => bigint;
  readonly complex: (
    sum: readonly [number, number],
    value: readonly [number, number],
  ) => readonly [number, number];
}

const SUM: Fold = {
  start: 0,
  real: (sum, value) => sum + value,
  integer: (sum, value) => sum + value,
  complex: (sum, value) => [sum[0] + value[0], sum[1] + value[1]],
};
const PRODUCT: Fold = {
  start: 1,
  real: (product, value) => product * value,
  integer: (product, value) => BigInt.asIntN(64, product * value),
  complex: times,
};

/** Folds every row in doubles, and divides; integers fold exactly once doubles would round. */
function foldRows(self: Tensor, dims: readonly number[], out: Tensor, fold: Fold, divisor = 1): void {
  const { view, length } = rowsOf(cast(self, out.dtype), dims);
  if (out.dtype.category === "complex") return foldComplexRows(view, length, out, fold, divisor);
  const values = reals(view);
  const results = new Float64Array(out.numel);
  let exact = true;
  for (let row = 0, at = 0; row < results.length; row++) {
    let sum = fold.start;
    for (const end = at + length; at < end; at++) {
      sum = fold.real(sum, values[at]!);
      if (Math.abs(sum) > Number.MAX_SAFE_INTEGER) exact = false;
    }
    results[row] = sum / divisor;
  }
  if (exact || out.dtype.category !== "int") return fill(out, (y) => y.set(results));
  const wide = integers(view);
  fillIntegers(out, (y) => {
    for (let row = 0, at = 0; row < y.length; row++) {
      let sum = BigInt(fold.start);
      for (const end = at + length; at < end; at++) sum = fold.integer(sum, wide[at]!);
      y[row] = sum;
    }
  });
}

function foldComplexRows(view: Tensor, length: number, out: Tensor, fold: Fold, divisor: number): void {
  const values = complexes(view);
  fillComplexes(out, (y) => {
    for (let row = 0, at = 0; row < out.numel; row++) {
      let sum: readonly [number, number] = [fold.start, 0];
      for (const end = at + 2 * length; at < end; at += 2)
        sum = fold.complex(sum, [values[at]!, values[at + 1]!]);
      y[2 * row] = sum[0] / divisor;
      y[2 * row + 1] = sum[1] / divisor;
    }
  });
}

/** Integers add up to int64 (at::native integer_upcast). */
const sumDtype = (self: Tensor, dtype: DType | null): DType =>
  dtype ?? (isIntegral(self.dtype) ? dtypes.int64 : self.dtype);

/** bool, but uint8 of uint8 (at::native all_any_meta). */
const truthDtype = (self: Tensor): DType => (self.dtype === dtypes.uint8 ? dtypes.uint8 : dtypes.bool);

function anyOf(self: Tensor, dims: readonly number[], out: Tensor, wanted: boolean): void {
  const { view, length } = rowsOf(cast(self, dtypes.bool), dims);
  const values = reals(view);
  fill(out, (y) => {
    for (let row = 0; row < y.length; row++) {
      const found = values.subarray(row * length, (row + 1) * length).includes(wanted ? 1 : 0);
      y[row] = found === wanted ? 1 : 0;
    }
  });
}

/** A whole reduction, that of one dimension, and that of several: `any` and `all`. */
function predicate(name: "any" | "all", wanted: boolean): Kernel[] {
  return [
    defineOp(`aten::${name}(Tensor self) -> Tensor` as "aten::any(Tensor self) -> Tensor", {
      meta: ({ self }) => ({ sizes: [], dtype: truthDtype(self) }),
      run: ({ self }, out) => anyOf(self, dimsOf(self, null), out, wanted),
    }),
    defineOp(
      `aten::${name}.dim(Tensor self, int dim, bool keepdim=False) -> Tensor` as "aten::any.dim(Tensor self, int dim, bool keepdim=False) -> Tensor",
      {
        meta: ({ self, dim, keepdim }) => ({
          sizes: reducedSizes(self, dimOf(self, dim), keepdim),
          dtype: truthDtype(self),
        }),
        run: ({ self, dim }, out) => anyOf(self, dimOf(self, dim), out, wanted),
      },
    ),
    defineOp(
      `aten::${name}.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor` as "aten::any.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor",
      {
        meta: ({ self, dim, keepdim }) => ({
          sizes: reducedSizes(self, listedDims(self, dim), keepdim),
          dtype: truthDtype(self),
        }),
        run: ({ self, dim }, out) => anyOf(self, listedDims(self, dim), out, wanted),
      },
    ),
  ];
}

/** Each element as 64 bits: of a float64, or of an integer. */
function bitsOf(t: Tensor): BigUint64Array | BigInt64Array {
  return isIntegral(t.dtype) ? integers(t) : new BigUint64Array(Float64Array.from(reals(t)).buffer);
}

/** The exclusive or of the bits of each row. */
function hashRows(self: Tensor, dims: readonly number[], out: Tensor): void {
  const { view, length } = rowsOf(self, dims);
  const bits = bitsOf(view);
  fillIntegers(out, (y) => {
    for (let at = 0; at < bits.length; at++) y[Math.floor(at / length)]! ^= BigInt.asUintN(64, bits[at]!);
  });
}

/** Of any and all an empty list reduces nothing. */
const listedDims = (self: Tensor, dim: readonly number[] | null): number[] =>
  dim !== null && dim.length === 0 ? [] : dimsOf(self, dim);

const elementsOf = (self: Tensor, dims: readonly number[]): number => rowsOf(self, dims).length;

export const reductions: readonly Kernel[] = [
  defineOp("aten::hash_tensor(Tensor self, int[1] dim=[], *, bool keepdim=False, int mode=0) -> Tensor", {
    meta: ({ self, dim, keepdim }) => ({
      sizes: reducedSizes(self, dimsOf(self, dim), keepdim),
      dtype: dtypes.uint64,
    }),
    run: ({ self, dim }, out) => hashRows(self, dimsOf(self, dim), out),
  }),
  defineOp("aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor", {
    meta: ({ self, dtype }) => ({ sizes: [], dtype: sumDtype(self, dtype) }),
    run: ({ self }, out) => foldRows(self, dimsOf(self, null), out, SUM),
  }),
  defineOp(
    "aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    {
      meta: ({ self, dim, keepdim, dtype }) => ({
        sizes: reducedSizes(self, dimsOf(self, dim), keepdim),
        dtype: sumDtype(self, dtype),
      }),
      run: ({ self, dim }, out) => foldRows(self, dimsOf(self, dim), out, SUM),
    },
  ),
  defineOp(
    "aten::nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    {
      composite: ({ self, dim, keepdim, dtype }) => {
        const numbers = isIntegral(self.dtype)
          ? self
          : call("aten::nan_to_num", self, 0, Infinity, -Infinity);
        return call("aten::sum.dim_IntList", numbers, dim, keepdim, dtype);
      },
    },
  ),
  defineOp("aten::mean(Tensor self, *, ScalarType? dtype=None) -> Tensor", {
    meta: ({ self, dtype }) => ({ sizes: [], dtype: dtype ?? self.dtype }),
    run: ({ self }, out) => foldRows(self, dimsOf(self, null), out, SUM, self.numel),
  }),
  defineOp(
    "aten::mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    {
      meta: ({ self, dim, keepdim, dtype }) => ({
        sizes: reducedSizes(self, dimsOf(self, dim), keepdim),
        dtype: dtype ?? self.dtype,
      }),
      run: ({ self, dim }, out) => {
        const dims = dimsOf(self, dim);
        foldRows(self, dims, out, SUM, elementsOf(self, dims));
      },
    },
  ),
  defineOp("aten::prod(Tensor self, *, ScalarType? dtype=None) -> Tensor", {
    meta: ({ self, dtype }) => ({ sizes: [], dtype: sumDtype(self, dtype) }),
    run: ({ self }, out) => foldRows(self, dimsOf(self, null), out, PRODUCT),
  }),
  defineOp(
    "aten::prod.dim_int(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    {
      meta: ({ self, dim, keepdim, dtype }) => ({
        sizes: reducedSizes(self, dimOf(self, dim), keepdim),
        dtype: sumDtype(self, dtype),
      }),
      run: ({ self, dim }, out) => foldRows(self, dimOf(self, dim), out, PRODUCT),
    },
  ),
  ...predicate("any", true),
  ...predicate("all", false),
  defineOp("aten::count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor", {
    composite: ({ self, dim }) => call("aten::sum.dim_IntList", cast(self, dtypes.bool), dim),
  }),
  defineOp("aten::count_nonzero(Tensor self, int? dim=None) -> Tensor", {
    composite: ({ self, dim }) =>
      call("aten::sum.dim_IntList", cast(self, dtypes.bool), dim === null ? null : [dim]),
  }),
  defineOp("aten::trace(Tensor self) -> Tensor", {
    composite: ({ self }) => call("aten::sum", call("aten::diagonal", self)),
  }),
  defineOp(
    "aten::nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    {
      composite: ({ self, dim, keepdim, dtype }) => {
        const known = call("aten::logical_not", call("aten::isnan", self));
        const count = call("aten::sum.dim_IntList", known, dim, keepdim);
        return call("aten::div.Tensor", call("aten::nansum", self, dim, keepdim, dtype), count);
      },
    },
  ),
];
