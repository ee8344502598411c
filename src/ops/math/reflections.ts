/** Householder's reflections: QR, in LAPACK's form and with its signs. */
import { dividedBy } from "./complex.ts";
import { adjointOf, copyOf, identity, type Matrix, matrix } from "./matrix.ts";

/** R above, the vectors of the reflections below the diagonal, and a factor for each (LAPACK's geqrf). */
export interface Reflections {
  readonly vectors: Matrix;
  /** A single column. */
  readonly factors: Matrix;
}

export function reflections(a: Matrix): Reflections {
  const vectors = copyOf(a);
  const { rows, columns, re, im } = vectors;
  const factors = matrix(Math.min(rows, columns), 1);
  for (let k = 0; k < factors.rows; k++) {
    const at = k * columns + k;
    let below = 0;
    for (let i = k + 1; i < rows; i++) below = Math.hypot(below, re[i * columns + k]!, im[i * columns + k]!);
    if (below === 0 && im[at] === 0) continue;
    // LAPACK's zlarfg.
    const [x, y] = [re[at]!, im[at]!];
    const size = Math.hypot(x, y, below);
    const beta = x < 0 || Object.is(x, -0) ? size : -size;
    factors.re[k] = (beta - x) / beta;
    factors.im[k] = -y / beta;
    const [p, q] = dividedBy([1, 0], [x - beta, y]);
    for (let i = k + 1; i < rows; i++) {
      const [u, v] = [re[i * columns + k]!, im[i * columns + k]!];
      re[i * columns + k] = u * p - v * q;
      im[i * columns + k] = u * q + v * p;
    }
    reflect(vectors, { vectors, factors }, k, true, k + 1);
    re[at] = beta;
    im[at] = 0;
  }
  return { vectors, factors };
}

/** `c` times reflection k from the left, or its adjoint: c - factor v (v^H c), in columns from `start` on. */
function reflect(c: Matrix, { vectors, factors }: Reflections, k: number, adjoint: boolean, start = 0): void {
  const factor = [factors.re[k]!, (adjoint ? -1 : 1) * factors.im[k]!] as const;
  for (let j = start; j < c.columns; j++) {
    let [x, y] = [c.re[k * c.columns + j]!, c.im[k * c.columns + j]!];
    for (let i = k + 1; i < c.rows; i++) {
      const [p, q] = [vectors.re[i * vectors.columns + k]!, vectors.im[i * vectors.columns + k]!];
      const [u, v] = [c.re[i * c.columns + j]!, c.im[i * c.columns + j]!];
      x += p * u + q * v;
      y += p * v - q * u;
    }
    [x, y] = [factor[0] * x - factor[1] * y, factor[0] * y + factor[1] * x];
    c.re[k * c.columns + j]! -= x;
    c.im[k * c.columns + j]! -= y;
    for (let i = k + 1; i < c.rows; i++) {
      const [p, q] = [vectors.re[i * vectors.columns + k]!, vectors.im[i * vectors.columns + k]!];
      c.re[i * c.columns + j]! -= p * x - q * y;
      c.im[i * c.columns + j]! -= p * y + q * x;
    }
  }
}

/** Q c, or Q^H c, of the reflections' product Q (LAPACK's ormqr). */
export function applyReflections(own: Reflections, c: Matrix, adjoint = false): Matrix {
  const result = copyOf(c);
  const count = own.factors.rows;
  for (let step = 0; step < count; step++) reflect(result, own, adjoint ? step : count - 1 - step, adjoint);
  return result;
}

/** c Q, or c Q^H. */
export function applyFromRight(own: Reflections, c: Matrix, adjoint = false): Matrix {
  return adjointOf(applyReflections(own, adjointOf(c), !adjoint));
}

/** The first columns of the reflections' product (LAPACK's orgqr). */
export function reflectionProduct(own: Reflections, columns: number): Matrix {
  return applyReflections(own, identity(own.vectors.rows, columns));
}
