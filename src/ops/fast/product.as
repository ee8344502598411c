/**
 * C += A B in float32, over the heap: see src/ops/fast/product.ts, which holds the other end. Addresses and strides count
 * bytes. Sums are made of partial ones of 64 products, so that their error grows with the root of the length only.
 */

const PART: i32 = 64;

/** What C is before the product is added: zeros, or in each row the n elements at `bias`. */
export function begin(c: usize, row: usize, m: i32, n: i32, bias: usize): void {
  const bytes = <usize>n << 2;
  for (let i: i32 = 0; i < m; i++) {
    if (bias == 0) memory.fill(c, 0, bytes);
    else memory.copy(c, bias, bytes);
    c += row;
  }
}

/** Each element of row i is the number at `bias` + 4 i. */
export function beginRows(c: usize, row: usize, m: i32, n: i32, bias: usize): void {
  for (let i: i32 = 0; i < m; i++) {
    const value = f32.load(bias);
    for (let j: i32 = 0; j < n; j++) f32.store(c + (<usize>j << 2), value);
    c += row;
    bias += 4;
  }
}

/** B (k rows, n columns) as panels of 8 columns, [n / 8, k, 8]; the last is filled up with zeros. */
export function packColumns(to: usize, b: usize, k: i32, n: i32, rowStep: usize, columnStep: usize): void {
  for (let j: i32 = 0; j < n; j += 8) {
    const from = b + <usize>j * columnStep;
    if (n - j < 8) {
      packEdge(to, from, k, n - j, rowStep, columnStep, 32);
    } else if (columnStep == 4) {
      for (let p: i32 = 0; p < k; p++) {
        const row = from + <usize>p * rowStep;
        v128.store(to + (<usize>p << 5), v128.load(row));
        v128.store(to + (<usize>p << 5), v128.load(row, 16), 16);
      }
    } else {
      packTransposed(to, from, k, rowStep, columnStep, 32);
      packTransposed(to + 16, from + 4 * columnStep, k, rowStep, columnStep, 32);
    }
    to += <usize>k << 5;
  }
}

/** A (m rows, k columns) as panels of 4 rows, [m / 4, k, 4]; the last is filled up with zeros. */
export function packRows(to: usize, a: usize, m: i32, k: i32, rowStep: usize, columnStep: usize): void {
  for (let i: i32 = 0; i < m; i += 4) {
    const from = a + <usize>i * rowStep;
    if (m - i < 4) packEdge(to, from, k, m - i, columnStep, rowStep, 16);
    else packTransposed(to, from, k, columnStep, rowStep, 16);
    to += <usize>k << 4;
  }
}

/** Less than a panel's width: `count` of its lanes, the rest zeros. */
function packEdge(to: usize, from: usize, k: i32, count: i32, step: usize, lane: usize, width: usize): void {
  memory.fill(to, 0, <usize>k * width);
  for (let p: i32 = 0; p < k; p++) {
    for (let c: i32 = 0; c < count; c++) {
      f32.store(to + <usize>p * width + (<usize>c << 2), f32.load(from + <usize>p * step + <usize>c * lane));
    }
  }
}

/** Four lanes, `lane` bytes apart, of k positions `step` bytes apart; to rows of `width` bytes. */
function packTransposed(to: usize, from: usize, k: i32, step: usize, lane: usize, width: usize): void {
  let p: i32 = 0;
  const b = from + lane;
  const c = b + lane;
  const d = c + lane;
  if (step == 4) {
    for (; p + 4 <= k; p += 4) {
      const at = <usize>p << 2;
      const r0 = v128.load(from + at);
      const r1 = v128.load(b + at);
      const r2 = v128.load(c + at);
      const r3 = v128.load(d + at);
      const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      v128.store(to, i64x2.shuffle(t0, t1, 0, 2));
      v128.store(to + width, i64x2.shuffle(t0, t1, 1, 3));
      v128.store(to + 2 * width, i64x2.shuffle(t2, t3, 0, 2));
      v128.store(to + 3 * width, i64x2.shuffle(t2, t3, 1, 3));
      to += 4 * width;
    }
  }
  for (; p < k; p++) {
    const at = <usize>p * step;
    f32.store(to, f32.load(from + at));
    f32.store(to, f32.load(b + at), 4);
    f32.store(to, f32.load(c + at), 8);
    f32.store(to, f32.load(d + at), 12);
    to += width;
  }
}

