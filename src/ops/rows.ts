/** Tensors as rows: what reductions, scans, sorts and softmaxes work on. */
import { dtypes } from "../tensor/dtype.ts";
import { type Integers, integers, type Reals, reals, storeReals } from "../tensor/elements.ts";
import { wrapDim, wrapDims } from "../tensor/geometry.ts";
import { Tensor } from "../tensor/tensor.ts";

/** The elements to be reduced, one row behind the other. */
export interface Rows {
  /** A view of the tensor whose last dimensions are those that are reduced. */
  readonly view: Tensor;
  readonly count: number;
  /** Elements of one row. */
  readonly length: number;
}

/** A view with the given dimensions last; the others keep their order. */
export function rowsOf(self: Tensor, dims: readonly number[]): Rows {
  const order = [...self.sizes.keys()].filter((d) => !dims.includes(d)).concat(dims);
  const view = self.view(
    order.map((d) => self.sizes[d]!),
    order.map((d) => self.strides[d]!),
  );
  let length = 1;
  for (const d of dims) length *= self.sizes[d]!;
  let count = 1;
  for (let d = 0; d < self.rank; d++) if (!dims.includes(d)) count *= self.sizes[d]!;
  return { view, count, length };
}

/** The rows along one dimension, of a tensor that may be 0-dimensional. */
export function rowsAlong(self: Tensor, dim: number): Rows {
  return rowsOf(self, self.rank === 0 ? [] : [wrapDim(dim, self.rank)]);
}

/** The sizes that are left when dimensions are reduced, to 1 with `keepdim`. */
export function reducedSizes(self: Tensor, dims: readonly number[], keepdim: boolean): number[] {
  return keepdim
    ? self.sizes.map((size, d) => (dims.includes(d) ? 1 : size))
    : self.sizes.filter((_, d) => !dims.includes(d));
}

/** The dimensions that an argument means: all of them for null and for an empty list. */
export const dimsOf = (self: Tensor, dim: readonly number[] | null): number[] => wrapDims(dim, self.rank);

/** The one dimension that an argument means; none of a 0-dimensional tensor. */
export function dimOf(self: Tensor, dim: number): number[] {
  const wrapped = wrapDim(dim, self.rank);
  return self.rank === 0 ? [] : [wrapped];
}

/** The elements in an order that compares exactly: as numbers, or as 64-bit integers where numbers would round. */
export function comparable(t: Tensor): Reals | Integers {
  const values = reals(t);
  if (t.dtype.form !== "wide") return values;
  for (let i = 0; i < values.length; i++)
    if (Math.abs(values[i]!) > Number.MAX_SAFE_INTEGER) return integers(t);
  return values;
}

/** A tensor of indices, int64 as torch's are. */
export const indexSpec = (sizes: readonly number[]) => ({ sizes, dtype: dtypes.int64 });

/** Indices as a 1-dimensional int64 tensor. */
export function indexTensor(values: ArrayLike<number>): Tensor {
  const result = Tensor.zeros([values.length], dtypes.int64);
  storeReals(result, values);
  return result;
}
