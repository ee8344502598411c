/** Norms and conditions of matrices. */

import { cast } from "../../tensor/copy.ts";
import type { DType } from "../../tensor/dtype.ts";
import { realDtype } from "../../tensor/dtype.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { batchSizes, requireMatrices, requireSquare } from "../matrices.ts";
import { permuted, unsqueezed } from "./views.ts";

type Order = number | "fro" | "nuc";

/** The two dimensions of the matrices. */
interface Place {
  readonly dim: readonly number[];
  readonly keepdim: boolean;
  readonly dtype: DType | null;
}

/** at::native::linalg_matrix_norm */
function matrixNorm(self: Tensor, order: Order, { dim, keepdim, dtype }: Place): Tensor {
  if (self.rank < 2)
    throw new RangeError(`linalg.matrix_norm: The input tensor A must have at least 2 dimensions.`);
  const [row, column] = dim.map((d) => wrapDim(d, self.rank)) as [number, number];
  if (row === column)
    throw new RangeError(`linalg.matrix_norm: dims must be different. Got (${dim.join(", ")})`);
  if (order === "fro") return vectorNorm(self, 2, [row, column], keepdim, dtype);
  const own = cast(self, dtype ?? self.dtype);
  if (order === "nuc" || Math.abs(order) === 2) return bySingularValues(own, order, [row, column], keepdim);
  const [first, second] = Math.abs(order) === 1 ? [row, column] : [column, row];
  const sums = vectorNorm(own, 1, [first], keepdim, null);
  const left = !keepdim && first < second ? second - 1 : second;
  return order > 0 ? largest(sums, left, keepdim) : call("aten::amin", sums, [left], keepdim);
}

function bySingularValues(a: Tensor, order: Order, dims: readonly number[], keepdim: boolean): Tensor {
  const rest = [...a.sizes.keys()].filter((d) => !dims.includes(d));
  const values = call("aten::linalg_svdvals", permuted(a, [...rest, ...dims]));
  const result =
    order === "nuc"
      ? call("aten::sum.dim_IntList", values, [-1], false)
      : order === 2
        ? largest(values, -1, false)
        : call("aten::amin", values, [-1], false);
  if (!keepdim) return result;
  return [...dims].sort((x, y) => x - y).reduce((t, d) => unsqueezed(t, d), result);
}

/** The largest of numbers that are not negative; 0 of none. */
const largest = (t: Tensor, dim: number, keepdim: boolean): Tensor =>
  vectorNorm(t, Number.POSITIVE_INFINITY, [dim], keepdim, null);

function vectorNorm(
  self: Tensor,
  order: number,
  dim: readonly number[] | null,
  keepdim: boolean,
  dtype: DType | null,
): Tensor {
  return call("aten::linalg_vector_norm", self, Scalar.float(order), dim, keepdim, dtype);
}

/** at::native::linalg_norm: of vectors, or of matrices where two dimensions and an order are given. */
function anyNorm(
  self: Tensor,
  order: Order | null,
  dim: readonly number[] | null,
  keepdim: boolean,
  dtype: DType | null,
): Tensor {
  if (dim !== null && dim.length !== 1 && dim.length !== 2) {
    throw new RangeError(
      `linalg.norm: If dim is specified, it must be of length 1 or 2. Got [${dim.join(", ")}]`,
    );
  }
  if (dim === null && order !== null && self.rank !== 1 && self.rank !== 2) {
    throw new RangeError("linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D.");
  }
  const matrices = order !== null && (dim === null ? self.rank === 2 : dim.length === 2);
  if (matrices) return matrixNorm(self, order, { dim: dim ?? [0, 1], keepdim, dtype });
  if (typeof order === "string") throw new RangeError(`linalg.norm: the order '${order}' is one of matrices`);
  return vectorNorm(self, order ?? 2, dim, keepdim, dtype);
}

/** at::native::linalg_cond */
function condition(self: Tensor, order: Order): Tensor {
  requireMatrices(self, "linalg.cond");
  if (self.numel === 0 && order !== 2 && order !== -2) requireSquare(self, "linalg.cond");
  if (self.numel === 0) return call("aten::new_zeros", self, batchSizes(self), realDtype(self.dtype));
  if (order === 2 || order === -2 || order === "nuc") return bySpectrum(self, order);
  requireSquare(self, "linalg.cond");
  const [inverse, info] = callList("aten::linalg_inv_ex", self) as readonly [Tensor, Tensor];
  const singular = unsqueezed(unsqueezed(call("aten::gt.Scalar", info, Scalar.int(0)), -1), -1);
  const infinite = Scalar.float(Number.POSITIVE_INFINITY);
  const filled = call("aten::masked_fill.Scalar", inverse, singular, infinite);
  const place = { dim: [-2, -1], keepdim: false, dtype: null };
  const product = call("aten::mul.Tensor", matrixNorm(self, order, place), matrixNorm(filled, order, place));
  return call(
    "aten::nan_to_num",
    product,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  );
}

function bySpectrum(self: Tensor, order: 2 | -2 | "nuc"): Tensor {
  const values = call("aten::linalg_svdvals", self);
  if (order === "nuc") {
    const sum = (t: Tensor): Tensor => call("aten::sum.dim_IntList", t, [-1], false);
    return call("aten::mul.Tensor", sum(values), sum(call("aten::reciprocal", values)));
  }
  const [first, last] = [0, -1].map((at) => call("aten::select.int", values, -1, at)) as [Tensor, Tensor];
  return order === 2 ? call("aten::div.Tensor", first, last) : call("aten::div.Tensor", last, first);
}

export const matrixNorms: readonly Kernel[] = [
  defineOp(
    "aten::linalg_matrix_norm(Tensor self, Scalar ord, int[] dim=[-2, -1], bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    { composite: ({ self, ord, ...place }) => matrixNorm(self, ord.re, place) },
  ),
  defineOp(
    'aten::linalg_matrix_norm.str_ord(Tensor self, str ord="fro", int[] dim=[-2, -1], bool keepdim=False, *, ScalarType? dtype=None) -> Tensor',
    { composite: ({ self, ord, ...place }) => matrixNorm(self, ord as Order, place) },
  ),
  defineOp(
    "aten::linalg_norm(Tensor self, Scalar? ord=None, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    {
      composite: ({ self, ord, dim, keepdim, dtype }) =>
        anyNorm(self, ord === null ? null : ord.re, dim, keepdim, dtype),
    },
  ),
  defineOp(
    "aten::linalg_norm.ord_str(Tensor self, str ord, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    { composite: ({ self, ord, dim, keepdim, dtype }) => anyNorm(self, ord as Order, dim, keepdim, dtype) },
  ),
  defineOp("aten::nuclear_norm(Tensor self, bool keepdim=False) -> Tensor", {
    composite: ({ self, keepdim }) => matrixNorm(self, "nuc", { dim: [-2, -1], keepdim, dtype: null }),
  }),
  defineOp("aten::nuclear_norm.dim(Tensor self, int[2] dim, bool keepdim=False) -> Tensor", {
    composite: ({ self, dim, keepdim }) => matrixNorm(self, "nuc", { dim, keepdim, dtype: null }),
  }),
  defineOp("aten::linalg_cond(Tensor self, Scalar? p=None) -> Tensor", {
    composite: ({ self, p }) => condition(self, p === null ? 2 : p.re),
  }),
  defineOp("aten::linalg_cond.p_str(Tensor self, str p) -> Tensor", {
    composite: ({ self, p }) => condition(self, p as Order),
  }),
];
