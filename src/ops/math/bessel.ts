/**
 * Bessel functions of the orders 0 and 1, and Airy's function, by their integrals: the trapezoidal rule over a whole
 * period, or over a line at whose ends the integrand vanishes, converges faster than any power of the step.
 */

/** (1/pi) times the integral of f over half a period, with enough points for arguments up to about 25. */
function overHalfPeriod(f: (t: number) => number, x: number): number {
  const points = 2 * Math.ceil(20 + Math.abs(x));
  let sum = (f(0) + f(Math.PI)) / 2;
  for (let k = 1; k < points; k++) sum += f((k * Math.PI) / points);
  return sum / points;
}

/** Hankel's asymptotic series: the parts that go with the cosine and the sine. */
function hankel(order: number, x: number): readonly [cosine: number, sine: number] {
  const mu = 4 * order * order;
  let [cosine, sine, term] = [1, 0, 1];
  for (let k = 1; k < 40; k++) {
    const next = (term * (mu - (2 * k - 1) ** 2)) / (8 * k * x);
    if (Math.abs(next) > Math.abs(term) || Math.abs(next) < 1e-18) break;
    term = next;
    // Signs go +, +, -, -.
    const signed = k % 4 < 2 ? term : -term;
    if (k % 2) sine += signed;
    else cosine += signed;
  }
  return [cosine, sine];
}

function asymptotic(order: number, x: number, second: boolean): number {
  const [cosine, sine] = hankel(order, x);
  const angle = x - (order * Math.PI) / 2 - Math.PI / 4;
  const wave = second
    ? cosine * Math.sin(angle) + sine * Math.cos(angle)
    : cosine * Math.cos(angle) - sine * Math.sin(angle);
  return Math.sqrt(2 / (Math.PI * x)) * wave;
}

export function besselJ0(x: number): number {
  const size = Math.abs(x);
  return size > 25 ? asymptotic(0, size, false) : overHalfPeriod((t) => Math.cos(x * Math.sin(t)), x);
}

export function besselJ1(x: number): number {
  const size = Math.abs(x);
  if (size > 25) return Math.sign(x) * asymptotic(1, size, false);
  // The series where the integral would be a small difference of large parts.
  if (size < 1) return alternatingSeries(x);
  return overHalfPeriod((t) => Math.cos(t - x * Math.sin(t)), x);
}

function alternatingSeries(x: number): number {
  let term = x / 2;
  let sum = term;
  for (let k = 1; k < 20; k++) {
    term *= (-x * x) / (4 * k * (k + 1));
    sum += term;
  }
  return sum;
}

export function besselY0(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x > 25) return asymptotic(0, x, true);
  // Neumann's series over J of even orders.
  const j = besselOrders(x);
  let sum = (Math.log(x / 2) + EULER) * j[0]!;
  for (let k = 1; 2 * k < j.length; k++) sum -= (2 * (k % 2 ? -1 : 1) * j[2 * k]!) / k;
  return (2 / Math.PI) * sum;
}

export function besselY1(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x > 25) return asymptotic(1, x, true);
  // The derivative of the series of Y0, with 2 J' the difference of the neighbours.
  const j = besselOrders(x);
  let sum = j[0]! / x - (Math.log(x / 2) + EULER) * j[1]!;
  for (let k = 1; 2 * k + 1 < j.length; k++) sum -= ((k % 2 ? -1 : 1) * (j[2 * k - 1]! - j[2 * k + 1]!)) / k;
  return (-2 / Math.PI) * sum;
}

const EULER = 0.5772156649015329;

/** J of the orders 0, 1, 2 ... by Miller's backward recurrence, scaled so that J0 + 2 J2 + 2 J4 ... is 1. */
function besselOrders(x: number): Float64Array {
  // All but the first two vanish beside their neighbours.
  if (x < 1e-8) return Float64Array.of(1, x / 2);
  const start = 2 * Math.ceil(15 + x);
  const j = new Float64Array(start + 2);
  j[start] = 1e-200;
  let sum = 2 * j[start];
  for (let n = start; n > 0; n--) {
    j[n - 1] = ((2 * n) / x) * j[n]! - j[n + 1]!;
    if ((n - 1) % 2 === 0) sum += (n === 1 ? 1 : 2) * j[n - 1]!;
    if (Math.abs(j[n - 1]!) > 1e200) {
      for (let k = n - 1; k < j.length; k++) j[k]! *= 1e-300;
      sum *= 1e-300;
    }
  }
  return j.map((value) => value / sum);
}

