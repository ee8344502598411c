/** Copies over the heap: see src/ops/fast/copy.ts. Addresses and strides count bytes. */

@inline
function elements<T>(to: usize, from: usize, n: i32, step: usize, source: usize): void {
  for (let i: i32 = 0; i < n; i++) {
    store<T>(to, load<T>(from));
    to += step;
    from += source;
  }
}

function run(to: usize, from: usize, n: i32, step: usize, source: usize, size: i32): void {
  if (step == <usize>size && source == <usize>size) {
    const bytes = <usize>n * <usize>size;
    if (bytes >= 512) return memory.copy(to, from, bytes);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(to + at, v128.load(from + at));
    for (; at < bytes; at++) store<u8>(to + at, load<u8>(from + at));
    return;
  }
  if (size == 4) elements<u32>(to, from, n, step, source);
  else if (size == 8) elements<u64>(to, from, n, step, source);
  else if (size == 1) elements<u8>(to, from, n, step, source);
  else elements<u16>(to, from, n, step, source);
}

/** `rows` rows of `n` elements of `size` bytes; `step` and `source` are the elements' steps, `next` and `nextSource` the rows'. */
export function copy(
  to: usize, from: usize, rows: i32, n: i32, size: i32, next: usize, nextSource: usize, step: usize, source: usize
): void {
  if (size == 4 && source != 4 && nextSource == 4 && step == 4 && rows >= 4) {
    return transpose(to, from, rows, n, next, source);
  }
  for (let row: i32 = 0; row < rows; row++) {
    run(to, from, n, step, source, size);
    to += next;
    from += nextSource;
  }
}

/** Rows that lie side by side in the source: four by four. */
function transpose(to: usize, from: usize, rows: i32, n: i32, next: usize, source: usize): void {
  let row: i32 = 0;
  for (; row + 4 <= rows; row += 4) {
    const a = to + <usize>row * next;
    const b = a + next;
    const c = b + next;
    const d = c + next;
    let x = from + (<usize>row << 2);
    let i: i32 = 0;
    for (; i + 4 <= n; i += 4) {
      const r0 = v128.load(x);
      const r1 = v128.load(x + source);
      const r2 = v128.load(x + 2 * source);
      const r3 = v128.load(x + 3 * source);
      const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      const at = <usize>i << 2;
      v128.store(a + at, i64x2.shuffle(t0, t1, 0, 2));
      v128.store(b + at, i64x2.shuffle(t0, t1, 1, 3));
      v128.store(c + at, i64x2.shuffle(t2, t3, 0, 2));
      v128.store(d + at, i64x2.shuffle(t2, t3, 1, 3));
      x += 4 * source;
    }
    for (; i < n; i++) {
      const at = <usize>i << 2;
      store<u32>(a + at, load<u32>(x));
      store<u32>(b + at, load<u32>(x, 4));
      store<u32>(c + at, load<u32>(x, 8));
      store<u32>(d + at, load<u32>(x, 12));
      x += source;
    }
  }
  for (; row < rows; row++) elements<u32>(to + <usize>row * next, from + (<usize>row << 2), n, 4, source);
}
