/** Determinants, by LU decompositions. */
import { realDtype } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { sgn, times } from "../math/complex.ts";
import { type Matrix, matrix } from "../math/matrix.ts";
import type { Lu } from "../math/triangular.ts";
import { batchSizes, flipped, requireSquare, storeMatrices, storeNumbers } from "../matrices.ts";
import { factorAll, factorSpecs, storeFactors } from "./linalg-lu.ts";

/** torch decomposes the transpose of what is real and contiguous: it lies in memory as LAPACK wants it. */
const decomposed = (a: Tensor): Tensor => (a.isContiguous && a.dtype.category !== "complex" ? flipped(a) : a);

const isOdd = (pivots: ArrayLike<number>): boolean =>
  Array.from(pivots).filter((row, i) => row !== i + 1).length % 2 === 1;

function single([re, im]: readonly [number, number]): Matrix {
  const result = matrix(1, 1);
  [result.re[0], result.im[0]] = [re, im];
  return result;
}

/** The product of the diagonal; its sign (of a complex one, a number of length 1) and the logarithm of its size. */
function determinantOf({ factors, pivots }: Lu) {
  let product: readonly [number, number] = [isOdd(pivots) ? -1 : 1, 0];
  let sign = product;
  let logarithm = 0;
  for (let i = 0; i < factors.rows; i++) {
    const at = i * factors.columns + i;
    const value = [factors.re[at]!, factors.im[at]!] as const;
    product = times(product, value);
    sign = times(sign, sgn(value));
    logarithm += Math.log(Math.hypot(...value));
  }
  return { product, sign, logarithm };
}

function logdet(a: Tensor): Tensor {
  const [sign, logarithm] = callList("aten::linalg_slogdet", a) as readonly [Tensor, Tensor];
  if (a.dtype.category === "complex") return call("aten::add.Tensor", call("aten::log", sign), logarithm);
  const negative = call("aten::eq.Scalar", sign, Scalar.int(-1));
  return call("aten::masked_fill.Scalar", logarithm, negative, Scalar.float(Number.NaN));
}

export const determinants: readonly Kernel[] = [
  defineOp("aten::_linalg_det(Tensor A) -> (Tensor result, Tensor LU, Tensor pivots)", {
    meta: ({ A }) => {
      requireSquare(A, "linalg.det");
      return [A.like(batchSizes(A)), ...factorSpecs(A, "linalg.det")];
    },
    run: ({ A }, result, lu, pivots) => {
      const found = factorAll(decomposed(A));
      storeFactors(found, lu!, pivots!);
      storeMatrices(result, found, (one) => single(determinantOf(one).product));
    },
  }),
  defineOp("aten::_linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet, Tensor LU, Tensor pivots)", {
    meta: ({ A }) => {
      requireSquare(A, "linalg.slogdet");
      const sizes = batchSizes(A);
      return [A.like(sizes), A.like(sizes, realDtype(A.dtype)), ...factorSpecs(A, "linalg.slogdet")];
    },
    run: ({ A }, sign, logarithm, lu, pivots) => {
      const found = factorAll(decomposed(A));
      storeFactors(found, lu!, pivots!);
      storeMatrices(sign, found, (one) => single(determinantOf(one).sign));
      storeNumbers(logarithm!, found, (one) => [determinantOf(one).logarithm]);
    },
  }),
  defineOp("aten::linalg_det(Tensor A) -> Tensor", {
    composite: ({ A }) => callList("aten::_linalg_det", A)[0]!,
  }),
  defineOp("aten::det(Tensor self) -> Tensor", {
    composite: ({ self }) => callList("aten::_linalg_det", self)[0]!,
  }),
  defineOp("aten::linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet)", {
    composite: ({ A }) => callList("aten::_linalg_slogdet", A).slice(0, 2),
  }),
  defineOp("aten::slogdet(Tensor self) -> (Tensor sign, Tensor logabsdet)", {
    composite: ({ self }) => callList("aten::_linalg_slogdet", self).slice(0, 2),
  }),
  defineOp("aten::logdet(Tensor self) -> Tensor", { composite: ({ self }) => logdet(self) }),
];
