/** A product of matrices in float64, by WebAssembly: the same sums as the plain loop, in tiles of 4 by 4. */
import type { Reals } from "../tensor/elements.ts";
import { lazyModule } from "../webassembly.ts";
import { WASM } from "./product.generated.ts";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  multiply(a: number, b: number, c: number, m: number, n: number, k: number): void;
}

/** Rows that are packed and multiplied at a time, so that the memory stays small. */
const BLOCK = 256;
const PAGE = 65536;

const instantiate = lazyModule(WASM) as () => Exports;
let exports: Exports | undefined;

/** Smaller products are done before they would be packed. */
export function isWorthPacking(m: number, k: number, n: number): boolean {
  return m >= 4 && n >= 4 && m * k * n >= 20_000;
}

/**
 * y[m, n] = a[m, k] b[k, n], rows one behind the other.
 *
 * @param a the left operand from `aStart` on, @param b the right one from `bStart` on.
 */
export function multiplyInto(
  y: Float64Array,
  {
    a,
    aStart,
    b,
    bStart,
    m,
    k,
    n,
  }: { a: Reals; aStart: number; b: Reals; bStart: number; m: number; k: number; n: number },
): void {
  exports ??= instantiate();
  const { memory, multiply } = exports;
  const columns = Math.ceil(n / 4) * 4;
  const rows = Math.min(BLOCK, Math.ceil(m / 4) * 4);
  const [right, left, result] = [0, k * columns, k * columns + k * rows];
  const bytes = 8 * (result + rows * columns);
  if (memory.buffer.byteLength < bytes) memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE));
  const heap = new Float64Array(memory.buffer, 0, result + rows * columns);
  packColumns(heap, b, bStart, k, n);
  for (let first = 0; first < m; first += rows) {
    const count = Math.min(rows, m - first);
    packRows(heap, left, a, aStart + first * k, count, k);
    multiply(8 * left, 8 * right, 8 * result, Math.ceil(count / 4) * 4, columns, k);
    for (let row = 0; row < count; row++) {
      const from = result + row * columns;
      y.set(heap.subarray(from, from + n), (first + row) * n);
    }
  }
}

/** Panels of 4 columns; the last is filled up with zeros. */
function packColumns(heap: Float64Array, b: Reals, start: number, k: number, n: number): void {
  for (let j = 0; j < n; j += 4) {
    const panel = (j / 4) * k * 4;
    const width = Math.min(4, n - j);
    if (width < 4) heap.fill(0, panel, panel + 4 * k);
    for (let p = 0; p < k; p++) {
      const from = start + p * n + j;
      const to = panel + 4 * p;
      for (let c = 0; c < width; c++) heap[to + c] = b[from + c]!;
    }
  }
}

/** Panels of 4 rows; the last is filled up with zeros. */
function packRows(heap: Float64Array, place: number, a: Reals, start: number, m: number, k: number): void {
  for (let i = 0; i < m; i += 4) {
    const panel = place + i * k;
    const height = Math.min(4, m - i);
    if (height < 4) heap.fill(0, panel, panel + 4 * k);
    for (let r = 0; r < height; r++) {
      const from = start + (i + r) * k;
      for (let p = 0; p < k; p++) heap[panel + 4 * p + r] = a[from + p]!;
    }
  }
}
