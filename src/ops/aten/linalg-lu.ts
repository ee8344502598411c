/** LU decompositions, and what is solved with them. */
import { dtypes } from "../../tensor/dtype.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { adjointOf, blockOf, identity, lowerOf, type Matrix, upperOf } from "../math/matrix.ts";
import { exchangeRows, type Lu, luFactor, luSolve } from "../math/triangular.ts";
import {
  batchSizes,
  broadcastBatches,
  checkErrors,
  columnMajor,
  infoSpec,
  matricesOf,
  numbersOf,
  requireMatrices,
  requireSquare,
  storeInfo,
  storeMatrices,
  storeNumbers,
} from "../matrices.ts";

/** The factors of each matrix, and where its rows went. */
export function factorSpecs(a: Tensor, name: string): [TensorSpec, TensorSpec] {
  requireMatrices(a, name);
  const pivots = [...batchSizes(a), Math.min(a.size(-2), a.size(-1))];
  return [columnMajor(a.like()), { sizes: pivots, dtype: dtypes.int32 }];
}

export const factorAll = (a: Tensor): Lu[] => matricesOf(a).map((one) => luFactor(one));

export function storeFactors(found: readonly Lu[], lu: Tensor, pivots: Tensor): void {
  storeMatrices(lu, found, (one) => one.factors);
  storeNumbers(pivots, found, (one) => one.pivots);
}

function requirePivoting(pivot: boolean): void {
  if (!pivot) throw new RangeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU");
}

/** The matrix P of A = P L U. */
function permutation(pivots: ArrayLike<number>, size: number): Matrix {
  const result = identity(size);
  exchangeRows(result, pivots, true);
  return result;
}

/** X A = B is A^H X^H = B^H. */
function solveOne(own: Pick<Lu, "factors" | "pivots">, b: Matrix, left: boolean, adjoint: boolean): Matrix {
  return left ? luSolve(own, b, adjoint) : adjointOf(luSolve(own, adjointOf(b), !adjoint));
}

export const luDecompositions: readonly Kernel[] = [
  defineOp("aten::_linalg_check_errors(Tensor info, str api_name, *, bool is_matrix) -> ()", {
    composite: ({ info, api_name }) => {
      checkErrors(info, api_name);
      return null;
    },
  }),
  defineOp(
    "aten::linalg_lu_factor_ex(Tensor A, *, bool pivot=True, bool check_errors=False) -> (Tensor LU, Tensor pivots, Tensor info)",
    {
      meta: ({ A, pivot }) => {
        requirePivoting(pivot);
        return [...factorSpecs(A, "linalg.lu_factor"), infoSpec(A)];
      },
      run: ({ A, check_errors }, lu, pivots, info) => {
        const found = factorAll(A);
        storeFactors(found, lu, pivots!);
        storeInfo(info!, found);
        if (check_errors) checkErrors(info!, "linalg.lu_factor_ex");
      },
    },
  ),
  defineOp("aten::linalg_lu_factor(Tensor A, *, bool pivot=True) -> (Tensor LU, Tensor pivots)", {
    composite: ({ A, pivot }) => {
      const [lu, pivots, info] = callList("aten::linalg_lu_factor_ex", A, pivot);
      checkErrors(info!, "linalg.lu_factor");
      return [lu!, pivots!];
    },
  }),
  defineOp(
    "aten::_lu_with_info(Tensor self, bool pivot=True, bool check_errors=True) -> (Tensor LU, Tensor pivots, Tensor info)",
    {
      composite: ({ self, pivot, check_errors }) =>
        callList("aten::linalg_lu_factor_ex", self, pivot, check_errors),
    },
  ),
  defineOp("aten::linalg_lu(Tensor A, *, bool pivot=True) -> (Tensor P, Tensor L, Tensor U)", {
    composite: ({ A, pivot }) => {
      const [lu, pivots] = callList("aten::linalg_lu_factor_ex", A, pivot);
      return callList("aten::lu_unpack", lu, pivots);
    },
  }),
  defineOp(
    "aten::lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data=True, bool unpack_pivots=True) -> (Tensor P, Tensor L, Tensor U)",
    {
      meta: ({ LU_data: lu, unpack_data, unpack_pivots }) => {
        const [m, n] = [lu.size(-2), lu.size(-1)];
        const k = Math.min(m, n);
        const spec = (wanted: boolean, rows: number, columns: number): TensorSpec =>
          lu.like(wanted ? [...batchSizes(lu), rows, columns] : [0]);
        return [spec(unpack_pivots, m, m), spec(unpack_data, m, k), spec(unpack_data, k, n)];
      },
      run: ({ LU_data, LU_pivots, unpack_data, unpack_pivots }, p, l, u) => {
        const [m, n] = [LU_data.size(-2), LU_data.size(-1)];
        const k = Math.min(m, n);
        if (unpack_data) {
          const factors = matricesOf(LU_data);
          storeMatrices(l!, factors, (one) => lowerOf(blockOf(one, 0, m, 0, k), true));
          storeMatrices(u!, factors, (one) => upperOf(blockOf(one, 0, k, 0, n)));
        }
        if (unpack_pivots) storeMatrices(p, numbersOf(LU_pivots, k), (one) => permutation(one, m));
      },
    },
  ),
  defineOp(
    "aten::linalg_lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True, bool adjoint=False) -> Tensor",
    {
      meta: ({ LU, B, left }) => {
        requireSquare(LU, "linalg.lu_solve");
        const spec = B.like(broadcastBatches(LU, B)[1].sizes);
        return left ? columnMajor(spec) : spec;
      },
      run: ({ LU, pivots, B, left, adjoint }, out) => {
        const [lu, b] = broadcastBatches(LU, B);
        const rows = numbersOf(call("aten::expand", pivots, lu.sizes.slice(0, -1)), lu.size(-1));
        const factors = matricesOf(lu);
        storeMatrices(out, [...matricesOf(b).entries()], ([i, right]) =>
          solveOne({ factors: factors[i]!, pivots: rows[i]! }, right, left, adjoint),
        );
      },
    },
  ),
  defineOp("aten::lu_solve(Tensor self, Tensor LU_data, Tensor LU_pivots) -> Tensor", {
    composite: ({ self, LU_data, LU_pivots }) => call("aten::linalg_lu_solve", LU_data, LU_pivots, self),
  }),
];