/** C, m rows of n `row` bytes apart, plus A (packed rows) times B (packed columns). `spare` has room for 128 bytes. */
export function multiply(a: usize, b: usize, c: usize, row: usize, m: i32, n: i32, k: i32, spare: usize): void {
  for (let j: i32 = 0; j < n; j += 8) {
    const right = b + (<usize>(j >> 3) * <usize>k << 5);
    for (let i: i32 = 0; i < m; i += 4) {
      const left = a + (<usize>(i >> 2) * <usize>k << 4);
      const to = c + <usize>i * row + (<usize>j << 2);
      if (m - i >= 4 && n - j >= 8) tile(left, right, to, row, k);
      else {
        memory.fill(spare, 0, 128);
        tile(left, right, spare, 32, k);
        addEdge(to, row, spare, min(m - i, 4), min(n - j, 8));
      }
    }
  }
}

function addEdge(to: usize, row: usize, from: usize, m: i32, n: i32): void {
  for (let i: i32 = 0; i < m; i++) {
    for (let j: i32 = 0; j < n; j++) {
      const at = to + <usize>i * row + (<usize>j << 2);
      f32.store(at, f32.load(at) + f32.load(from + (<usize>i << 5) + (<usize>j << 2)));
    }
  }
}

@inline
function addTo(at: usize, sum: v128): void {
  v128.store(at, f32x4.add(v128.load(at), sum));
}

function tile(a: usize, b: usize, c: usize, row: usize, k: i32): void {
  for (let start: i32 = 0; start < k; start += PART) {
    const count = min(PART, k - start);
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    for (let p: i32 = 0; p < count; p++) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const a0 = v128.load32_splat(a);
      c00 = f32x4.add(c00, f32x4.mul(a0, b0));
      c01 = f32x4.add(c01, f32x4.mul(a0, b1));
      const a1 = v128.load32_splat(a, 4);
      c10 = f32x4.add(c10, f32x4.mul(a1, b0));
      c11 = f32x4.add(c11, f32x4.mul(a1, b1));
      const a2 = v128.load32_splat(a, 8);
      c20 = f32x4.add(c20, f32x4.mul(a2, b0));
      c21 = f32x4.add(c21, f32x4.mul(a2, b1));
      const a3 = v128.load32_splat(a, 12);
      c30 = f32x4.add(c30, f32x4.mul(a3, b0));
      c31 = f32x4.add(c31, f32x4.mul(a3, b1));
      a += 16;
      b += 32;
    }
    addTo(c, c00);
    addTo(c + 16, c01);
    addTo(c + row, c10);
    addTo(c + row + 16, c11);
    addTo(c + 2 * row, c20);
    addTo(c + 2 * row + 16, c21);
    addTo(c + 3 * row, c30);
    addTo(c + 3 * row + 16, c31);
  }
}

@inline
function lanes(sum: v128): f32 {
  return (
    f32x4.extract_lane(sum, 0) +
    f32x4.extract_lane(sum, 1) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  );
}

@inline
function addLanes(at: usize, sum: v128, rest: f32): void {
  f32.store(at, f32.load(at) + (lanes(sum) + rest));
}

/**
 * C += A B where the columns of B are contiguous, as those of a transposed weight are: nothing is packed. `left` bytes
 * apart are the rows of A, `right` the columns of B, `row` the rows of C.
 */
export function multiplyDots(
  a: usize, left: usize, b: usize, right: usize, c: usize, row: usize, m: i32, n: i32, k: i32
): void {
  for (let i: i32 = 0; i < m; i++) {
    const x = a + <usize>i * left;
    const to = c + <usize>i * row;
    let j: i32 = 0;
    for (; j + 4 <= n; j += 4) dots(x, b + <usize>j * right, right, to + (<usize>j << 2), k);
    for (; j < n; j++) dot(x, b + <usize>j * right, to + (<usize>j << 2), k);
  }
}

