/** Pointwise arithmetic on float32 over the heap: see src/ops/fast/pointwise.ts. Addresses and strides count bytes. */

const LOG2E: f32 = 1.44269504088896341;

/** e^x: 2^n times a polynomial of what is left (Cephes expf). */
@inline
function exp4(x: v128): v128 {
  const low = f32x4.max(x, f32x4.splat(-104));
  const clamped = f32x4.min(low, f32x4.splat(89));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(LOG2E)));
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  // In two halves: neither leaves the exponents of float32, and what is too small comes out as such a number.
  const e = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(e, 1);
  const bias = i32x4.splat(127);
  const first = i32x4.shl(i32x4.add(half, bias), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(e, half), bias), 23);
  return f32x4.mul(f32x4.mul(p, first), second);
}

@inline
function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** Near 0 a polynomial (Cephes tanhf), elsewhere from e^2x. */
@inline
function tanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(x);
  const wide = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(one, exp4(f32x4.add(size, size)))));
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.33332819422e-1));
  const near = f32x4.add(f32x4.mul(f32x4.mul(p, z), x), x);
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.bitselect(near, v128.or(wide, sign), f32x4.lt(size, f32x4.splat(0.625)));
}

/** x / 2 (1 + erf(x / sqrt 2)): from erfc, whose relative error stays small (Numerical Recipes' fit is 1.2e-7). */
@inline
function gelu4(x: v128): v128 {
  const one = f32x4.splat(1);
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678118654752));
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.splat(0.5), z)));
  let p = f32x4.splat(0.17087277);
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.82215223));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(1.48851587));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-1.13520398));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.27886807));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.18628806));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.09678418));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.37409196));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(1.00002368));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-1.26551223));
  const erfc = f32x4.mul(t, exp4(f32x4.sub(p, f32x4.mul(z, z))));
  const tail = f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), erfc);
  // Of what is not negative the tail is what is missing. Infinity times no tail at all is infinity.
  const whole = f32x4.sub(x, v128.and(tail, f32x4.lt(z, f32x4.splat(64))));
  return v128.bitselect(tail, whole, f32x4.lt(x, f32x4.splat(0)));
}

/** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) = x sigmoid(2 ...). */
@inline
function geluTanh4(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  const inner = f32x4.add(x, f32x4.mul(f32x4.splat(0.044715), cube));
  return f32x4.mul(x, sigmoid4(f32x4.mul(f32x4.splat(1.5957691216057308), inner)));
}

@inline
function one(op: i32, x: v128): v128 {
  if (op == 0) return exp4(x);
  if (op == 1) return sigmoid4(x);
  if (op == 2) return f32x4.mul(x, sigmoid4(x));
  if (op == 3) return tanh4(x);
  if (op == 4) return gelu4(x);
  if (op == 5) return geluTanh4(x);
  // NaN stays: the greater of it and 0 is NaN. -0 stays too, as `x < 0 ? 0 : x` has it.
  if (op == 6) return v128.bitselect(f32x4.splat(0), x, f32x4.lt(x, f32x4.splat(0)));
  if (op == 7) return f32x4.neg(x);
  if (op == 8) return f32x4.abs(x);
  if (op == 9) return f32x4.sqrt(x);
  if (op == 10) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
  if (op == 11) return f32x4.div(f32x4.splat(1), x);
  if (op == 12) return f32x4.mul(x, x);
  return f32x4.mul(f32x4.mul(x, x), x);
}

@inline
function clip4(x: v128, low: v128, high: v128): v128 {
  return f32x4.min(f32x4.max(x, low), high);
}

/** What takes two numbers more: 0 clip, 1 hardswish, 2 hardsigmoid, 3 leaky_relu. */
@inline
function numbered(op: i32, x: v128, a: v128, b: v128): v128 {
  if (op == 0) return clip4(x, a, b);
  if (op == 3) return v128.bitselect(x, f32x4.mul(x, a), f32x4.gt(x, f32x4.splat(0)));
  const six = f32x4.splat(6);
  const ramp = clip4(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0), six);
  return op == 1 ? f32x4.div(f32x4.mul(x, ramp), six) : f32x4.div(ramp, six);
}

@inline
function withNumbers(op: i32, to: usize, x: usize, n: i32, a: f32, b: f32): void {
  const end = x + ((<usize>n & ~3) << 2);
  const v = f32x4.splat(a);
  const w = f32x4.splat(b);
  while (x < end) {
    v128.store(to, numbered(op, v128.load(x), v, w));
    x += 16;
    to += 16;
  }
  for (let rest = n & 3; rest > 0; rest--) {
    f32.store(to, f32x4.extract_lane(numbered(op, v128.load32_zero(x), v, w), 0));
    x += 4;
    to += 4;
  }
}

