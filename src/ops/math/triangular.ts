/** Triangular systems, and the factors that make them: LU and Cholesky. */
import { dividedBy } from "./complex.ts";
import { addRow, adjointOf, copyOf, type Matrix, matrix, scaleRow, swapRows } from "./matrix.ts";

/** 1 / z, infinite for 0. */
const inverse = (re: number, im: number): readonly [number, number] =>
  im === 0 ? [1 / re, 0] : dividedBy([1, 0], [re, im]);

/** X with A X = B. Only the triangle of A that is named is read, without its diagonal when that is `unit`. */
export function solveTriangular(a: Matrix, b: Matrix, upper: boolean, unit = false): Matrix {
  const x = copyOf(b);
  const n = a.rows;
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const at = i * n;
    for (let k = upper ? i + 1 : 0; k < (upper ? n : i); k++)
      addRow(x, i, x, k, -a.re[at + k]!, -a.im[at + k]!);
    if (!unit) scaleRow(x, i, ...inverse(a.re[at + i]!, a.im[at + i]!));
  }
  return x;
}

/** The two factors in one matrix (LAPACK's getrf). */
export interface Lu {
  readonly factors: Matrix;
  /** The row, counted from 1, that each row was exchanged with in turn. */
  readonly pivots: ArrayLike<number>;
  /** The first pivot that is 0, counted from 1; 0 when none is. */
  readonly info: number;
}

/** LU with exchanges of rows; of complex numbers the largest by |re| + |im|, as LAPACK has it. */
export function luFactor(a: Matrix): Lu {
  const factors = copyOf(a);
  const { rows, columns, re, im } = factors;
  const pivots = new Int32Array(Math.min(rows, columns));
  let info = 0;
  for (let k = 0; k < pivots.length; k++) {
    let best = k;
    const size = (i: number): number => Math.abs(re[i * columns + k]!) + Math.abs(im[i * columns + k]!);
    for (let i = k + 1; i < rows; i++) if (size(i) > size(best)) best = i;
    pivots[k] = best + 1;
    swapRows(factors, k, best);
    const at = k * columns + k;
    if (re[at] === 0 && im[at] === 0) {
      if (info === 0) info = k + 1;
      continue;
    }
    for (let i = k + 1; i < rows; i++) {
      const [x, y] = dividedBy([re[i * columns + k]!, im[i * columns + k]!], [re[at]!, im[at]!]);
      addRow(factors, i, factors, k, -x, -y, k + 1);
      re[i * columns + k] = x;
      im[i * columns + k] = y;
    }
  }
  return { factors, pivots, info };
}

/** Exchange rows as the pivots say, or undo it. */
export function exchangeRows(a: Matrix, pivots: ArrayLike<number>, undo = false): void {
  for (let step = 0; step < pivots.length; step++) {
    const k = undo ? pivots.length - 1 - step : step;
    swapRows(a, k, pivots[k]! - 1);
  }
}

/** X with A X = B, or with `adjoint` A^H X = B, of the factors of A (LAPACK's getrs). */
export function luSolve({ factors, pivots }: Pick<Lu, "factors" | "pivots">, b: Matrix, adjoint = false) {
  if (!adjoint) {
    const exchanged = copyOf(b);
    exchangeRows(exchanged, pivots);
    return solveTriangular(factors, solveTriangular(factors, exchanged, false, true), true);
  }
  const flipped = adjointOf(factors);
  const x = solveTriangular(flipped, solveTriangular(flipped, b, false), true, true);
  exchangeRows(x, pivots, true);
  return x;
}

/** L with A = L L^H, read off A's lower triangle; `info` is the order of the first minor that is not positive. */
export function cholesky(a: Matrix): { readonly factor: Matrix; readonly info: number } {
  const n = a.rows;
  const factor = matrix(n, n);
  const { re, im } = factor;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let [x, y] = [a.re[i * n + j]!, a.im[i * n + j]!];
      for (let k = 0; k < j; k++) {
        const [p, q, r, s] = [re[i * n + k]!, im[i * n + k]!, re[j * n + k]!, im[j * n + k]!];
        x -= p * r + q * s;
        y -= q * r - p * s;
      }
      if (i === j) {
        if (!(x > 0)) return { factor, info: i + 1 };
        re[i * n + i] = Math.sqrt(x);
      } else {
        re[i * n + j] = x / re[j * n + j]!;
        im[i * n + j] = y / re[j * n + j]!;
      }
    }
  }
  return { factor, info: 0 };
}