function dots(x: usize, b: usize, right: usize, to: usize, k: i32): void {
  const y = b + right;
  const z = y + right;
  const w = z + right;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  const end = (<usize>k & ~7) << 2;
  let at: usize = 0;
  for (; at < end; at += 32) {
    const v = v128.load(x + at);
    s0 = f32x4.add(s0, f32x4.mul(v, v128.load(b + at)));
    s1 = f32x4.add(s1, f32x4.mul(v, v128.load(y + at)));
    s2 = f32x4.add(s2, f32x4.mul(v, v128.load(z + at)));
    s3 = f32x4.add(s3, f32x4.mul(v, v128.load(w + at)));
    const u = v128.load(x + at, 16);
    t0 = f32x4.add(t0, f32x4.mul(u, v128.load(b + at, 16)));
    t1 = f32x4.add(t1, f32x4.mul(u, v128.load(y + at, 16)));
    t2 = f32x4.add(t2, f32x4.mul(u, v128.load(z + at, 16)));
    t3 = f32x4.add(t3, f32x4.mul(u, v128.load(w + at, 16)));
  }
  let r0: f32 = 0;
  let r1: f32 = 0;
  let r2: f32 = 0;
  let r3: f32 = 0;
  for (const all = <usize>k << 2; at < all; at += 4) {
    const v = f32.load(x + at);
    r0 += v * f32.load(b + at);
    r1 += v * f32.load(y + at);
    r2 += v * f32.load(z + at);
    r3 += v * f32.load(w + at);
  }
  addLanes(to, f32x4.add(s0, t0), r0);
  addLanes(to + 4, f32x4.add(s1, t1), r1);
  addLanes(to + 8, f32x4.add(s2, t2), r2);
  addLanes(to + 12, f32x4.add(s3, t3), r3);
}

function dot(x: usize, b: usize, to: usize, k: i32): void {
  let s = f32x4.splat(0);
  const end = (<usize>k & ~3) << 2;
  let at: usize = 0;
  for (; at < end; at += 16) s = f32x4.add(s, f32x4.mul(v128.load(x + at), v128.load(b + at)));
  let r: f32 = 0;
  for (const all = <usize>k << 2; at < all; at += 4) r += f32.load(x + at) * f32.load(b + at);
  addLanes(to, s, r);
}

/** C += A B where the rows of B are contiguous: for few rows of A nothing is packed. `step` bytes lie between a row's elements of A. */
export function multiplyRows(
  a: usize, left: usize, step: usize, b: usize, right: usize, c: usize, row: usize, m: i32, n: i32, k: i32
): void {
  for (let i: i32 = 0; i < m; i++) {
    const x = a + <usize>i * left;
    const to = c + <usize>i * row;
    let j: i32 = 0;
    for (; j + 16 <= n; j += 16) columns(x, step, b + (<usize>j << 2), right, to + (<usize>j << 2), k);
    for (; j < n; j++) {
      let sum: f32 = 0;
      for (let p: i32 = 0; p < k; p++) {
        sum += f32.load(x + <usize>p * step) * f32.load(b + <usize>p * right + (<usize>j << 2));
      }
      f32.store(to + (<usize>j << 2), f32.load(to + (<usize>j << 2)) + sum);
    }
  }
}

function columns(x: usize, step: usize, b: usize, right: usize, to: usize, k: i32): void {
  for (let start: i32 = 0; start < k; start += PART) {
    const count = min(PART, k - start);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let p: i32 = 0; p < count; p++) {
      const v = v128.load32_splat(x);
      s0 = f32x4.add(s0, f32x4.mul(v, v128.load(b)));
      s1 = f32x4.add(s1, f32x4.mul(v, v128.load(b, 16)));
      s2 = f32x4.add(s2, f32x4.mul(v, v128.load(b, 32)));
      s3 = f32x4.add(s3, f32x4.mul(v, v128.load(b, 48)));
      x += step;
      b += right;
    }
    addTo(to, s0);
    addTo(to + 16, s1);
    addTo(to + 32, s2);
    addTo(to + 48, s3);
  }
}