export function clip(to: usize, x: usize, n: i32, a: f32, b: f32): void { withNumbers(0, to, x, n, a, b); }
export function hardswish(to: usize, x: usize, n: i32, a: f32, b: f32): void { withNumbers(1, to, x, n, a, b); }
export function hardsigmoid(to: usize, x: usize, n: i32, a: f32, b: f32): void { withNumbers(2, to, x, n, a, b); }
export function leakyRelu(to: usize, x: usize, n: i32, a: f32, b: f32): void { withNumbers(3, to, x, n, a, b); }

/** x scale + shift, a number of each for each of the `channels` that the rows are of, in turn. */
export function affineRows(to: usize, x: usize, rows: i32, n: i32, channels: i32, scales: usize, shifts: usize): void {
  for (let row: i32 = 0; row < rows; row++) {
    const channel = <usize>(row % channels) << 2;
    const scale = f32x4.splat(f32.load(scales + channel));
    const shift = f32x4.splat(f32.load(shifts + channel));
    const end = x + ((<usize>n & ~3) << 2);
    while (x < end) {
      v128.store(to, f32x4.add(f32x4.mul(v128.load(x), scale), shift));
      x += 16;
      to += 16;
    }
    for (let rest = n & 3; rest > 0; rest--) {
      f32.store(to, f32.load(x) * f32x4.extract_lane(scale, 0) + f32x4.extract_lane(shift, 0));
      x += 4;
      to += 4;
    }
  }
}

@inline
function unary(op: i32, to: usize, x: usize, n: i32): void {
  const end = x + ((<usize>n & ~3) << 2);
  while (x < end) {
    v128.store(to, one(op, v128.load(x)));
    x += 16;
    to += 16;
  }
  for (let rest = n & 3; rest > 0; rest--) {
    f32.store(to, f32x4.extract_lane(one(op, v128.load32_zero(x)), 0));
    x += 4;
    to += 4;
  }
}

export function exp(to: usize, x: usize, n: i32): void { unary(0, to, x, n); }
export function sigmoid(to: usize, x: usize, n: i32): void { unary(1, to, x, n); }
export function silu(to: usize, x: usize, n: i32): void { unary(2, to, x, n); }
export function tanh(to: usize, x: usize, n: i32): void { unary(3, to, x, n); }
export function gelu(to: usize, x: usize, n: i32): void { unary(4, to, x, n); }
export function geluTanh(to: usize, x: usize, n: i32): void { unary(5, to, x, n); }
export function relu(to: usize, x: usize, n: i32): void { unary(6, to, x, n); }
export function neg(to: usize, x: usize, n: i32): void { unary(7, to, x, n); }
export function abs(to: usize, x: usize, n: i32): void { unary(8, to, x, n); }
export function root(to: usize, x: usize, n: i32): void { unary(9, to, x, n); }
export function rsqrt(to: usize, x: usize, n: i32): void { unary(10, to, x, n); }
export function reciprocal(to: usize, x: usize, n: i32): void { unary(11, to, x, n); }
export function square(to: usize, x: usize, n: i32): void { unary(12, to, x, n); }
export function cube(to: usize, x: usize, n: i32): void { unary(13, to, x, n); }

@inline
function two(op: i32, x: v128, y: v128): v128 {
  if (op == 0) return f32x4.add(x, y);
  if (op == 1) return f32x4.sub(x, y);
  if (op == 2) return f32x4.mul(x, y);
  if (op == 3) return f32x4.div(x, y);
  if (op == 4) return f32x4.max(x, y);
  return f32x4.min(x, y);
}

/** `rows` rows of `n`; `step` of an operand is 4, or 0 where one element serves the row; `nextX` leads to the next row. */
@inline
function binary(
  op: i32, to: usize, x: usize, y: usize, rows: i32, n: i32,
  next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize
): void {
  for (let row: i32 = 0; row < rows; row++) {
    let at: usize = 0;
    const end = (<usize>n & ~3) << 2;
    if (stepX != 0 && stepY != 0) {
      for (; at < end; at += 16) v128.store(to + at, two(op, v128.load(x + at), v128.load(y + at)));
    } else if (stepX != 0) {
      const v = v128.load32_splat(y);
      for (; at < end; at += 16) v128.store(to + at, two(op, v128.load(x + at), v));
    } else {
      const v = v128.load32_splat(x);
      if (stepY != 0) for (; at < end; at += 16) v128.store(to + at, two(op, v, v128.load(y + at)));
      else for (; at < end; at += 16) v128.store(to + at, two(op, v, v128.load32_splat(y)));
    }
    for (const all = <usize>n << 2; at < all; at += 4) {
      const v = v128.load32_zero(stepX != 0 ? x + at : x);
      const w = v128.load32_zero(stepY != 0 ? y + at : y);
      f32.store(to + at, f32x4.extract_lane(two(op, v, w), 0));
    }
    to += next;
    x += nextX;
    y += nextY;
  }
}

