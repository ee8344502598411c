/** L D L^T of symmetric matrices, L D L^H of Hermitian ones, by Bunch and Kaufman (LAPACK's sytrf and hetrf, lower). */
import { dividedBy, times } from "./complex.ts";
import { addRow, copyOf, type Matrix, matrix, scaleRow, swapRows } from "./matrix.ts";

type Complex = readonly [number, number];

/** D, of blocks of size 1 and 2, on the diagonal and below it; L's columns below them. */
export interface Indefinite {
  readonly factors: Matrix;
  /** Counted from 1: the row exchanged with each; twice the same negative one for a block of size 2. */
  readonly pivots: Int32Array;
  readonly info: number;
}

const at = (m: Matrix, i: number, j: number): Complex => [m.re[i * m.columns + j]!, m.im[i * m.columns + j]!];
const put = (m: Matrix, i: number, j: number, [re, im]: Complex): void => {
  m.re[i * m.columns + j] = re;
  m.im[i * m.columns + j] = im;
};
const conjugateIf = (conjugated: boolean, [re, im]: Complex): Complex => [re, conjugated ? -im : im];

/** The whole matrix of its lower triangle. */
function completed(lower: Matrix, hermitian: boolean): Matrix {
  const full = copyOf(lower);
  for (let i = 0; i < full.rows; i++) {
    if (hermitian) full.im[i * full.columns + i] = 0;
    for (let j = 0; j < i; j++) put(full, j, i, conjugateIf(hermitian, at(full, i, j)));
  }
  return full;
}

/** Bunch and Kaufman's choice: which row comes next, and whether it makes a block of size 2. */
function choose(m: Matrix, k: number, size: (i: number, j: number) => number): { row: number; block: 1 | 2 } {
  const threshold = (1 + Math.sqrt(17)) / 8;
  const largestIn = (column: number): number => {
    let best = -1;
    for (let i = k; i < m.rows; i++) {
      if (i !== column && (best < 0 || size(i, column) > size(best, column))) best = i;
    }
    return best;
  };
  const own = size(k, k);
  const row = largestIn(k);
  if (row < 0) return { row: k, block: 1 };
  const most = size(row, k);
  if (own >= threshold * most) return { row: k, block: 1 };
  const there = size(largestIn(row), row);
  if (own >= threshold * most * (most / there)) return { row: k, block: 1 };
  return { row, block: size(row, row) >= threshold * there ? 1 : 2 };
}

function swapColumns(m: Matrix, i: number, j: number, from: number): void {
  for (let k = from; k < m.rows; k++) {
    const kept = at(m, k, i);
    put(m, k, i, at(m, k, j));
    put(m, k, j, kept);
  }
}

export function indefiniteFactor(lower: Matrix, hermitian: boolean): Indefinite {
  const n = lower.rows;
  const m = completed(lower, hermitian);
  const factors = matrix(n, n);
  const pivots = new Int32Array(n);
  let info = 0;
  const size = (i: number, j: number): number =>
    Math.abs(m.re[i * n + j]!) + (hermitian && i === j ? 0 : Math.abs(m.im[i * n + j]!));
  for (let k = 0; k < n; ) {
    const { row, block } = choose(m, k, size);
    const moved = k + block - 1;
    if (row !== moved) {
      swapRows(m, moved, row);
      swapColumns(m, moved, row, k);
    }
    for (let i = k; i < k + block; i++) pivots[i] = block === 1 ? row + 1 : -(row + 1);
    if (block === 1 && size(k, k) === 0) info ||= k + 1;
    eliminate(m, factors, k, block);
    k += block;
  }
  return { factors, pivots, info };
}

/** The rows of L of one block: of each row below, its columns times the inverse of the block. */
function eliminate(m: Matrix, factors: Matrix, k: number, block: 1 | 2): void {
  const n = m.rows;
  const pivot = copyOf(m);
  for (let i = k; i < k + block; i++) for (let j = k; j <= i; j++) put(factors, i, j, at(m, i, j));
  for (let i = k + block; i < n; i++) {
    const row = rightQuotient(pivot, i, k, block);
    for (const [j, value] of row.entries()) {
      put(factors, i, k + j, value);
      addRow(m, i, pivot, k + j, -value[0], -value[1], k + block);
    }
  }
}

/** [m(i, k), ...] times the inverse of m's block at k. */
function rightQuotient(m: Matrix, i: number, k: number, block: 1 | 2): Complex[] {
  if (block === 1) {
    const [x, y] = at(m, k, k);
    return [x === 0 && y === 0 ? [0, 0] : dividedBy(at(m, i, k), [x, y])];
  }
  const [a, b, c, d] = [at(m, k, k), at(m, k, k + 1), at(m, k + 1, k), at(m, k + 1, k + 1)];
  const minus = (x: Complex, y: Complex): Complex => [x[0] - y[0], x[1] - y[1]];
  const determinant = minus(times(a, d), times(b, c));
  const [x, y] = [at(m, i, k), at(m, i, k + 1)];
  return [
    dividedBy(minus(times(x, d), times(y, c)), determinant),
    dividedBy(minus(times(y, a), times(x, b)), determinant),
  ];
}

/** X with A X = B (LAPACK's sytrs and hetrs). */
export function indefiniteSolve(
  factors: Matrix,
  pivots: ArrayLike<number>,
  b: Matrix,
  hermitian: boolean,
): Matrix {
  const n = factors.rows;
  const x = copyOf(b);
  const blocks: (readonly [start: number, block: 1 | 2])[] = [];
  for (let k = 0; k < n; k += blocks.at(-1)![1]) blocks.push([k, pivots[k]! > 0 ? 1 : 2]);
  for (const [k, block] of blocks) {
    swapRows(x, k + block - 1, Math.abs(pivots[k]!) - 1);
    for (let i = k + block; i < n; i++) {
      for (let j = k; j < k + block; j++) {
        const [re, im] = at(factors, i, j);
        addRow(x, i, x, j, -re, -im);
      }
    }
    divideBlock(factors, x, k, block, hermitian);
  }
  for (const [k, block] of blocks.reverse()) {
    for (let j = k; j < k + block; j++) {
      for (let i = k + block; i < n; i++) {
        const [re, im] = conjugateIf(hermitian, at(factors, i, j));
        addRow(x, j, x, i, -re, -im);
      }
    }
    swapRows(x, k + block - 1, Math.abs(pivots[k]!) - 1);
  }
  return x;
}

/** Rows of `x` divided by a block of D. */
function divideBlock(factors: Matrix, x: Matrix, k: number, block: 1 | 2, hermitian: boolean): void {
  const a = at(factors, k, k);
  if (block === 1) return scaleRow(x, k, ...dividedBy([1, 0], hermitian ? [a[0], 0] : a));
  const [c, d] = [at(factors, k + 1, k), at(factors, k + 1, k + 1)];
  const b = conjugateIf(hermitian, c);
  const [ad, bc] = [times(a, d), times(b, c)];
  const determinant: Complex = [ad[0] - bc[0], ad[1] - bc[1]];
  for (let j = 0; j < x.columns; j++) {
    const [p, q] = [at(x, k, j), at(x, k + 1, j)];
    const [dp, bq, aq, cp] = [times(d, p), times(b, q), times(a, q), times(c, p)];
    put(x, k, j, dividedBy([dp[0] - bq[0], dp[1] - bq[1]], determinant));
    put(x, k + 1, j, dividedBy([aq[0] - cp[0], aq[1] - cp[1]], determinant));
  }
}
