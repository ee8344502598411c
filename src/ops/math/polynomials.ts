/** Orthogonal polynomials p(n, x), by their recurrences. */

type Polynomial = (x: number, n: number) => number;

/** p(k + 1) of p(k) and p(k - 1). */
type Step = (x: number, k: number, last: number, before: number) => number;

/** at::native *_polynomial_*_forward: 0 for negative n, which is cut to an integer. */
function recurrence(first: (x: number) => number, step: Step, closed?: Polynomial): Polynomial {
  return (x, degree) => {
    const n = Math.trunc(degree);
    // What no int64 holds becomes the lowest one.
    if (!(n >= 0 && n < 2 ** 63)) return 0;
    const known = closed?.(x, n);
    if (known !== undefined && !Number.isNaN(known)) return known;
    let [before, last] = [1, first(x)];
    if (n === 0) return before;
    for (let k = 1; k < n && !Number.isNaN(last); k++) [before, last] = [last, step(x, k, last, before)];
    return last;
  };
}

/** A closed form between -1 and 1 for larger degrees, and the values at the ends. */
const within =
  (
    at: (angle: number, n: number) => number,
    atOne: (n: number) => number,
    atMinusOne: (n: number) => number,
  ) =>
  (x: number, n: number): number => {
    if (x === 1) return atOne(n);
    if (x === -1) return atMinusOne(n);
    return n > 8 && Math.abs(x) < 1 ? at(Math.acos(x), n) : Number.NaN;
  };

const one = (): number => 1;
const parity = (n: number): number => (n % 2 === 0 ? 1 : -1);
const chebyshev: Step = (x, _k, last, before) => 2 * x * last - before;

export const chebyshevT = recurrence(
  (x) => x,
  chebyshev,
  within((a, n) => Math.cos(n * a), one, parity),
);
export const chebyshevU = recurrence(
  (x) => 2 * x,
  chebyshev,
  within(
    (a, n) => Math.sin((n + 1) * a) / Math.sin(a),
    (n) => n + 1,
    (n) => parity(n) * (n + 1),
  ),
);
export const chebyshevV = recurrence(
  (x) => 2 * x - 1,
  chebyshev,
  within(
    (a, n) => Math.cos((n + 0.5) * a) / Math.cos(a / 2),
    one,
    (n) => parity(n) * (2 * n + 1),
  ),
);
export const chebyshevW = recurrence(
  (x) => 2 * x + 1,
  chebyshev,
  within(
    (a, n) => Math.sin((n + 0.5) * a) / Math.sin(a / 2),
    (n) => 2 * n + 1,
    parity,
  ),
);

export const hermiteH = recurrence(
  (x) => 2 * x,
  (x, k, last, before) => 2 * x * last - 2 * k * before,
);
export const hermiteHe = recurrence(
  (x) => x,
  (x, k, last, before) => x * last - k * before,
);
export const laguerreL = recurrence(
  (x) => 1 - x,
  (x, k, last, before) => ((2 * k + 1 - x) * last - k * before) / (k + 1),
);
export const legendreP = recurrence(
  (x) => x,
  (x, k, last, before) => ((2 * k + 1) * x * last - k * before) / (k + 1),
  within(() => Number.NaN, one, parity),
);

/** Of 2x - 1: the polynomials on [0, 1]. */
export const shifted =
  (polynomial: Polynomial): Polynomial =>
  (x, n) =>
    polynomial(2 * x - 1, n);
