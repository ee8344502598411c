/** Eigenvalues and singular values. Signs and phases of the vectors are one choice of several that are right. */
import { complexDtype, realDtype } from "../../tensor/dtype.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call, callAny, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { adjointOf } from "../math/matrix.ts";
import { hermitianEigen, singularValues } from "../math/rotations.ts";
import { eigen } from "../math/schur.ts";
import {
  batchSizes,
  columnMajor,
  flipped,
  matricesOf,
  requireMatrices,
  requireSquare,
  storeMatrices,
  storeNumbers,
} from "../matrices.ts";

const conjugate = (t: Tensor): Tensor =>
  t.dtype.category === "complex" ? call("aten::conj_physical", t) : t;

/** Eigenvalues of the triangle that UPLO names, and their vectors; no vectors unless they are wanted. */
function eigh(a: Tensor, uplo: string, vectors: boolean): readonly [Tensor, Tensor] {
  return callList("aten::_linalg_eigh", a, uplo, vectors) as readonly [Tensor, Tensor];
}

function svdSpecs(a: Tensor, full: boolean, vectors: boolean): [TensorSpec, TensorSpec, TensorSpec] {
  requireMatrices(a, "linalg.svd");
  const [m, n] = [a.size(-2), a.size(-1)];
  const k = Math.min(m, n);
  const matrices = (rows: number, columns: number): TensorSpec =>
    vectors ? columnMajor(a.like([...batchSizes(a), rows, columns])) : a.like([0]);
  return [
    matrices(m, full ? m : k),
    a.like([...batchSizes(a), k], realDtype(a.dtype)),
    matrices(full ? n : k, n),
  ];
}

/** at::native::svd: V itself, not its adjoint; matrices of zeros when no vectors are wanted. */
function svd(self: Tensor, some: boolean, vectors: boolean): readonly Tensor[] {
  const [u, s, vh] = callList("aten::_linalg_svd", self, !some, vectors) as readonly [Tensor, Tensor, Tensor];
  if (vectors) return [u, s, flipped(conjugate(vh))];
  const none = (size: number): Tensor => call("aten::new_zeros", self, [...batchSizes(self), size, size]);
  return [none(self.size(-2)), s, none(self.size(-1))];
}

export const spectra: readonly Kernel[] = [
  defineOp(
    'aten::_linalg_eigh(Tensor A, str UPLO="L", bool compute_v=True) -> (Tensor eigenvalues, Tensor eigenvectors)',
    {
      meta: ({ A, compute_v }) => {
        requireSquare(A, "linalg.eigh");
        const values = A.like(A.sizes.slice(0, -1), realDtype(A.dtype));
        return [values, compute_v ? columnMajor(A.like()) : A.like([0])];
      },
      run: ({ A, UPLO, compute_v }, values, vectors) => {
        const upper = UPLO.toUpperCase() === "U";
        const found = matricesOf(A).map((one) => hermitianEigen(upper ? adjointOf(one) : one));
        storeNumbers(values, found, (one) => one.values);
        if (compute_v) storeMatrices(vectors!, found, (one) => one.vectors);
      },
    },
  ),
  defineOp('aten::linalg_eigh(Tensor self, str UPLO="L") -> (Tensor eigenvalues, Tensor eigenvectors)', {
    composite: ({ self, UPLO }) => eigh(self, UPLO, true),
  }),
  defineOp('aten::linalg_eigvalsh(Tensor self, str UPLO="L") -> Tensor', {
    composite: ({ self, UPLO }) => eigh(self, UPLO, false)[0],
  }),
  defineOp("aten::linalg_eig(Tensor self) -> (Tensor eigenvalues, Tensor eigenvectors)", {
    meta: ({ self }) => {
      requireSquare(self, "linalg.eig");
      const dtype = complexDtype(self.dtype);
      return [self.like(self.sizes.slice(0, -1), dtype), columnMajor(self.like(self.sizes, dtype))];
    },
    run: ({ self }, values, vectors) => {
      const found = matricesOf(self).map(eigen);
      storeMatrices(values, found, (one) => one.values);
      storeMatrices(vectors!, found, (one) => one.vectors);
    },
  }),
  defineOp("aten::_linalg_eigvals(Tensor self) -> Tensor", {
    composite: ({ self }) => callList("aten::linalg_eig", self)[0]!,
  }),
  defineOp("aten::linalg_eigvals(Tensor self) -> Tensor", {
    composite: ({ self }) => callList("aten::linalg_eig", self)[0]!,
  }),
  defineOp(
    "aten::_linalg_svd(Tensor A, bool full_matrices=False, bool compute_uv=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)",
    {
      meta: ({ A, full_matrices, compute_uv }) => svdSpecs(A, full_matrices, compute_uv),
      run: ({ A, full_matrices, compute_uv }, u, s, vh) => {
        const found = matricesOf(A).map((one) => singularValues(one, full_matrices && compute_uv));
        storeNumbers(s!, found, (one) => one.values);
        if (!compute_uv) return;
        storeMatrices(u, found, (one) => one.u);
        storeMatrices(vh!, found, (one) => one.vh);
      },
    },
  ),
  defineOp(
    "aten::linalg_svd(Tensor A, bool full_matrices=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)",
    { composite: ({ A, full_matrices }) => callAny("aten::_linalg_svd", A, full_matrices) },
  ),
  defineOp("aten::linalg_svdvals(Tensor A, *, str? driver=None) -> Tensor", {
    composite: ({ A }) => callList("aten::_linalg_svd", A, false, false)[1]!,
  }),
  defineOp("aten::svd(Tensor self, bool some=True, bool compute_uv=True) -> (Tensor U, Tensor S, Tensor V)", {
    composite: ({ self, some, compute_uv }) => svd(self, some, compute_uv),
  }),
];
