/** Jacobi's rotations: eigenvalues of Hermitian matrices, and singular values of any. */
import { adjointOf, copyOf, frobenius, identity, type Matrix, matrix, transposeOf } from "./matrix.ts";
import { reflectionProduct, reflections } from "./reflections.ts";

const PRECISION = 2 ** -52;
const MOST_SWEEPS = 60;

/** The unitary 2 x 2 matrix [[cos, sin], [-sin w, cos w]] with w of absolute value 1. */
interface Rotation {
  readonly cos: number;
  readonly sin: number;
  readonly re: number;
  readonly im: number;
}

/** What makes [[a, h], [conj(h), b]] diagonal. */
function rotationOf(a: number, b: number, re: number, im: number): Rotation {
  const size = Math.hypot(re, im);
  const theta = (b - a) / (2 * size);
  const tan = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(1, theta));
  const cos = 1 / Math.hypot(1, tan);
  return { cos, sin: tan * cos, re: re / size, im: -im / size };
}

/** Rows p and q times a rotation: `cos p - sin w q` and `sin p + cos w q`. */
function rotateRows(m: Matrix, p: number, q: number, { cos, sin, re, im }: Rotation): void {
  for (let k = 0; k < m.columns; k++) {
    const [i, j] = [p * m.columns + k, q * m.columns + k];
    const [a, b] = [m.re[i]!, m.im[i]!];
    const [x, y] = [re * m.re[j]! - im * m.im[j]!, re * m.im[j]! + im * m.re[j]!];
    m.re[i] = cos * a - sin * x;
    m.im[i] = cos * b - sin * y;
    m.re[j] = sin * a + cos * x;
    m.im[j] = sin * b + cos * y;
  }
}

function rotateColumns(m: Matrix, p: number, q: number, { cos, sin, re, im }: Rotation): void {
  for (let k = 0; k < m.rows; k++) {
    const [i, j] = [k * m.columns + p, k * m.columns + q];
    const [a, b] = [m.re[i]!, m.im[i]!];
    const [x, y] = [re * m.re[j]! - im * m.im[j]!, re * m.im[j]! + im * m.re[j]!];
    m.re[i] = cos * a - sin * x;
    m.im[i] = cos * b - sin * y;
    m.re[j] = sin * a + cos * x;
    m.im[j] = sin * b + cos * y;
  }
}

/** Turns pairs until one sweep over all of them finds nothing to turn. */
function sweep(n: number, turn: (p: number, q: number) => boolean): void {
  for (let round = 0; round < MOST_SWEEPS; round++) {
    let turned = false;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) if (turn(p, q)) turned = true;
    if (!turned) return;
  }
}

/** Eigenvalues in ascending order and, as columns, their vectors, of the Hermitian matrix with this lower triangle. */
export function hermitianEigen(lower: Matrix): { readonly values: Float64Array; readonly vectors: Matrix } {
  const n = lower.rows;
  const a = copyOf(lower);
  for (let i = 0; i < n; i++) {
    a.im[i * n + i] = 0;
    for (let j = 0; j < i; j++) {
      a.re[j * n + i] = a.re[i * n + j]!;
      a.im[j * n + i] = -a.im[i * n + j]!;
    }
  }
  // The eigenvectors as rows.
  const vectors = identity(n);
  const least = (PRECISION * frobenius(a)) / n;
  sweep(n, (p, q) => {
    const [re, im] = [a.re[p * n + q]!, a.im[p * n + q]!];
    const [first, second] = [a.re[p * n + p]!, a.re[q * n + q]!];
    if (!(Math.hypot(re, im) > least)) return false;
    const rotation = rotationOf(first, second, re, im);
    rotateColumns(a, p, q, rotation);
    rotateRows(a, p, q, { ...rotation, im: -rotation.im });
    for (const at of [p * n + q, q * n + p]) a.re[at] = a.im[at] = 0;
    rotateRows(vectors, p, q, rotation);
    return true;
  });
  const order = sortedBy(n, (i, j) => a.re[i * n + i]! - a.re[j * n + j]!);
  return {
    values: Float64Array.from(order, (i) => a.re[i * n + i]!),
    vectors: transposeOf(rowsOf(vectors, order)),
  };
}

