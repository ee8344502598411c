/** Systems of linear equations, and inverses. */
import { numelOf } from "../../tensor/geometry.ts";

import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { identity, type Matrix, transposeOf } from "../math/matrix.ts";
import { luFactor, luSolve, solveTriangular } from "../math/triangular.ts";
import {
  broadcastBatches,
  checkErrors,
  columnMajor,
  flipped,
  infoSpec,
  matricesOf,
  requireSquare,
  storeInfo,
  storeMatrices,
} from "../matrices.ts";
import { factorAll, factorSpecs, storeFactors } from "./linalg-lu.ts";
import { reshaped } from "./reshaping.ts";
import { permuted, unsqueezed } from "./views.ts";

/** at::native::linalg_solve_is_vector_rhs: one right side for each matrix, not a matrix of them. */
export function isVectorRight(a: Tensor, b: Tensor): boolean {
  return b.rank === 1 || (b.rank === a.rank - 1 && b.sizes.every((size, d) => size === a.sizes[d]));
}

/** The right sides as matrices. */
export const rightSides = (a: Tensor, b: Tensor): Tensor => (isVectorRight(a, b) ? unsqueezed(b, -1) : b);

function solutionSpec(a: Tensor, b: Tensor, left: boolean): TensorSpec {
  requireSquare(a, "linalg.solve");
  const vector = isVectorRight(a, b);
  if (vector && !left) {
    throw new RangeError(
      "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)",
    );
  }
  const right = rightSides(a, b);
  requireFits(a, right, left, "linalg.solve");
  const { sizes } = broadcastBatches(a, right)[1];
  if (vector) return b.like(sizes.slice(0, -1));
  return left ? columnMajor(b.like(sizes)) : b.like(sizes);
}

function requireFits(a: Tensor, b: Tensor, left: boolean, name: string): void {
  if (a.size(-1) === b.size(left ? -2 : -1)) return;
  const [as, bs] = [a, b].map((t) => `${t.size(-2)}x${t.size(-1)}`);
  throw new RangeError(
    `${name}: Incompatible shapes of A and B for the equation ${left ? "AX = B" : "XA = B"} (${as} and ${bs})`,
  );
}

/** X A = B is A^T X^T = B^T. */
function solveEither(b: Matrix, left: boolean, solve: (right: Matrix) => Matrix): Matrix {
  return left ? solve(b) : transposeOf(solve(transposeOf(b)));
}

function solve(a: Tensor, b: Tensor, left: boolean, result: Tensor): void {
  const [as, bs] = broadcastBatches(a, rightSides(a, b)).map(matricesOf) as [Matrix[], Matrix[]];
  storeMatrices(result, [...bs.entries()], ([i, right]) => {
    const own = luFactor(left ? as[i]! : transposeOf(as[i]!));
    return solveEither(right, left, (one) => luSolve(own, one));
  });
}

/** at::native::linalg_solve_triangular: only the triangle that is named is read. */
function solveTriangles(
  [a, b]: readonly [Tensor, Tensor],
  { upper, left, unit }: { upper: boolean; left: boolean; unit: boolean },
  out: Tensor,
): void {
  const [as, bs] = [matricesOf(a), matricesOf(b)];
  storeMatrices(out, [...bs.entries()], ([i, right]) =>
    left
      ? solveTriangular(as[i]!, right, upper, unit)
      : solveEither(right, false, (one) => solveTriangular(transposeOf(as[i]!), one, !upper, unit)),
  );
}

/** at::native::linalg_tensorsolve */
function tensorsolve(self: Tensor, other: Tensor, dims: readonly number[] | null): Tensor {
  const moved = (dims ?? []).map((d) => (d < 0 ? d + self.rank : d));
  const kept = [...self.sizes.keys()].filter((d) => !moved.includes(d));
  const a = permuted(self, [...kept, ...moved]);
  const sizes = a.sizes.slice(other.rank);
  const matrix = reshaped(a, [other.numel, numelOf(sizes)]);
  return reshaped(call("aten::linalg_solve", matrix, reshaped(other, [other.numel])), sizes);
}

/** at::native::linalg_tensorinv */
function tensorinv(self: Tensor, ind: number): Tensor {
  if (ind <= 0) throw new RangeError("Expected a strictly positive integer for 'ind'");
  const [head, tail] = [self.sizes.slice(0, ind), self.sizes.slice(ind)];
  const inverse = call("aten::linalg_inv", reshaped(self, [numelOf(head), numelOf(tail)]));
  return reshaped(inverse, [...tail, ...head]);
}