export function add(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  binary(0, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function sub(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  binary(1, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function mul(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  binary(2, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function div(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  binary(3, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function maximum(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  binary(4, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function minimum(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  binary(5, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}

/** x where the byte is not 0, y elsewhere. Operands may have any steps. */
export function where(
  to: usize, c: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextC: usize, nextX: usize, nextY: usize,
  stepC: usize, stepX: usize, stepY: usize
): void {
  for (let row: i32 = 0; row < rows; row++) {
    let u = c;
    let v = x;
    let w = y;
    for (let i: i32 = 0; i < n; i++) {
      f32.store(to + (<usize>i << 2), select(f32.load(v), f32.load(w), load<u8>(u) != 0));
      u += stepC;
      v += stepX;
      w += stepY;
    }
    to += next;
    c += nextC;
    x += nextX;
    y += nextY;
  }
}

@inline
function holds(op: i32, x: f32, y: f32): bool {
  if (op == 0) return x == y;
  if (op == 1) return x != y;
  if (op == 2) return x < y;
  if (op == 3) return x <= y;
  if (op == 4) return x > y;
  return x >= y;
}

@inline
function compare(
  op: i32, to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize
): void {
  for (let row: i32 = 0; row < rows; row++) {
    let v = x;
    let w = y;
    for (let i: i32 = 0; i < n; i++) {
      store<u8>(to + <usize>i, holds(op, f32.load(v), f32.load(w)) ? 1 : 0);
      v += stepX;
      w += stepY;
    }
    to += next;
    x += nextX;
    y += nextY;
  }
}

export function equal(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  compare(0, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function differ(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  compare(1, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function less(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  compare(2, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function lessEqual(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  compare(3, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function greater(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  compare(4, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}
export function greaterEqual(to: usize, x: usize, y: usize, rows: i32, n: i32, next: usize, nextX: usize, nextY: usize, stepX: usize, stepY: usize): void {
  compare(5, to, x, y, rows, n, next, nextX, nextY, stepX, stepY);
}

/** The largest of a row; NaN when it has one. */
@inline
function largest(x: usize, n: i32): f32 {
  let most = f32x4.splat(-Infinity);
  const end = x + ((<usize>n & ~3) << 2);
  for (; x < end; x += 16) most = f32x4.max(most, v128.load(x));
  let result = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3))
  );
  for (let rest = n & 3; rest > 0; rest--) {
    result = max(result, f32.load(x));
    x += 4;
  }
  return result;
}

/** Puts e^(scale x - shift) and returns the sum of it. */
@inline
function exponentials(to: usize, x: usize, n: i32, scale: f32, shift: f32): f32 {
  let sum = f32x4.splat(0);
  const factor = f32x4.splat(scale);
  const less = f32x4.splat(shift);
  const end = x + ((<usize>n & ~3) << 2);
  for (; x < end; x += 16) {
    const e = exp4(f32x4.sub(f32x4.mul(v128.load(x), factor), less));
    v128.store(to, e);
    sum = f32x4.add(sum, e);
    to += 16;
  }
  let result: f64 = sumLanes(sum);
  for (let rest = n & 3; rest > 0; rest--) {
    const e = f32x4.extract_lane(exp4(f32x4.splat(f32.load(x) * scale - shift)), 0);
    f32.store(to, e);
    result += <f64>e;
    x += 4;
    to += 4;
  }
  return <f32>result;
}

@inline
function sumLanes(sum: v128): f64 {
  return (
    <f64>f32x4.extract_lane(sum, 0) +
    <f64>f32x4.extract_lane(sum, 1) +
    <f64>f32x4.extract_lane(sum, 2) +
    <f64>f32x4.extract_lane(sum, 3)
  );
}

/**
 * The softmax of `scale` times each row; rows lie one behind the other. With `safe`, a row of nothing but -Infinity gives
 * zeros.
 */
export function softmax(to: usize, x: usize, rows: i32, n: i32, scale: f32, safe: i32): void {
  for (let row: i32 = 0; row < rows; row++) {
    const most = largest(x, n) * scale;
    if (safe != 0 && most == -Infinity) memory.fill(to, 0, <usize>n << 2);
    else {
      const sum = exponentials(to, x, n, scale, most);
      scaleRow(to, n, 1 / sum);
    }
    x += <usize>n << 2;
    to += <usize>n << 2;
  }
}

/**
 * x = x scale + mask, for rows one behind the other; `next` leads to the mask's next row and `step` to its next element.
 * A mask of bytes (`flags`) gives -Infinity where it is 0.
 */
export function addMask(x: usize, rows: i32, n: i32, scale: f32, mask: usize, next: usize, step: usize, flags: i32): void {
  for (let row: i32 = 0; row < rows; row++) {
    let at = mask + <usize>row * next;
    for (const end = x + (<usize>n << 2); x < end; x += 4) {
      const score = f32.load(x) * scale;
      if (flags != 0) f32.store(x, load<u8>(at) != 0 ? score : -Infinity);
      else f32.store(x, score + f32.load(at));
      at += step;
    }
  }
}

/** -Infinity for what comes behind the row's own place: row i, counted from `first`, keeps elements to i. */
export function maskCausal(x: usize, rows: i32, n: i32, first: i32): void {
  for (let row: i32 = 0; row < rows; row++) {
    for (let j = first + row + 1; j < n; j++) f32.store(x + (<usize>j << 2), -Infinity);
    x += <usize>n << 2;
  }
}

@inline
function scaleRow(to: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  const end = to + ((<usize>n & ~3) << 2);
  for (; to < end; to += 16) v128.store(to, f32x4.mul(v128.load(to), f));
  for (let rest = n & 3; rest > 0; rest--) {
    f32.store(to, f32.load(to) * factor);
    to += 4;
  }
}

/** The sum of a row in doubles; of its squares' differences from `less` with `squared`. */
@inline
function sumRow(x: usize, n: i32, squared: bool, less: f64): f64 {
  let low = f64x2.splat(0);
  let high = low;
  const shift = f64x2.splat(less);
  const end = x + ((<usize>n & ~3) << 2);
  for (; x < end; x += 16) {
    const v = v128.load(x);
    let a = f64x2.promote_low_f32x4(v);
    let b = f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0));
    if (squared) {
      a = f64x2.sub(a, shift);
      b = f64x2.sub(b, shift);
      a = f64x2.mul(a, a);
      b = f64x2.mul(b, b);
    }
    low = f64x2.add(low, a);
    high = f64x2.add(high, b);
  }
  const all = f64x2.add(low, high);
  let sum = f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
  for (let rest = n & 3; rest > 0; rest--) {
    let v = <f64>f32.load(x);
    if (squared) v = (v - less) * (v - less);
    sum += v;
    x += 4;
  }
  return sum;
}

/** The sum of each row, divided by `divisor`. */
export function sumRows(to: usize, x: usize, rows: i32, n: i32, divisor: f64): void {
  for (let row: i32 = 0; row < rows; row++) {
    f32.store(to, <f32>(sumRow(x, n, false, 0) / divisor));
    x += <usize>n << 2;
    to += 4;
  }
}

/** The largest of each row. */
export function maxRows(to: usize, x: usize, rows: i32, n: i32): void {
  for (let row: i32 = 0; row < rows; row++) {
    f32.store(to, largest(x, n));
    x += <usize>n << 2;
    to += 4;
  }
}

/**
 * Each row less its mean (with `centered`), divided by the root of its variance plus eps, times weight plus bias (each
 * 0 for none). `means` and `factors` (0 for none) get a number a row.
 */
export function normalizeRows(
  to: usize, x: usize, rows: i32, n: i32, weight: usize, bias: usize, eps: f64, centered: i32, means: usize, factors: usize
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const mean: f64 = centered != 0 ? sumRow(x, n, false, 0) / <f64>n : 0;
    const factor: f64 = 1 / sqrt<f64>(sumRow(x, n, true, mean) / <f64>n + eps);
    normalizeRow(to, x, n, weight, bias, mean, factor);
    if (means != 0) f32.store(means + (<usize>row << 2), <f32>mean);
    if (factors != 0) f32.store(factors + (<usize>row << 2), <f32>factor);
    x += <usize>n << 2;
    to += <usize>n << 2;
  }
}

function normalizeRow(to: usize, x: usize, n: i32, weight: usize, bias: usize, mean: f64, factor: f64): void {
  const less = f64x2.splat(mean);
  const times = f64x2.splat(factor);
  const end = (<usize>n & ~3) << 2;
  let at: usize = 0;
  for (; at < end; at += 16) {
    const v = v128.load(x + at);
    const a = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(v), less), times);
    const b = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0)), less), times);
    let y = i64x2.shuffle(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2);
    if (weight != 0) y = f32x4.mul(y, v128.load(weight + at));
    if (bias != 0) y = f32x4.add(y, v128.load(bias + at));
    v128.store(to + at, y);
  }
  for (const all = <usize>n << 2; at < all; at += 4) {
    let y = <f32>((<f64>f32.load(x + at) - mean) * factor);
    if (weight != 0) y *= f32.load(weight + at);
    if (bias != 0) y += f32.load(bias + at);
    f32.store(to + at, y);
  }
}