/** exp(-|x|) I0(x): the series, or the asymptotic one where all its terms are positive. */
export function besselI0e(x: number): number {
  const size = Math.abs(x);
  return size > 30 ? asymptoticI(0, size) : Math.exp(-size) * seriesI(0, size);
}

export function besselI1e(x: number): number {
  const size = Math.abs(x);
  return Math.sign(x) * (size > 30 ? asymptoticI(1, size) : Math.exp(-size) * seriesI(1, size));
}

export function besselI0(x: number): number {
  const size = Math.abs(x);
  return size > 30 ? Math.exp(size / 2) * asymptoticI(0, size) * Math.exp(size / 2) : seriesI(0, size);
}

export function besselI1(x: number): number {
  const size = Math.abs(x);
  return (
    Math.sign(x) *
    (size > 30 ? Math.exp(size / 2) * asymptoticI(1, size) * Math.exp(size / 2) : seriesI(1, size))
  );
}

function seriesI(order: number, x: number): number {
  let term = order === 0 ? 1 : x / 2;
  let sum = term;
  for (let k = 1; term > sum * 1e-18; k++) {
    term *= (x * x) / (4 * k * (k + order));
    sum += term;
  }
  return Number.isNaN(x) ? x : sum;
}

function asymptoticI(order: number, x: number): number {
  const mu = 4 * order * order;
  let [sum, term] = [1, 1];
  for (let k = 1; k < 40 && Math.abs(term) > 1e-18; k++) {
    term *= -(mu - (2 * k - 1) ** 2) / (8 * k * x);
    sum += term;
  }
  return sum / (Math.sqrt(2 * Math.PI) * Math.sqrt(x));
}

/** exp(x) K(x) of an order: the integral of exp(-x (cosh t - 1)) cosh(order t). */
export function besselKe(order: number, x: number): number {
  if (!(x > 0)) return x === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x < 1e-10) return order === 0 ? -Math.log(x / 2) - EULER : 1 / x;
  // Beyond `end` the integrand is below the last bit.
  const end = Math.acosh(1 + 750 / x);
  const step = Math.min(1 / 16, 0.5 / Math.sqrt(1 + x));
  let sum = 0.5;
  for (let t = step; t < end; t += step) {
    const rise = Math.sinh(t / 2);
    sum += Math.exp(-2 * x * rise * rise) * Math.cosh(order * t);
  }
  return sum * step;
}

export const besselK = (order: number, x: number): number =>
  x > 0 ? Math.exp(-x) * besselKe(order, x) : besselKe(order, x);

/** Airy's function Ai (at::native airy_ai_forward): NaN at the infinities. */
export function airyAi(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (x > 103.892) return 0;
  if (x > 2) {
    const xi = (2 / 3) * x * Math.sqrt(x);
    return (Math.sqrt(x / 3) / Math.PI) * besselK(1 / 3, xi);
  }
  if (x > -8) return airySeries(x);
  const size = -x;
  const xi = (2 / 3) * size * Math.sqrt(size);
  const [cosine, sine] = hankel(1 / 3, xi);
  // Ai is the mean of J and Y of order 1/3, turned by 30 degrees.
  const angle = xi - Math.PI / 4;
  return (cosine * Math.cos(angle) - sine * Math.sin(angle)) / (Math.sqrt(Math.PI) * size ** 0.25);
}

function airySeries(x: number): number {
  const cube = x * x * x;
  let [first, second] = [1, x];
  let [sumFirst, sumSecond] = [first, second];
  for (let k = 1; k < 60; k++) {
    first *= cube / ((3 * k - 1) * 3 * k);
    second *= cube / (3 * k * (3 * k + 1));
    sumFirst += first;
    sumSecond += second;
  }
  return 0.3550280538878172 * sumFirst - 0.2588194037928068 * sumSecond;
}

export const sphericalBesselJ0 = (x: number): number => {
  if (Math.abs(x) === Number.POSITIVE_INFINITY) return 0;
  return x === 0 ? 1 : Math.sin(x) / x;
};
