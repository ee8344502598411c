/** Pseudoinverses, ranks and least squares, by singular values. */
import { dtypes, realDtype } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { adjointOf, type Matrix, multiply, scaleRow } from "../math/matrix.ts";
import { hermitianEigen, type Svd, singularValues } from "../math/rotations.ts";
import {
  batchSizes,
  broadcastBatches,
  matricesOf,
  requireMatrices,
  storeMatrices,
  storeNumbers,
} from "../matrices.ts";
import { tableOp } from "../table-op.ts";
import { isVectorRight, rightSides } from "./linalg-solve.ts";
import { expanded, squeezed } from "./views.ts";

const epsilonOf = (a: Tensor): number => (realDtype(a.dtype) === dtypes.float64 ? 2 ** -52 : 2 ** -23);

/** A tolerance, of all matrices or one for each. */
type Bound = Tensor | number | null | undefined;

function boundOf(bound: Bound, a: Tensor, otherwise: number): ArrayLike<number> {
  const sizes = batchSizes(a);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (typeof bound === "number") return new Float64Array(count).fill(bound);
  if (bound === null || bound === undefined) return new Float64Array(count).fill(otherwise);
  return reals(expanded(bound, sizes));
}

/** at::native::get_atol_rtol: up to where singular values count as 0, a share of the largest and a number. */
function bounds(
  a: Tensor,
  { atol, rtol }: { atol?: Bound; rtol?: Bound },
): (i: number, largest: number) => number {
  const absolute = boundOf(atol, a, 0);
  const share = epsilonOf(a) * Math.max(a.size(-2), a.size(-1));
  const relative = boundOf(rtol, a, share);
  const given = rtol !== null && rtol !== undefined;
  return (i, largest) => Math.max(absolute[i]!, (!given && absolute[i]! > 0 ? 0 : relative[i]!) * largest);
}

/** As `singularValues` finds them; of a Hermitian matrix by its eigenvalues, which are then not in order. */
function decompose(a: Matrix, hermitian: boolean): Svd {
  if (!hermitian) return singularValues(a, false);
  const { values, vectors } = hermitianEigen(a);
  const u = adjointOf(vectors);
  for (const [i, value] of values.entries()) if (value < 0) scaleRow(u, i, -1, 0);
  return { u: adjointOf(u), values: values.map(Math.abs), vh: adjointOf(vectors) };
}

const largestOf = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0);

/** V S^-1 U^H, without the singular values that count as 0. */
function pseudoinverse({ u, values, vh }: Svd, bound: number): Matrix {
  const scaled = adjointOf(u);
  for (const [i, value] of values.entries()) scaleRow(scaled, i, value > bound ? 1 / value : 0, 0);
  return multiply(adjointOf(vh), scaled);
}

/** The overloads of an operator that differ in how they name their tolerances. */
function tolerances(args: Arguments) {
  const { input, self, tol, rcond, rtol, atol, hermitian } = args;
  return {
    a: (self ?? input) as Tensor,
    // matrix_rank's tol is a number, pinv's rcond a share (at::native::linalg_matrix_rank, linalg_pinv).
    atol: (atol ?? tol ?? (rcond === undefined ? null : 0)) as Bound,
    rtol: (rtol ?? rcond ?? (tol === undefined ? null : 0)) as Bound,
    hermitian: hermitian === true,
  };
}

function rankKernel(overload: string): Kernel {
  return tableOp(`aten::linalg_matrix_rank${overload}`, {
    meta: (args) => {
      const { a } = tolerances(args);
      requireMatrices(a, "linalg.matrix_rank");
      return a.like(batchSizes(a), dtypes.int64);
    },
    run: (args, out) => {
      const { a, hermitian, ...own } = tolerances(args);
      const bound = bounds(a, own);
      storeNumbers(out, [...matricesOf(a).entries()], ([i, one]) => {
        const { values } = decompose(one, hermitian);
        const least = bound(i, largestOf(values));
        return [values.filter((value) => value > least).length];
      });
    },
  });
}

function inverseKernel(name: string): Kernel {
  return tableOp(name, {
    meta: (args) => {
      const { a } = tolerances(args);
      requireMatrices(a, "linalg.pinv");
      return a.like([...batchSizes(a), a.size(-1), a.size(-2)]);
    },
    run: (args, out) => {
      const { a, hermitian, ...own } = tolerances(args);
      const bound = bounds(a, own);
      storeMatrices(out, [...matricesOf(a).entries()], ([i, one]) => {
        const found = decompose(one, hermitian);
        return pseudoinverse(found, bound(i, largestOf(found.values)));
      });
    },
  });
}

