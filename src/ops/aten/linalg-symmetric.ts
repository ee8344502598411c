/** Decompositions of symmetric and Hermitian matrices, and what is solved with them: Cholesky and LDL. */
import { dtypes } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { indefiniteFactor, indefiniteSolve } from "../math/indefinite.ts";
import { adjointOf, identity, lowerOf, type Matrix } from "../math/matrix.ts";
import { cholesky, solveTriangular } from "../math/triangular.ts";
import {
  broadcastBatches,
  checkErrors,
  columnMajor,
  infoSpec,
  matricesOf,
  numbersOf,
  requireSquare,
  storeInfo,
  storeMatrices,
  storeNumbers,
} from "../matrices.ts";

/** L of the factor that an operator is given: L itself, or its adjoint. */
const lowerFactor = (a: Matrix, upper: boolean): Matrix => lowerOf(upper ? adjointOf(a) : a);

/** X with L L^H X = B. */
const solveFactored = (lower: Matrix, b: Matrix): Matrix =>
  solveTriangular(adjointOf(lower), solveTriangular(lower, b, false), true);

function choleskyOf(a: Tensor, upper: boolean, name: string): Tensor {
  const [factor, info] = callList("aten::linalg_cholesky_ex", a, upper) as readonly [Tensor, Tensor];
  checkErrors(info, name);
  return factor;
}

export const symmetricDecompositions: readonly Kernel[] = [
  defineOp(
    "aten::linalg_cholesky_ex(Tensor self, *, bool upper=False, bool check_errors=False) -> (Tensor L, Tensor info)",
    {
      meta: ({ self }) => {
        requireSquare(self, "linalg.cholesky");
        return [columnMajor(self.like()), infoSpec(self)];
      },
      run: ({ self, upper, check_errors }, factor, info) => {
        const found = matricesOf(self).map((one) => cholesky(lowerFactor(one, upper)));
        storeMatrices(factor, found, (one) => (upper ? adjointOf(one.factor) : one.factor));
        storeInfo(info!, found);
        if (check_errors) checkErrors(info!, "linalg.cholesky_ex");
      },
    },
  ),
  defineOp("aten::linalg_cholesky(Tensor self, *, bool upper=False) -> Tensor", {
    composite: ({ self, upper }) => choleskyOf(self, upper, "linalg.cholesky"),
  }),
  defineOp("aten::cholesky(Tensor self, bool upper=False) -> Tensor", {
    // Unlike linalg.cholesky, it takes what has no elements as it is, square or not.
    composite: ({ self, upper }) =>
      self.numel === 0 ? call("aten::new_empty", self, self.sizes) : choleskyOf(self, upper, "cholesky"),
  }),
  defineOp("aten::cholesky_solve(Tensor self, Tensor input2, bool upper=False) -> Tensor", {
    meta: ({ self, input2 }) => {
      requireSquare(input2, "cholesky_solve");
      return columnMajor(self.like(broadcastBatches(input2, self)[1].sizes));
    },
    run: ({ self, input2, upper }, out) => {
      const [factors, bs] = broadcastBatches(input2, self).map(matricesOf) as [Matrix[], Matrix[]];
      storeMatrices(out, [...bs.entries()], ([i, b]) => solveFactored(lowerFactor(factors[i]!, upper), b));
    },
  }),
  defineOp("aten::cholesky_inverse(Tensor self, bool upper=False) -> Tensor", {
    meta: ({ self }) => {
      requireSquare(self, "cholesky_inverse");
      return columnMajor(self.like());
    },
    run: ({ self, upper }, out) =>
      storeMatrices(out, matricesOf(self), (one) =>
        solveFactored(lowerFactor(one, upper), identity(self.size(-1))),
      ),
  }),
  defineOp(
    "aten::linalg_ldl_factor_ex(Tensor self, *, bool hermitian=False, bool check_errors=False) -> (Tensor LD, Tensor pivots, Tensor info)",
    {
      meta: ({ self }) => {
        requireSquare(self, "torch.linalg.ldl_factor_ex");
        const pivots = { sizes: self.sizes.slice(0, -1), dtype: dtypes.int32 };
        return [columnMajor(self.like()), pivots, infoSpec(self)];
      },
      run: ({ self, hermitian, check_errors }, factors, pivots, info) => {
        const conjugated = hermitian && self.dtype.category === "complex";
        const found = matricesOf(self).map((one) => indefiniteFactor(lowerOf(one), conjugated));
        storeMatrices(factors, found, (one) => one.factors);
        storeNumbers(pivots!, found, (one) => one.pivots);
        storeInfo(info!, found);
        if (check_errors) checkErrors(info!, "torch.linalg.ldl_factor_ex");
      },
    },
  ),
  defineOp("aten::linalg_ldl_factor(Tensor self, *, bool hermitian=False) -> (Tensor LD, Tensor pivots)", {
    composite: ({ self, hermitian }) => {
      const [factors, pivots, info] = callList("aten::linalg_ldl_factor_ex", self, hermitian);
      checkErrors(info!, "torch.linalg.ldl_factor");
      return [factors!, pivots!];
    },
  }),
  defineOp("aten::linalg_ldl_solve(Tensor LD, Tensor pivots, Tensor B, *, bool hermitian=False) -> Tensor", {
    meta: ({ LD, B }) => {
      requireSquare(LD, "torch.linalg.ldl_solve");
      return columnMajor(B.like(broadcastBatches(LD, B)[1].sizes));
    },
    run: ({ LD, pivots, B, hermitian }, out) => {
      const [factors, b] = broadcastBatches(LD, B);
      const rows = numbersOf(call("aten::expand", pivots, factors.sizes.slice(0, -1)), factors.size(-1));
      const conjugated = hermitian && LD.dtype.category === "complex";
      const all = matricesOf(factors);
      storeMatrices(out, [...matricesOf(b).entries()], ([i, right]) =>
        indefiniteSolve(all[i]!, rows[i]!, right, conjugated),
      );
    },
  }),
];
