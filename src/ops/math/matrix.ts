/** Dense matrices of complex numbers, in doubles: what the decompositions of linear algebra work on. */

/** Row by row. A real matrix has zeros for imaginary parts, and keeps them in everything that is computed of it. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** A matrix of zeros. */
export function matrix(rows: number, columns: number): Matrix {
  return { rows, columns, re: new Float64Array(rows * columns), im: new Float64Array(rows * columns) };
}

/** Ones on the diagonal; of as many rows as columns unless these are given. */
export function identity(rows: number, columns = rows): Matrix {
  const result = matrix(rows, columns);
  for (let i = 0; i < Math.min(rows, columns); i++) result.re[i * columns + i] = 1;
  return result;
}

export function copyOf(a: Matrix): Matrix {
  return { ...a, re: a.re.slice(), im: a.im.slice() };
}

/** Its numbers as `pick` finds them: the place in `a` of each element, and the sign of its imaginary part. */
function rearranged(
  a: Matrix,
  rows: number,
  columns: number,
  place: (i: number, j: number) => number,
  sign = 1,
) {
  const result = matrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const from = place(i, j);
      result.re[i * columns + j] = a.re[from]!;
      result.im[i * columns + j] = sign * a.im[from]!;
    }
  }
  return result;
}

export function transposeOf(a: Matrix): Matrix {
  return rearranged(a, a.columns, a.rows, (i, j) => j * a.columns + i);
}

/** The conjugate transpose. */
export function adjointOf(a: Matrix): Matrix {
  return rearranged(a, a.columns, a.rows, (i, j) => j * a.columns + i, -1);
}

/** Some rows from `row` on and columns from `column` on. */
export function blockOf(a: Matrix, row: number, rows: number, column: number, columns: number): Matrix {
  return rearranged(a, rows, columns, (i, j) => (row + i) * a.columns + column + j);
}

/** What lies on the diagonal and below it, zeros elsewhere; with `unit`, ones on the diagonal. */
export function lowerOf(a: Matrix, unit = false): Matrix {
  const result = copyOf(a);
  for (let i = 0; i < a.rows; i++) {
    for (let j = i; j < a.columns; j++) {
      if (i === j && !unit) continue;
      result.re[i * a.columns + j] = i === j ? 1 : 0;
      result.im[i * a.columns + j] = 0;
    }
  }
  return result;
}

/** What lies on the diagonal and above it, zeros elsewhere. */
export const upperOf = (a: Matrix): Matrix => transposeOf(lowerOf(transposeOf(a)));

export function multiply(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.rows, b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      addRow(result, i, b, k, a.re[i * a.columns + k]!, a.im[i * a.columns + k]!);
    }
  }
  return result;
}

/** Row `i` of `a` plus a complex factor times row `k` of `b`, from column `start` on. */
export function addRow(a: Matrix, i: number, b: Matrix, k: number, re: number, im: number, start = 0): void {
  if (re === 0 && im === 0) return;
  const [to, from] = [i * a.columns, k * b.columns];
  for (let j = start; j < b.columns; j++) {
    const [x, y] = [b.re[from + j]!, b.im[from + j]!];
    a.re[to + j]! += re * x - im * y;
    a.im[to + j]! += re * y + im * x;
  }
}

export function scaleRow(a: Matrix, i: number, re: number, im: number): void {
  for (let at = i * a.columns; at < (i + 1) * a.columns; at++) {
    const [x, y] = [a.re[at]!, a.im[at]!];
    a.re[at] = re * x - im * y;
    a.im[at] = re * y + im * x;
  }
}

export function swapRows(a: Matrix, i: number, k: number): void {
  if (i === k) return;
  for (const part of [a.re, a.im]) {
    const kept = part.slice(i * a.columns, (i + 1) * a.columns);
    part.copyWithin(i * a.columns, k * a.columns, (k + 1) * a.columns);
    part.set(kept, k * a.columns);
  }
}

/** The root of the sum of squares. */
export function frobenius(a: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.re.length; i++) sum += a.re[i]! ** 2 + a.im[i]! ** 2;
  return Math.sqrt(sum);
}

/** The largest sum of absolute values in a column. */
export function largestColumnSum(a: Matrix): number {
  const sums = new Float64Array(a.columns);
  for (let i = 0; i < a.re.length; i++) sums[i % a.columns]! += Math.hypot(a.re[i]!, a.im[i]!);
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}