/** What the drivers of LAPACK give: gels assumes full rank, and only those by SVD tell the singular values. */
function leastSquaresSpecs(a: Tensor, b: Tensor, driver: string): [TensorSpec, TensorSpec, TensorSpec] {
  const right = rightSides(a, b);
  const batch = batchSizes(broadcastBatches(a, right)[0]);
  const solution = [...batch, a.size(-1), ...(isVectorRight(a, b) ? [] : [right.size(-1)])];
  const values = [...batchSizes(a), Math.min(a.size(-2), a.size(-1))];
  const real = realDtype(a.dtype);
  return [
    b.like(solution),
    a.like(driver === "gels" ? [0] : batchSizes(a), dtypes.int64),
    a.like(driver === "gelsd" || driver === "gelss" ? values : [0], real),
  ];
}

const ranks = (found: readonly Svd[], bound: (i: number, largest: number) => number): number[] =>
  found.map(({ values }, i) => values.filter((value) => value > bound(i, largestOf(values))).length);

/** at::native::linalg_lstsq: squared distances, where there are more equations than unknowns and the rank is full. */
function residualsOf(a: Tensor, b: Tensor, solution: Tensor, rank: Tensor, driver: string): Tensor {
  const [m, n] = [a.size(-2), a.size(-1)];
  const full = driver === "gels" || reals(rank).every((one) => one === n);
  if (m <= n || driver === "gelsy" || !full) return call("aten::new_empty", a, [0], realDtype(a.dtype));
  const vector = isVectorRight(a, b);
  const x = vector ? call("aten::unsqueeze", solution, -1) : solution;
  const off = call("aten::sub.Tensor", call("aten::matmul", a, x), rightSides(a, b));
  const squares = call("aten::pow.Tensor_Scalar", call("aten::abs", off), Scalar.int(2));
  const sums = call("aten::sum.dim_IntList", squares, [-2], false);
  return vector ? squeezed(sums, [-1]) : sums;
}

export const leastSquares: readonly Kernel[] = [
  ...["", ".tol_tensor", ".atol_rtol_tensor", ".atol_rtol_float"].map(rankKernel),
  ...["", ".atol_rtol_float", ".atol_rtol_tensor", ".rcond_tensor"].map((overload) =>
    inverseKernel(`aten::linalg_pinv${overload}`),
  ),
  inverseKernel("aten::pinverse"),
  defineOp(
    "aten::linalg_lstsq(Tensor self, Tensor b, float? rcond=None, *, str? driver=None) -> (Tensor solution, Tensor residuals, Tensor rank, Tensor singular_values)",
    {
      composite: ({ self, b, rcond, driver }) => {
        const [solution, rank, values] = solved(self, b, rcond, driver ?? "gelsy");
        return [solution, residualsOf(self, b, solution, rank, driver ?? "gelsy"), rank, values];
      },
    },
  ),
];

function solved(self: Tensor, b: Tensor, rcond: number | null, driver: string): [Tensor, Tensor, Tensor] {
  requireMatrices(self, "torch.linalg.lstsq");
  const [solution, rank, values] = leastSquaresSpecs(self, b, driver).map((spec) =>
    call("aten::zeros", spec.sizes, spec.dtype),
  ) as [Tensor, Tensor, Tensor];
  const [a, right] = broadcastBatches(self, rightSides(self, b));
  const bound = bounds(a, { rtol: driver === "gels" ? 0 : rcond });
  const bs = matricesOf(right);
  storeMatrices(solution, [...matricesOf(a).entries()], ([i, one]) => {
    const found = singularValues(one, false);
    return multiply(pseudoinverse(found, bound(i, largestOf(found.values))), bs[i]!);
  });
  const found = matricesOf(self).map((one) => singularValues(one, false));
  const own = bounds(self, { rtol: rcond });
  if (rank.numel > 0 || rank.rank === 0) fill(rank, (y) => y.set(ranks(found, own)));
  if (values.sizes.join() !== "0") storeNumbers(values, found, (one) => one.values);
  return [solution, rank, values];
}
