/** Eigenvalues and eigenvectors of any square matrix, by its Schur form. */
import { dividedBy, sqrt, times } from "./complex.ts";
import { copyOf, frobenius, identity, type Matrix, matrix, multiply } from "./matrix.ts";

const PRECISION = 2 ** -52;
/** Steps for one eigenvalue before it is given up; LAPACK's hqr has 30. */
const MOST_STEPS = 60;

/** The unitary matrix [[conj(a), conj(b)], [-b, a]]. */
interface Rotation {
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
}

/** What turns the column (a, b) to (r, 0). undefined where b is 0. */
function rotationOf(m: Matrix, p: number, q: number, column: number): Rotation | undefined {
  const [i, j] = [p * m.columns + column, q * m.columns + column];
  const size = Math.hypot(m.re[i]!, m.im[i]!, m.re[j]!, m.im[j]!);
  if (m.re[j] === 0 && m.im[j] === 0) return undefined;
  return { a: [m.re[i]! / size, m.im[i]! / size], b: [m.re[j]! / size, m.im[j]! / size] };
}

function rotateRows(m: Matrix, p: number, q: number, { a, b }: Rotation): void {
  for (let k = 0; k < m.columns; k++) {
    const [i, j] = [p * m.columns + k, q * m.columns + k];
    const [x, y, u, v] = [m.re[i]!, m.im[i]!, m.re[j]!, m.im[j]!];
    m.re[i] = a[0] * x + a[1] * y + b[0] * u + b[1] * v;
    m.im[i] = a[0] * y - a[1] * x + b[0] * v - b[1] * u;
    m.re[j] = a[0] * u - a[1] * v - b[0] * x + b[1] * y;
    m.im[j] = a[0] * v + a[1] * u - b[0] * y - b[1] * x;
  }
}

/** Columns times the rotation's adjoint. */
function rotateColumns(m: Matrix, p: number, q: number, { a, b }: Rotation): void {
  for (let k = 0; k < m.rows; k++) {
    const [i, j] = [k * m.columns + p, k * m.columns + q];
    const [x, y, u, v] = [m.re[i]!, m.im[i]!, m.re[j]!, m.im[j]!];
    m.re[i] = a[0] * x - a[1] * y + b[0] * u - b[1] * v;
    m.im[i] = a[0] * y + a[1] * x + b[0] * v + b[1] * u;
    m.re[j] = a[0] * u + a[1] * v - b[0] * x - b[1] * y;
    m.im[j] = a[0] * v - a[1] * u - b[0] * y + b[1] * x;
  }
}

/** Zeros below the first subdiagonal: A = Z H Z^H. */
function toHessenberg(h: Matrix, z: Matrix): void {
  for (let column = 0; column < h.rows - 2; column++) {
    for (let q = h.rows - 1; q > column + 1; q--) {
      const rotation = rotationOf(h, q - 1, q, column);
      if (rotation === undefined) continue;
      rotateRows(h, q - 1, q, rotation);
      rotateColumns(h, q - 1, q, rotation);
      rotateColumns(z, q - 1, q, rotation);
    }
  }
}

/** Wilkinson's shift: the eigenvalue of the last 2 x 2 block that is nearer to its last element. */
function shiftOf(h: Matrix, last: number): readonly [number, number] {
  const at = (i: number, j: number) => [h.re[i * h.columns + j]!, h.im[i * h.columns + j]!] as const;
  const [a, b, c, d] = [
    at(last - 1, last - 1),
    at(last - 1, last),
    at(last, last - 1),
    at(last, last),
  ] as const;
  const half = [(a[0] - d[0]) / 2, (a[1] - d[1]) / 2] as const;
  const [product, square] = [times(b, c), times(half, half)];
  const root = sqrt([square[0] + product[0], square[1] + product[1]]);
  const sign = half[0] * root[0] + half[1] * root[1] < 0 ? -1 : 1;
  const divisor = [half[0] + sign * root[0], half[1] + sign * root[1]] as const;
  if (divisor[0] === 0 && divisor[1] === 0) return d;
  const step = dividedBy(product, divisor);
  return [d[0] - step[0], d[1] - step[1]];
}

function addToDiagonal(h: Matrix, first: number, last: number, re: number, im: number): void {
  for (let i = first; i <= last; i++) {
    h.re[i * h.columns + i]! += re;
    h.im[i * h.columns + i]! += im;
  }
}

