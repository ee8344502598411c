/**
 * C = A B in doubles: see src/ops/product.ts, which holds the other end. A is in panels of 4 rows and B in panels of 4
 * columns, each position of the sum by position, so that the inner loop reads both in order.
 */

/** `c` is m rows of n, `a` m/4 panels of [k, 4], `b` n/4 panels of [k, 4]; m and n are multiples of 4. */
export function multiply(a: usize, b: usize, c: usize, m: i32, n: i32, k: i32): void {
  const row: usize = <usize>n << 3;
  const panel: usize = <usize>k << 5;
  for (let i: i32 = 0; i < m; i += 4) {
    const left = a + <usize>(i >> 2) * panel;
    for (let j: i32 = 0; j < n; j += 4) {
      tile(left, b + <usize>(j >> 2) * panel, c + <usize>i * row + (<usize>j << 3), row, k);
    }
  }
}

function tile(a: usize, b: usize, c: usize, row: usize, k: i32): void {
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let p: i32 = 0; p < k; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    c00 = f64x2.add(c00, f64x2.mul(a0, b0));
    c01 = f64x2.add(c01, f64x2.mul(a0, b1));
    const a1 = v128.load64_splat(a, 8);
    c10 = f64x2.add(c10, f64x2.mul(a1, b0));
    c11 = f64x2.add(c11, f64x2.mul(a1, b1));
    const a2 = v128.load64_splat(a, 16);
    c20 = f64x2.add(c20, f64x2.mul(a2, b0));
    c21 = f64x2.add(c21, f64x2.mul(a2, b1));
    const a3 = v128.load64_splat(a, 24);
    c30 = f64x2.add(c30, f64x2.mul(a3, b0));
    c31 = f64x2.add(c31, f64x2.mul(a3, b1));
    a += 32;
    b += 32;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += row;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += row;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += row;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}
