/** Functions of one complex number, with the branch cuts of C99 (std::complex, which torch calls). */
import type { Complex } from "../pointwise.ts";

export const times = (a: Complex, b: Complex): Complex => [
  a[0] * b[0] - a[1] * b[1],
  a[0] * b[1] + a[1] * b[0],
];

/** c10::complex operator/=: scaled by the larger part of the divisor, so that nothing overflows on the way. */
export function dividedBy([a, b]: Complex, [c, d]: Complex): Complex {
  const [absC, absD] = [Math.abs(c), Math.abs(d)];
  if (absC === 0 && absD === 0) return [a / absC, b / absD];
  if (absC >= absD) {
    const ratio = d / c;
    const scale = 1 / (c + d * ratio);
    return [(a + b * ratio) * scale, (b - a * ratio) * scale];
  }
  const ratio = c / d;
  const scale = 1 / (c * ratio + d);
  return [(a * ratio + b) * scale, (b * ratio - a) * scale];
}

const ONE: Complex = [1, 0];
const timesI = ([re, im]: Complex): Complex => [-im, re];
const timesMinusI = ([re, im]: Complex): Complex => [im, -re];
const plus = (a: Complex, b: Complex): Complex => [a[0] + b[0], a[1] + b[1]];
const minus = (a: Complex, b: Complex): Complex => [a[0] - b[0], a[1] - b[1]];

export const exp = ([re, im]: Complex): Complex => {
  const size = Math.exp(re);
  // A real number stays one: 0 times the infinity would make a NaN of the imaginary part.
  if (im === 0) return [size, im];
  if (size === 0) return [0 * Math.cos(im), 0 * Math.sin(im)];
  return [size * Math.cos(im), size * Math.sin(im)];
};

/** |1 + z| - 1 is kept exact near 1, where the logarithm is near 0. */
export const log = ([re, im]: Complex): Complex => {
  const size = Math.hypot(re, im);
  const near = size > 0.5 && size < 2;
  const real = near ? Math.log1p((re - 1) * (re + 1) + im * im) / 2 : Math.log(size);
  return [real, Math.atan2(im, re)];
};

export const log1p = ([re, im]: Complex): Complex => {
  const small = Math.hypot(re, im) < 0.5;
  const real = small ? Math.log1p(re * (2 + re) + im * im) / 2 : log([1 + re, im])[0];
  return [real, Math.atan2(im, 1 + re)];
};

export const expm1 = ([re, im]: Complex): Complex => {
  const half = Math.sin(im / 2);
  return [Math.expm1(re) * Math.cos(im) - 2 * half * half, Math.exp(re) * Math.sin(im)];
};

export const sqrt = ([re, im]: Complex): Complex => {
  if (re === 0 && im === 0) return [0, im];
  if (Math.abs(im) === Number.POSITIVE_INFINITY) return [Number.POSITIVE_INFINITY, im];
  if (re === Number.POSITIVE_INFINITY) return [re, Number.isNaN(im) ? im : 0 * im];
  const half = Math.sqrt((Math.abs(re) + Math.hypot(re, im)) / 2);
  const other = Math.abs(im) / (2 * half);
  const sign = im < 0 || Object.is(im, -0) ? -1 : 1;
  return re >= 0 ? [half, sign * other] : [other, sign * half];
};

export const reciprocal = (z: Complex): Complex => dividedBy(ONE, z);
export const rsqrt = (z: Complex): Complex => reciprocal(sqrt(z));

export const sinh = ([re, im]: Complex): Complex =>
  im === 0 ? [Math.sinh(re), im] : [Math.sinh(re) * Math.cos(im), Math.cosh(re) * Math.sin(im)];
export const cosh = ([re, im]: Complex): Complex =>
  im === 0
    ? [Math.cosh(re), re * im]
    : [Math.cosh(re) * Math.cos(im), re === 0 ? re * Math.sin(im) : Math.sinh(re) * Math.sin(im)];

export const tanh = ([re, im]: Complex): Complex => {
  if (Math.abs(re) > 22) return [Math.sign(re), 0 * Math.sin(2 * im)];
  const sum = Math.cosh(2 * re) + Math.cos(2 * im);
  return [Math.sinh(2 * re) / sum, Math.sin(2 * im) / sum];
};

export const sin = (z: Complex): Complex => timesMinusI(sinh(timesI(z)));
export const cos = (z: Complex): Complex => cosh(timesI(z));
export const tan = (z: Complex): Complex => timesMinusI(tanh(timesI(z)));

/** Kahan's asin and acos by square roots of 1 - z and 1 + z, which keep the cuts and small parts. */
export const asin = (z: Complex): Complex => {
  const below = sqrt(minus(ONE, z));
  const above = sqrt(plus(ONE, z));
  return [
    Math.atan2(z[0], below[0] * above[0] - below[1] * above[1]),
    Math.asinh(below[0] * above[1] - below[1] * above[0]),
  ];
};
export const acos = (z: Complex): Complex => {
  const below = sqrt(minus(ONE, z));
  const above = sqrt(plus(ONE, z));
  return [2 * Math.atan2(below[0], above[0]), Math.asinh(above[0] * below[1] - above[1] * below[0])];
};
export const acosh = (z: Complex): Complex => {
  const below = sqrt(minus(z, ONE));
  const above = sqrt(plus(z, ONE));
  return [Math.asinh(below[0] * above[0] + below[1] * above[1]), 2 * Math.atan2(below[1], above[0])];
};
export const atanh = ([re, im]: Complex): Complex => {
  const squares = im * im;
  const real = Math.log1p((4 * re) / ((1 - re) * (1 - re) + squares)) / 4;
  return [real, Math.atan2(2 * im, (1 - re) * (1 + re) - squares) / 2];
};
export const asinh = (z: Complex): Complex => timesMinusI(asin(timesI(z)));
export const atan = (z: Complex): Complex => timesMinusI(atanh(timesI(z)));

/** A power; of zero it is zero, one for the exponent zero. */
export const pow = (base: Complex, exponent: Complex): Complex => {
  if (exponent[0] === 0 && exponent[1] === 0) return ONE;
  if (base[0] === 0 && base[1] === 0) return exponent[0] > 0 ? [0, 0] : [Number.NaN, Number.NaN];
  if (exponent[0] === 2 && exponent[1] === 0) return times(base, base);
  return exp(times(exponent, log(base)));
};

export const sigmoid = (z: Complex): Complex => reciprocal(plus(ONE, exp([-z[0], -z[1]])));

/** log(exp(a) + exp(b)), by the larger of the two. */
export const logAddExp = (a: Complex, b: Complex): Complex => {
  const [larger, smaller] = a[0] >= b[0] ? [a, b] : [b, a];
  if (smaller[0] === Number.NEGATIVE_INFINITY) return larger;
  return plus(larger, log1p(exp(minus(smaller, larger))));
};

/** A number of length 1 in the same direction; 0 for 0. */
export const sgn = (z: Complex): Complex => {
  const size = Math.hypot(z[0], z[1]);
  return size === 0 ? [0, 0] : [z[0] / size, z[1] / size];
};

export const abs = (z: Complex): Complex => [Math.hypot(z[0], z[1]), 0];
export const angle = (z: Complex): Complex => [Math.atan2(z[1], z[0]), 0];
export const scaled = ([re, im]: Complex, factor: number): Complex => [re * factor, im * factor];
export const sinc = (z: Complex): Complex => {
  const at = scaled(z, Math.PI);
  return z[0] === 0 && z[1] === 0 ? ONE : dividedBy(sin(at), at);
};
