import { describe, expect, it } from "vitest";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { complexes, fillComplexes, reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { callList } from "../dispatch.ts";
import { call } from "../kernels.ts";

/** Numbers between -1 and 1 that are the same in every run. */
function matrices(seed: number, sizes: readonly number[], dtype: DType): Tensor {
  let state = seed;
  const result = Tensor.zeros(sizes, dtype);
  fillComplexes(result, (values) => {
    for (let i = 0; i < values.length; i++) {
      state = (state * 1103515245 + 12345) % 2147483648;
      values[i] = state / 1073741824 - 1;
    }
  });
  return result;
}

const adjoint = (t: Tensor): Tensor =>
  call("aten::transpose.int", t.dtype.category === "complex" ? call("aten::conj_physical", t) : t, -2, -1);
const product = (...factors: readonly Tensor[]): Tensor =>
  factors.reduce((a, b) => call("aten::matmul", a, call("aten::to.dtype", b, a.dtype)));
const diagonal = (t: Tensor): Tensor => call("aten::diag_embed", t);
const eye = (like: Tensor): Tensor => call("aten::eye", like.size(-1), like.dtype);

function expectClose(a: Tensor, b: Tensor): void {
  const [x, y] = [complexes(a), complexes(call("aten::expand", b, a.sizes))];
  for (let i = 0; i < x.length; i++) expect(Math.abs(x[i]! - y[i]!)).toBeLessThan(1e-9);
}

const isometric = (u: Tensor): void => expectClose(product(adjoint(u), u), eye(u));

/** The rank of the last ones is 2. */
function examples(square: boolean): [string, Tensor][] {
  const shapes = square
    ? [
        [4, 4],
        [1, 1],
        [2, 7, 7],
      ]
    : [
        [5, 3],
        [3, 5],
        [2, 4, 4],
        [1, 6],
      ];
  const all: [string, Tensor][] = [];
  for (const dtype of [dtypes.float64, dtypes.complex128]) {
    for (const [i, shape] of shapes.entries())
      all.push([`${dtype.name}[${shape}]`, matrices(i + 1, shape, dtype)]);
    const factor = matrices(9, [6, 2], dtype);
    all.push([`${dtype.name} of rank 2`, product(factor, adjoint(factor))]);
    all.push([`${dtype.name} zeros`, Tensor.zeros([3, 3], dtype)]);
  }
  return all;
}

describe("decompositions, multiplied again, are the matrix", () => {
  it.each(examples(false))("singular values of %s", (_, a) => {
    for (const full of [false, true]) {
      const [u, s, vh] = callList("aten::linalg_svd", a, full) as readonly [Tensor, Tensor, Tensor];
      isometric(u);
      isometric(adjoint(vh));
      const k = s.size(-1);
      const thin = product(
        call("aten::narrow", u, -1, 0, k),
        diagonal(s),
        call("aten::narrow", vh, -2, 0, k),
      );
      expectClose(thin, a);
      const values = reals(s);
      for (let i = 0; i < values.length; i++) {
        expect(values[i]).toBeGreaterThanOrEqual(i % k === k - 1 ? 0 : values[i + 1]!);
      }
    }
  });

  it.each(examples(false))("Q and R of %s", (_, a) => {
    for (const mode of ["reduced", "complete"]) {
      const [q, r] = callList("aten::linalg_qr", a, mode) as readonly [Tensor, Tensor];
      isometric(q);
      expectClose(product(q, r), a);
      expectClose(call("aten::triu", r), r);
    }
    const [vectors, factors] = callList("aten::geqrf", a) as readonly [Tensor, Tensor];
    const wide = a.size(-2) < a.size(-1);
    if (wide) return;
    const q = call("aten::linalg_householder_product", vectors, factors);
    const c = matrices(5, [...a.sizes.slice(0, -2), a.size(-2), 2], a.dtype);
    const turned = call("aten::ormqr", vectors, factors, c, true, true);
    expectClose(call("aten::narrow", turned, -2, 0, a.size(-1)), product(adjoint(q), c));
    const right = call("aten::ormqr", vectors, factors, adjoint(c), false, false);
    expectClose(right, adjoint(turned));
  });

  it.each(examples(true))("eigenvalues of %s", (_, a) => {
    const [values, vectors] = callList("aten::linalg_eig", a) as readonly [Tensor, Tensor];
    expectClose(
      product(call("aten::to.dtype", a, values.dtype), vectors),
      product(vectors, diagonal(values)),
    );
    const hermitian = call("aten::add.Tensor", a, adjoint(a));
    for (const triangle of ["L", "U"]) {
      const half = call(triangle === "L" ? "aten::tril" : "aten::triu", hermitian);
      const [w, v] = callList("aten::linalg_eigh", half, triangle) as readonly [Tensor, Tensor];
      isometric(v);
      expectClose(product(v, diagonal(w), adjoint(v)), hermitian);
    }
  });

  it.each(examples(true).filter(([name]) => !/zeros|rank/.test(name)))(
    "LU, LDL and inverse of %s",
    (_, a) => {
      const [p, l, u] = callList("aten::linalg_lu", a) as readonly [Tensor, Tensor, Tensor];
      expectClose(product(p, l, u), a);
      expectClose(product(call("aten::linalg_inv", a), a), eye(a));
      const b = matrices(7, [...a.sizes.slice(0, -1), 2], a.dtype);
      for (const hermitian of [false, true]) {
        const other = hermitian ? adjoint(a) : call("aten::transpose.int", a, -2, -1);
        const own = call("aten::add.Tensor", a, other);
        const [factors, pivots] = callList("aten::linalg_ldl_factor", own, hermitian);
        expectClose(product(own, call("aten::linalg_ldl_solve", factors, pivots, b, hermitian)), b);
      }
    },
  );

  it.each(examples(false))("the pseudoinverse of %s", (_, a) => {
    const inverse = call("aten::linalg_pinv.atol_rtol_float", a);
    expectClose(product(a, inverse, a), a);
    const projection = product(a, inverse);
    expectClose(adjoint(projection), projection);
    const b = matrices(7, [...a.sizes.slice(0, -1), 2], a.dtype);
    expectClose(callList("aten::linalg_lstsq", a, b, null, "gelsd")[0]!, product(inverse, b));
  });

  it.each(examples(true))("the exponential of %s", (_, a) => {
    const own = call("aten::mul.Scalar", a, Scalar.float(0.8));
    expectClose(
      product(call("aten::matrix_exp", own), call("aten::matrix_exp", call("aten::neg", own))),
      eye(a),
    );
  });
});
