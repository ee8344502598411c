/** The error function and its relatives, to the last few bits of a double. */
const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);
const NODES_PER_UNIT = 32;
const TERMS = 9;
let taylor: Float64Array | undefined;

/** Taylor series of erf around 0, 1/32, 2/32 ... 6: the derivatives of exp(-x^2) follow from one another. */
function taylorSeries(): Float64Array {
  const nodes = 6 * NODES_PER_UNIT + 1;
  const result = new Float64Array(nodes * TERMS);
  for (let k = 0; k < nodes; k++) {
    const x = k / NODES_PER_UNIT;
    const at = k * TERMS;
    result[at] = erfBySeries(x);
    let before = 0;
    let slope = TWO_OVER_ROOT_PI * Math.exp(-x * x);
    for (let n = 1; n < TERMS; n++) {
      result[at + n] = slope / n;
      [before, slope] = [slope, (-2 * (x * slope + before)) / n];
    }
  }
  return result;
}

/** All terms are positive, so none of the digits is lost. */
function erfBySeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_ROOT_PI * Math.exp(-x * x) * sum;
}

export function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  taylor ??= taylorSeries();
  const node = Math.round(size * NODES_PER_UNIT);
  const d = size - node / NODES_PER_UNIT;
  const at = node * TERMS;
  let sum = taylor[at + TERMS - 1]!;
  for (let n = TERMS - 2; n >= 0; n--) sum = sum * d + taylor[at + n]!;
  return x < 0 ? -sum : sum;
}

/** exp(x^2) erfc(x): from 1.5 on by its continued fraction, bottom up. */
export function erfcx(x: number): number {
  if (x < 1.5) return Math.exp(x * x) * (1 - erf(x));
  if (x > 1e8) return 1 / (x * Math.sqrt(Math.PI));
  let tail = x;
  for (let k = Math.ceil(20 + 250 / (x * x)); k > 0; k--) tail = x + k / 2 / tail;
  return 1 / (tail * Math.sqrt(Math.PI));
}

export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  return x > 28 ? 0 : Math.exp(-x * x) * erfcx(x);
}

export function logNdtr(x: number): number {
  const t = x * Math.SQRT1_2;
  if (x < -1) return Math.log(erfcx(-t) / 2) - t * t;
  return Math.log1p(-erfc(t) / 2);
}

/** The inverse of erf: an estimate (Winitzki), then Newton's steps, on logarithms of erfc where erf is near 1. */
export function erfinv(y: number): number {
  const size = Math.abs(y);
  if (size > 1 || Number.isNaN(y)) return Number.NaN;
  if (size === 1) return y * Number.POSITIVE_INFINITY;
  const x = size < 0.5 ? newtonOnErf(size) : erfcinv(1 - size);
  return y < 0 ? -x : x;
}

function newtonOnErf(y: number): number {
  let x = winitzki(y, Math.log1p(-y * y));
  for (let step = 0; step < 4; step++) x -= (erf(x) - y) / (TWO_OVER_ROOT_PI * Math.exp(-x * x));
  return x;
}

/** The x with erfc(x) = q, for q up to 1. */
function erfcinv(q: number): number {
  const target = Math.log(q);
  let x = winitzki(1 - q, target + Math.log(2 - q));
  for (let step = 0; step < 5; step++) {
    const scaled = erfcx(x);
    // log erfc = log erfcx - x^2, whose derivative is -2 / (sqrt(pi) erfcx).
    x += ((Math.log(scaled) - x * x - target) * scaled) / TWO_OVER_ROOT_PI;
  }
  return x;
}

function winitzki(y: number, logarithm: number): number {
  if (y === 0) return 0;
  const a = 0.147;
  const half = 2 / (Math.PI * a) + logarithm / 2;
  return Math.sqrt(Math.max(Math.sqrt(half * half - logarithm / a) - half, 0));
}

/** The inverse of ndtr. */
export function ndtri(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (p > 0.25 && p < 0.75) return Math.SQRT2 * erfinv(2 * p - 1);
  return p < 0.5 ? -Math.SQRT2 * erfcinv(2 * p) : Math.SQRT2 * erfcinv(2 * (1 - p));
}
