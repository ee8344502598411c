/** Discrete Fourier transforms of any length, in doubles. Complex numbers are pairs, real and imaginary part in turn. */

/** Transforms complex numbers in place. */
export type Transform = (values: Float64Array) => void;

/** The sum over k of `x[k] exp(sign * 2 pi i j k / length)` for each j, without a factor. */
function fourierTransform(length: number, sign: 1 | -1): Transform {
  if (length <= 1) return () => {};
  return Number.isInteger(Math.log2(length)) ? radixTwo(length, sign) : chirp(length, sign);
}

/** `exp(sign * 2 pi i k / n)`, exact at quarter turns. */
function root(k: number, n: number, sign: number): readonly [number, number] {
  const quarter = (4 * k) / n;
  if (Number.isInteger(quarter)) return [[1, 0, -1, 0][quarter % 4]!, sign * [0, 1, 0, -1][quarter % 4]!];
  const angle = (2 * Math.PI * k) / n;
  return [Math.cos(angle), sign * Math.sin(angle)];
}

/** Cooley and Tukey's, for powers of two. */
function radixTwo(n: number, sign: 1 | -1): Transform {
  const roots = new Float64Array(n);
  for (let k = 0; k < n / 2; k++) roots.set(root(k, n, sign), 2 * k);
  const reversed = bitReversal(n);
  return (x) => {
    for (let i = 0; i < n; i++) if (i < reversed[i]!) swap(x, i, reversed[i]!);
    for (let half = 1; half < n; half *= 2) {
      for (let start = 0; start < n; start += 2 * half) {
        for (let k = 0; k < half; k++) butterfly(x, 2 * (start + k), 2 * half, roots, (k * n) / half);
      }
    }
  };
}

function butterfly(x: Float64Array, at: number, distance: number, roots: Float64Array, twiddle: number) {
  const [re, im] = [roots[twiddle]!, roots[twiddle + 1]!];
  const other = at + distance;
  const [a, b] = [x[other]! * re - x[other + 1]! * im, x[other]! * im + x[other + 1]! * re];
  x[other] = x[at]! - a;
  x[other + 1] = x[at + 1]! - b;
  x[at]! += a;
  x[at + 1]! += b;
}

function bitReversal(n: number): Int32Array {
  const result = new Int32Array(n);
  for (let i = 1; i < n; i++) result[i] = (result[i >> 1]! >> 1) | (i & 1 ? n >> 1 : 0);
  return result;
}

function swap(x: Float64Array, i: number, j: number): void {
  for (let part = 0; part < 2; part++) {
    const kept = x[2 * i + part]!;
    x[2 * i + part] = x[2 * j + part]!;
    x[2 * j + part] = kept;
  }
}

/** Bluestein's: 2jk = j^2 + k^2 - (j-k)^2 makes a convolution of it, which transforms of a power of two compute. */
function chirp(n: number, sign: 1 | -1): Transform {
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const forward = radixTwo(size, -1);
  const backward = radixTwo(size, 1);
  const waves = new Float64Array(2 * n);
  const kernel = new Float64Array(2 * size);
  for (let k = 0; k < n; k++) {
    // k^2 modulo 2n keeps the angle, and its precision: beyond 2^53 the square itself would be rounded.
    const [re, im] = root(
      k < 94906265 ? (k * k) % (2 * n) : Number(BigInt(k) ** 2n % BigInt(2 * n)),
      2 * n,
      sign,
    );
    waves.set([re, im], 2 * k);
    kernel.set([re, -im], 2 * k);
    if (k > 0) kernel.set([re, -im], 2 * (size - k));
  }
  forward(kernel);
  const work = new Float64Array(2 * size);
  return (x) => {
    work.fill(0);
    work.set(x);
    multiply(work, waves, n);
    forward(work);
    multiply(work, kernel, size);
    backward(work);
    for (let i = 0; i < 2 * n; i++) x[i] = work[i]! / size;
    multiply(x, waves, n);
  };
}

/** The first `count` numbers of `x`, each times its like. */
function multiply(x: Float64Array, by: Float64Array, count: number): void {
  for (let i = 0; i < 2 * count; i += 2) {
    const [re, im] = [x[i]!, x[i + 1]!];
    x[i] = re * by[i]! - im * by[i + 1]!;
    x[i + 1] = re * by[i + 1]! + im * by[i]!;
  }
}

/** Transforms every line along one dimension of contiguous values of these sizes, in place. */
export function transformDim(
  values: Float64Array,
  sizes: readonly number[],
  dim: number,
  sign: 1 | -1,
): void {
  const length = sizes[dim]!;
  let step = 1;
  for (let d = dim + 1; d < sizes.length; d++) step *= sizes[d]!;
  const transform = fourierTransform(length, sign);
  const line = new Float64Array(2 * length);
  for (let block = 0; block < values.length; block += 2 * length * step) {
    for (let start = block; start < block + 2 * step; start += 2) {
      for (let k = 0; k < length; k++) {
        line[2 * k] = values[start + 2 * k * step]!;
        line[2 * k + 1] = values[start + 2 * k * step + 1]!;
      }
      transform(line);
      for (let k = 0; k < length; k++) {
        values[start + 2 * k * step] = line[2 * k]!;
        values[start + 2 * k * step + 1] = line[2 * k + 1]!;
      }
    }
  }
}