function inverse(a: Tensor, name: string): Tensor {
  const [result, info] = callList("aten::linalg_inv_ex", a) as readonly [Tensor, Tensor];
  checkErrors(info, name);
  return result;
}

export const linearSystems: readonly Kernel[] = [
  defineOp(
    "aten::_linalg_solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False) -> (Tensor result, Tensor LU, Tensor pivots, Tensor info)",
    {
      meta: ({ A, B, left }) => [solutionSpec(A, B, left), ...factorSpecs(A, "linalg.solve"), infoSpec(A)],
      run: ({ A, B, left, check_errors }, result, lu, pivots, info) => {
        const found = factorAll(A);
        storeFactors(found, lu!, pivots!);
        storeInfo(info!, found);
        if (check_errors) checkErrors(info!, "torch.linalg.solve_ex");
        solve(A, B, left, result);
      },
    },
  ),
  defineOp(
    "aten::linalg_solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False) -> (Tensor result, Tensor info)",
    {
      composite: ({ A, B, left, check_errors }) => {
        const [result, , , info] = callList("aten::_linalg_solve_ex", A, B, left, check_errors);
        return [result!, info!];
      },
    },
  ),
  defineOp("aten::linalg_solve(Tensor A, Tensor B, *, bool left=True) -> Tensor", {
    composite: ({ A, B, left }) => {
      const [result, , , info] = callList("aten::_linalg_solve_ex", A, B, left, false);
      checkErrors(info!, "torch.linalg.solve");
      return result!;
    },
  }),
  defineOp("aten::linalg_inv_ex(Tensor A, *, bool check_errors=False) -> (Tensor inverse, Tensor info)", {
    meta: ({ A }) => {
      requireSquare(A, "linalg.inv");
      return [columnMajor(A.like()), infoSpec(A)];
    },
    run: ({ A, check_errors }, result, info) => {
      const found = factorAll(A);
      storeInfo(info!, found);
      if (check_errors) checkErrors(info!, "linalg.inv_ex");
      storeMatrices(result, found, (one) => luSolve(one, identity(A.size(-1))));
    },
  }),
  defineOp("aten::linalg_inv(Tensor A) -> Tensor", { composite: ({ A }) => inverse(A, "linalg.inv") }),
  defineOp("aten::inverse(Tensor self) -> Tensor", { composite: ({ self }) => inverse(self, "linalg.inv") }),
  defineOp(
    "aten::linalg_solve_triangular(Tensor self, Tensor B, *, bool upper, bool left=True, bool unitriangular=False) -> Tensor",
    {
      meta: ({ self, B, left }) => {
        requireSquare(self, "linalg.solve_triangular");
        requireFits(self, B, left, "linalg.solve_triangular");
        const spec = B.like(broadcastBatches(self, B)[1].sizes);
        return left ? columnMajor(spec) : spec;
      },
      run: ({ self, B, upper, left, unitriangular: unit }, out) =>
        solveTriangles(broadcastBatches(self, B), { upper, left, unit }, out),
    },
  ),
  defineOp(
    "aten::triangular_solve(Tensor self, Tensor A, bool upper=True, bool transpose=False, bool unitriangular=False) -> (Tensor solution, Tensor cloned_coefficient)",
    {
      meta: ({ self, A }) => {
        requireSquare(A, "triangular_solve");
        const [a, b] = broadcastBatches(A, self);
        return [columnMajor(b.like()), columnMajor(a.like())];
      },
      run: ({ self, A, upper, transpose, unitriangular: unit }, solution, clone) => {
        const [a, b] = broadcastBatches(A, self);
        call("aten::copy_", clone!, a);
        const own = transpose ? flipped(a) : a;
        solveTriangles([own, b], { upper: upper !== transpose, left: true, unit }, solution);
      },
    },
  ),
  defineOp("aten::linalg_tensorinv(Tensor self, int ind=2) -> Tensor", {
    composite: ({ self, ind }) => tensorinv(self, ind),
  }),
  defineOp("aten::linalg_tensorsolve(Tensor self, Tensor other, int[]? dims=None) -> Tensor", {
    composite: ({ self, other, dims }) => tensorsolve(self, other, dims),
  }),
];
