/** Windows of one plane of an image over the heap: see src/ops/fast/windows.ts. Addresses and strides count bytes. */

/**
 * A convolution of one plane with one kernel (taps one behind the other) onto a plane of `rows` by `n`. The windows lie
 * `next` and `step` bytes apart, their taps `down` and `right`; the plane has its padding.
 */
export function convolve(
  to: usize, x: usize, taps: usize, bias: f32, rows: i32, n: i32, high: i32, wide: i32,
  next: usize, step: usize, down: usize, right: usize
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const from = x + <usize>row * next;
    let j: i32 = 0;
    if (step == 4) {
      for (; j + 8 <= n; j += 8) {
        let low = f32x4.splat(bias);
        let far = low;
        let tap = taps;
        for (let p: i32 = 0; p < high; p++) {
          let at = from + (<usize>j << 2) + <usize>p * down;
          for (let q: i32 = 0; q < wide; q++) {
            const weight = v128.load32_splat(tap);
            low = f32x4.add(low, f32x4.mul(weight, v128.load(at)));
            far = f32x4.add(far, f32x4.mul(weight, v128.load(at, 16)));
            at += right;
            tap += 4;
          }
        }
        v128.store(to + (<usize>j << 2), low);
        v128.store(to + (<usize>j << 2), far, 16);
      }
    }
    for (; j < n; j++) {
      let sum = bias;
      let tap = taps;
      for (let p: i32 = 0; p < high; p++) {
        let at = from + <usize>j * step + <usize>p * down;
        for (let q: i32 = 0; q < wide; q++) {
          sum += f32.load(tap) * f32.load(at);
          at += right;
          tap += 4;
        }
      }
      f32.store(to + (<usize>j << 2), sum);
    }
    to += <usize>n << 2;
  }
}

/** The largest of each window, which is cut where it leaves the plane of `tall` by `broad`. NaN wins. */
export function largest(
  to: usize, x: usize, rows: i32, n: i32, tall: i32, broad: i32, high: i32, wide: i32,
  stepDown: i32, stepRight: i32, padDown: i32, padRight: i32
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const top = row * stepDown - padDown;
    for (let j: i32 = 0; j < n; j++) {
      const left = j * stepRight - padRight;
      let most: f32 = -Infinity;
      for (let p = max(top, 0); p < min(top + high, tall); p++) {
        for (let q = max(left, 0); q < min(left + wide, broad); q++) {
          most = max(most, f32.load(x + (<usize>(p * broad + q) << 2)));
        }
      }
      f32.store(to, most);
      to += 4;
    }
  }
}