/** One step of the QR iteration on rows and columns from `first` to `last`. */
function iterate(h: Matrix, z: Matrix, first: number, last: number, shift: readonly [number, number]): void {
  addToDiagonal(h, first, last, -shift[0], -shift[1]);
  const rotations: (Rotation | undefined)[] = [];
  for (let p = first; p < last; p++) {
    const rotation = rotationOf(h, p, p + 1, p);
    rotations.push(rotation);
    if (rotation !== undefined) rotateRows(h, p, p + 1, rotation);
  }
  for (const [i, rotation] of rotations.entries()) {
    if (rotation === undefined) continue;
    rotateColumns(h, first + i, first + i + 1, rotation);
    rotateColumns(z, first + i, first + i + 1, rotation);
  }
  addToDiagonal(h, first, last, shift[0], shift[1]);
}

/** Sets what is negligible below the diagonal to 0; where the block that ends at `last` begins. */
function blockStart(h: Matrix, last: number, norm: number): number {
  const size = (i: number, j: number): number =>
    Math.abs(h.re[i * h.columns + j]!) + Math.abs(h.im[i * h.columns + j]!);
  for (let k = last; k > 0; k--) {
    // Beside the matrix as a whole, too: all eigenvalues of a block may be 0.
    const around = Math.max(size(k - 1, k - 1) + size(k, k), norm / 64);
    if (size(k, k - 1) > PRECISION * around) continue;
    h.re[k * h.columns + k - 1] = h.im[k * h.columns + k - 1] = 0;
    return k;
  }
  return 0;
}

/** A = Z T Z^H, T upper triangular. @throws RangeError when the iteration does not converge. */
function schur(a: Matrix): { readonly t: Matrix; readonly z: Matrix } {
  const [t, z] = [copyOf(a), identity(a.rows)];
  const norm = frobenius(a);
  toHessenberg(t, z);
  let steps = 0;
  for (let last = a.rows - 1; last > 0; ) {
    const first = blockStart(t, last, norm);
    if (first === last) {
      last--;
      steps = 0;
    } else if (++steps > MOST_STEPS) {
      throw new RangeError("linalg.eig: the algorithm failed to converge");
    } else {
      // Now and then another shift, which breaks what turns in circles.
      const below = last * t.columns + last - 1;
      const odd = [Math.abs(t.re[below]!) + Math.abs(t.im[below]!), 0] as const;
      iterate(t, z, first, last, steps % 10 === 0 ? odd : shiftOf(t, last));
    }
  }
  return { t, z };
}

/** The eigenvectors of a triangular matrix, as columns. */
function triangularVectors(t: Matrix): Matrix {
  const n = t.rows;
  const x = matrix(n, n);
  const least = PRECISION * frobenius(t) || 1;
  for (let k = 0; k < n; k++) {
    x.re[k * n + k] = 1;
    for (let i = k - 1; i >= 0; i--) {
      let sum = [0, 0] as readonly [number, number];
      for (let j = i + 1; j <= k; j++) {
        const product = times([t.re[i * n + j]!, t.im[i * n + j]!], [x.re[j * n + k]!, x.im[j * n + k]!]);
        sum = [sum[0] - product[0], sum[1] - product[1]];
      }
      const gap = [t.re[i * n + i]! - t.re[k * n + k]!, t.im[i * n + i]! - t.im[k * n + k]!] as const;
      [x.re[i * n + k], x.im[i * n + k]] = dividedBy(sum, Math.hypot(...gap) < least ? [least, 0] : gap);
    }
  }
  return x;
}

/** Columns of length 1 whose largest component is real, as LAPACK's geev has them. */
function normalizeColumns(v: Matrix): void {
  const n = v.columns;
  for (let k = 0; k < n; k++) {
    let [length, largest] = [0, k];
    const size = (at: number): number => Math.hypot(v.re[at]!, v.im[at]!);
    for (let at = k; at < v.re.length; at += n) {
      length = Math.hypot(length, size(at));
      if (size(at) > size(largest)) largest = at;
    }
    const turn = [v.re[largest]! / size(largest) / length, -v.im[largest]! / size(largest) / length] as const;
    for (let at = k; at < v.re.length; at += n) {
      [v.re[at], v.im[at]] = times([v.re[at]!, v.im[at]!], turn);
    }
  }
}

/** Eigenvalues, a column of them, and their vectors as columns. */
export function eigen(a: Matrix): { readonly values: Matrix; readonly vectors: Matrix } {
  const n = a.rows;
  const { t, z } = schur(a);
  const vectors = multiply(z, triangularVectors(t));
  normalizeColumns(vectors);
  const values = matrix(n, 1);
  const real = a.im.every((value) => value === 0);
  const least = 8 * PRECISION * frobenius(a);
  for (let k = 0; k < n; k++) {
    values.re[k] = t.re[k * n + k]!;
    values.im[k] = t.im[k * n + k]!;
    // A real matrix has real eigenvalues exactly, and real vectors with them.
    if (!real || Math.abs(values.im[k]!) > least) continue;
    values.im[k] = 0;
    for (let at = k; at < vectors.im.length; at += n) vectors.im[at] = 0;
  }
  return { values, vectors };
}