const sortedBy = (n: number, compare: (i: number, j: number) => number): number[] =>
  Array.from({ length: n }, (_, i) => i).sort(compare);

/** The rows of `a` that are named, in that order. */
function rowsOf(a: Matrix, order: readonly number[]): Matrix {
  const result = matrix(order.length, a.columns);
  for (const [to, from] of order.entries()) {
    result.re.set(a.re.subarray(from * a.columns, (from + 1) * a.columns), to * a.columns);
    result.im.set(a.im.subarray(from * a.columns, (from + 1) * a.columns), to * a.columns);
  }
  return result;
}

/** A = U S V^H: singular values in descending order, and their vectors. */
export interface Svd {
  readonly u: Matrix;
  readonly values: Float64Array;
  readonly vh: Matrix;
}

/** Hestenes' one-sided rotations, on whichever side is shorter; with `full`, U and V are square. */
export function singularValues(a: Matrix, full: boolean): Svd {
  if (a.rows < a.columns) {
    const { u, values, vh } = singularValues(adjointOf(a), full);
    return { u: adjointOf(vh), values, vh: adjointOf(u) };
  }
  // The columns of A and of V as rows.
  const columns = transposeOf(a);
  const v = identity(a.columns);
  const tolerance = PRECISION * Math.sqrt(a.rows);
  sweep(a.columns, (p, q) => {
    const [re, im] = innerProduct(columns, p, q);
    const [[first], [second]] = [innerProduct(columns, p, p), innerProduct(columns, q, q)];
    if (!(Math.hypot(re, im) > tolerance * Math.sqrt(first) * Math.sqrt(second))) return false;
    const rotation = rotationOf(first, second, re, im);
    rotateRows(columns, p, q, rotation);
    rotateRows(v, p, q, rotation);
    return true;
  });
  const sizes = Float64Array.from({ length: a.columns }, (_, i) => Math.sqrt(innerProduct(columns, i, i)[0]));
  const order = sortedBy(a.columns, (i, j) => sizes[j]! - sizes[i]!);
  const values = Float64Array.from(order, (i) => sizes[i]!);
  const u = orthonormal(transposeOf(rowsOf(columns, order)), values, full ? a.rows : a.columns);
  return { u, values, vh: conjugateOf(rowsOf(v, order)) };
}

const conjugateOf = (a: Matrix): Matrix => ({ ...a, im: a.im.map((x) => -x) });

/** The inner product of two rows, the first conjugated. */
function innerProduct(a: Matrix, p: number, q: number): readonly [number, number] {
  let [x, y] = [0, 0];
  for (let k = 0; k < a.columns; k++) {
    const [i, j] = [p * a.columns + k, q * a.columns + k];
    x += a.re[i]! * a.re[j]! + a.im[i]! * a.im[j]!;
    y += a.re[i]! * a.im[j]! - a.im[i]! * a.re[j]!;
  }
  return [x, y];
}

/** Columns brought to length 1; those without length, and those that are wanted beyond them, complete the basis. */
function orthonormal(columns: Matrix, sizes: Float64Array, wanted: number): Matrix {
  const known = sizes.filter((size) => size > PRECISION ** 4 * sizes[0]!).length;
  const result = matrix(columns.rows, wanted);
  const own = matrix(columns.rows, known);
  for (let i = 0; i < columns.rows; i++) {
    for (let j = 0; j < known; j++) {
      const from = i * columns.columns + j;
      own.re[i * known + j] = result.re[i * wanted + j] = columns.re[from]! / sizes[j]!;
      own.im[i * known + j] = result.im[i * wanted + j] = columns.im[from]! / sizes[j]!;
    }
  }
  if (known === wanted) return result;
  const basis = reflectionProduct(reflections(own), wanted);
  for (let i = 0; i < result.re.length; i++) {
    if (i % wanted < known) continue;
    result.re[i] = basis.re[i]!;
    result.im[i] = basis.im[i]!;
  }
  return result;
}
