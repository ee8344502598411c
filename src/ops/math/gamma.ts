/** The gamma function's family: lgamma, digamma, polygamma, zeta and the incomplete gamma functions. */

/** B(2k) / (2k)!, the coefficients of Euler and Maclaurin's sum, and B(2k) itself. */
const BERNOULLI = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
];

/** log|gamma(x)|: Stirling's series from 10 on, below it by recurrence, and by reflection for negative numbers. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (x <= 0) {
    if (Number.isInteger(x)) return Number.POSITIVE_INFINITY;
    return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
  }
  if (x === 1 || x === 2) return 0;
  let product = 1;
  let at = x;
  for (; at < 10; at++) product *= at;
  let sum = 0;
  let power = 1 / at;
  for (let k = 1; k <= BERNOULLI.length; k++) {
    sum += (BERNOULLI[k - 1]! / (2 * k * (2 * k - 1))) * power;
    power /= at * at;
  }
  const big = (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + sum;
  return big - Math.log(product);
}

function sinPi(x: number): number {
  return Math.sin(Math.PI * (x % 2));
}

/** The derivative of lgamma; at 0 it is infinite, at the other poles NaN (at::native calc_digamma). */
export function digamma(x: number): number {
  if (x === 0) return Object.is(x, -0) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (x < 0) {
    if (Number.isInteger(x)) return Number.NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x % 1));
  }
  if (x === Number.POSITIVE_INFINITY) return x;
  let sum = 0;
  let at = x;
  for (; at < 10; at++) sum -= 1 / at;
  let power = 1 / (at * at);
  sum += Math.log(at) - 0.5 / at;
  for (let k = 1; k <= BERNOULLI.length; k++) {
    sum -= (BERNOULLI[k - 1]! / (2 * k)) * power;
    power /= at * at;
  }
  return sum;
}

/** Hurwitz's zeta function, the sum of (q + k)^-s (at::native zeta). */
export function zeta(s: number, q: number): number {
  if (s === 1) return Number.POSITIVE_INFINITY;
  if (s < 1 || Number.isNaN(s) || Number.isNaN(q)) return Number.NaN;
  if (q <= 0) {
    if (Number.isInteger(q)) return Number.POSITIVE_INFINITY;
    if (!Number.isInteger(s)) return Number.NaN;
  }
  let sum = 0;
  let at = q;
  let terms = 0;
  for (; terms < 9 || at <= 9; terms++, at++) {
    const term = at ** -s;
    sum += term;
    if (Math.abs(term) < Math.abs(sum) * 1e-17) return sum;
  }
  sum += at ** (1 - s) / (s - 1) + 0.5 * at ** -s;
  // Each term is the last one's rising factorial, two factors on.
  let factor = s * at ** (-s - 1);
  let factorial = 2;
  for (let k = 1; k <= BERNOULLI.length; k++) {
    sum += (BERNOULLI[k - 1]! / factorial) * factor;
    factor *= ((s + 2 * k - 1) * (s + 2 * k)) / (at * at);
    factorial *= (2 * k + 1) * (2 * k + 2);
  }
  return sum;
}

/** `round` is that of the dtype computed in: near its poles the trigamma function is what rounding pi x makes of it. */
export function polygamma(n: number, x: number, round = (value: number): number => value): number {
  if (n === 0) return digamma(x);
  if (n === 1 && x < 0.5) {
    // at::native trigamma reflects.
    const sine = Math.sin(round(round(Math.PI) * x));
    return -zeta(2, 1 - x) + (Math.PI * Math.PI) / (sine * sine);
  }
  return (n % 2 ? 1 : -1) * Math.exp(lgamma(n + 1)) * zeta(n + 1, x);
}

/** The lower regularized incomplete gamma function. */
export function igamma(a: number, x: number): number {
  if (x < 0 || a < 0) return Number.NaN;
  if (a === 0) return x > 0 ? 1 : Number.NaN;
  if (x === 0) return 0;
  if (a === Number.POSITIVE_INFINITY) return x === a ? Number.NaN : 0;
  if (x === Number.POSITIVE_INFINITY) return 1;
  return x > 1 && x > a ? 1 - upperFraction(a, x) : lowerSeries(a, x);
}

/** The upper one: 1 minus the lower. */
export function igammac(a: number, x: number): number {
  if (x < 0 || a < 0) return Number.NaN;
  if (a === 0) return x > 0 ? 0 : Number.NaN;
  if (x === 0) return 1;
  if (a === Number.POSITIVE_INFINITY) return x === a ? Number.NaN : 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  return x > 1 && x > a ? upperFraction(a, x) : 1 - lowerSeries(a, x);
}

/** x^a exp(-x) / gamma(a). */
function scale(a: number, x: number): number {
  return Math.exp(a * Math.log(x) - x - lgamma(a));
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 100000 && term > sum * 1e-17; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * scale(a, x);
}

/** Legendre's continued fraction, by Lentz's method. */
function upperFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 100000; n++) {
    const factor = n * (a - n);
    b += 2;
    d = 1 / (factor * d + b || tiny);
    c = b + factor / c || tiny;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return h * scale(a, x);
}
