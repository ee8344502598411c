/** Tensors as batches of matrices: what kernels of linear algebra work on. */
import { dtypes } from "../tensor/dtype.ts";
import { complexes, fill, fillComplexes, reals } from "../tensor/elements.ts";
import { broadcastSizes, contiguousStrides, numelOf } from "../tensor/geometry.ts";
import type { Tensor, TensorSpec } from "../tensor/tensor.ts";
import { expanded, transposed } from "./aten/views.ts";
import { type Matrix, matrix } from "./math/matrix.ts";

/** The matrices in the last two dimensions, one behind the other. */
export function matricesOf(t: Tensor): Matrix[] {
  const [rows, columns] = [t.size(-2), t.size(-1)];
  const values = complexes(t);
  return Array.from({ length: batchCount(t) }, (_, b) => {
    const result = matrix(rows, columns);
    const start = b * rows * columns;
    for (let i = 0; i < rows * columns; i++) {
      result.re[i] = values[2 * (start + i)]!;
      result.im[i] = values[2 * (start + i) + 1]!;
    }
    return result;
  });
}

/** The rows of the last dimension, each as a matrix of one column. */
export function columnsOf(t: Tensor): Matrix[] {
  return matricesOf(t.view([...t.sizes, 1], [...t.strides, 1]));
}

/** Write a matrix of each of what was found, one behind the other. */
export function storeMatrices<T>(out: Tensor, found: readonly T[], matrixIn: (one: T) => Matrix): void {
  fillComplexes(out, (y) => {
    let at = 0;
    for (const one of found) {
      const { re, im } = matrixIn(one);
      for (let i = 0; i < re.length; i++) {
        y[at++] = re[i]!;
        y[at++] = im[i]!;
      }
    }
  });
}

/** Write some numbers of each of what was found. */
export function storeNumbers<T>(
  out: Tensor,
  found: readonly T[],
  numbersIn: (one: T) => ArrayLike<number>,
): void {
  fill(out, (y) => {
    let at = 0;
    for (const one of found) {
      const some = numbersIn(one);
      y.set(some, at);
      at += some.length;
    }
  });
}

/** The elements as rows of `length`, one for each matrix of a batch. */
export function numbersOf(t: Tensor, length: number): ArrayLike<number>[] {
  const values = reals(t);
  const count = length === 0 ? numelOf(t.sizes.slice(0, -1)) : t.numel / length;
  return Array.from({ length: count }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

/** How many matrices a tensor holds: also when these have no elements. */
const batchCount = (t: Tensor): number => numelOf(batchSizes(t));

/** All dimensions but the last two. */
export const batchSizes = (t: Tensor): readonly number[] => t.sizes.slice(0, -2);

/** A result whose matrices lie column by column, as LAPACK leaves them (at::native::batched_matrix_contiguous_strides). */
export function columnMajor({ sizes, dtype }: TensorSpec): TensorSpec {
  const rank = sizes.length;
  const strides = contiguousStrides(sizes);
  strides[rank - 2] = 1;
  strides[rank - 1] = Math.max(sizes[rank - 2]!, 1);
  return { sizes, dtype, strides };
}

/** @throws RangeError when it has no matrices, or when these hold no floats. */
export function requireMatrices(t: Tensor, name: string): void {
  if (t.rank < 2) throw new RangeError(`${name}: expected matrices, got ${t}`);
  if (t.dtype.category !== "float" && t.dtype.category !== "complex") {
    throw new RangeError(`${name}: expected floating point or complex numbers, got ${t}`);
  }
}

/** @throws RangeError when its matrices are not square; as `requireMatrices` otherwise. */
export function requireSquare(t: Tensor, name: string): void {
  requireMatrices(t, name);
  if (t.size(-1) !== t.size(-2)) throw new RangeError(`${name}: expected square matrices, got ${t}`);
}

/** Both with all batch dimensions (at::native::_linalg_broadcast_batch_dims). */
export function broadcastBatches(a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  const batch = broadcastSizes(a.sizes.slice(0, -2), b.sizes.slice(0, -2));
  return [expanded(a, [...batch, ...a.sizes.slice(-2)]), expanded(b, [...batch, ...b.sizes.slice(-2)])];
}

/** Matrices with rows and columns exchanged: a view. */
export const flipped = (t: Tensor): Tensor => transposed(t, -2, -1);

/** What LAPACK reports of each matrix: 0, or where it failed. */
export const infoSpec = (a: Tensor): TensorSpec => ({ sizes: batchSizes(a), dtype: dtypes.int32 });

export function storeInfo(info: Tensor, found: readonly { readonly info: number }[]): void {
  storeNumbers(info, found, (one) => [one.info]);
}

const FAILURES: readonly (readonly [RegExp, (at: number) => string])[] = [
  [
    /cholesky/,
    (at) =>
      `The factorization could not be completed because the input is not positive-definite (the leading minor of order ${at} is not positive-definite).`,
  ],
  [/eig|svd/, (at) => `The algorithm failed to converge (error code: ${at}).`],
  [
    /inv/,
    (at) =>
      `The diagonal element ${at} is zero, the inversion could not be completed because the input matrix is singular.`,
  ],
  [/solve/, () => "The solver failed because the input matrix is singular."],
  [/./, (at) => `U[${at},${at}] is zero and using it on lu_solve would result in a division by zero.`],
];

/** @throws RangeError when a decomposition failed, in torch's words (at::native::_linalg_check_errors). */
export function checkErrors(info: Tensor, name: string): void {
  if (info.storage === null) return;
  const codes = reals(info);
  const failed = codes.findIndex((value) => value !== 0);
  if (failed < 0) return;
  const place = info.rank === 0 ? "" : `(Batch element ${failed}): `;
  const [, why] = FAILURES.find(([pattern]) => pattern.test(name))!;
  throw new RangeError(`${name}: ${place}${why(codes[failed]!)}`);
}
