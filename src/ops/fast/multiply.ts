/** Products of float32 matrices within the heap. */
import { Memory } from "../../tensor/storage.ts";
import { UnplannedError } from "../kernel.ts";
import { overHeap } from "./over-heap.ts";
import { WASM } from "./product.generated.ts";

interface Exports {
  begin(c: number, row: number, m: number, n: number, bias: number): void;
  beginRows(c: number, row: number, m: number, n: number, bias: number): void;
  packColumns(to: number, b: number, k: number, n: number, rowStep: number, columnStep: number): void;
  packRows(to: number, a: number, m: number, k: number, rowStep: number, columnStep: number): void;
  multiply(
    a: number,
    b: number,
    c: number,
    row: number,
    m: number,
    n: number,
    k: number,
    spare: number,
  ): void;
  multiplyDots(
    a: number,
    left: number,
    b: number,
    right: number,
    c: number,
    row: number,
    m: number,
    n: number,
    k: number,
  ): void;
  multiplyRows(
    a: number,
    left: number,
    step: number,
    b: number,
    right: number,
    c: number,
    row: number,
    m: number,
    n: number,
    k: number,
  ): void;
}

/** The kernels; made when they are first asked for. */
export const productKernels = overHeap<Exports>(WASM);

/** How many bytes lie between the rows and between the columns of a matrix. */
export interface Steps {
  readonly row: number;
  readonly column: number;
}

/** Adds A B to C, whose rows lie `row` bytes apart, each an address. */
export type Multiply = (a: number, b: number, c: number, row: number) => void;

/** Up to so many rows are multiplied without packing. */
const FEW_ROWS = 12;
/** What of a packed operand is worked on at a time: it stays in the cache. */
const LEFT_BYTES = 256 * 1024;
const RIGHT_BYTES = 4 * 1024 * 1024;
/** A tile that hangs over the edge. */
const SPARE_BYTES = 128;

/** What multiplies [m, k] by [k, n] with such steps. */
export function multiplier(m: number, k: number, n: number, a: Steps, b: Steps): Multiply {
  const { multiplyDots, multiplyRows } = productKernels();
  if (m <= FEW_ROWS && b.row === 4 && a.column === 4) {
    return (x, y, c, row) => multiplyDots(x, a.row, y, b.column, c, row, m, n, k);
  }
  if (m <= FEW_ROWS && b.column === 4 && n >= 16) {
    return (x, y, c, row) => multiplyRows(x, a.row, a.column, y, b.row, c, row, m, n, k);
  }
  const columns = Math.max(8, Math.floor(RIGHT_BYTES / (4 * k)) & ~7);
  return (x, y, c, row) => {
    const packed = packSpace(4 * k * (Math.min(columns, n) + 7));
    for (let j = 0; j < n; j += columns) {
      const count = Math.min(columns, n - j);
      productKernels().packColumns(packed, y + j * b.column, k, count, b.row, b.column);
      multiplyPacked(x, a, packed, c + 4 * j, row, m, k, count);
    }
  };
}

/** C += A B, where B has been packed. */
export function multiplyPacked(
  a: number,
  steps: Steps,
  packed: number,
  c: number,
  row: number,
  m: number,
  k: number,
  n: number,
): void {
  const { packRows, multiply } = productKernels();
  const rows = Math.min(m + 3, Math.max(4, Math.floor(LEFT_BYTES / (4 * k)))) & ~3;
  const left = leftSpace(4 * k * rows + SPARE_BYTES);
  const spare = left + 4 * k * rows;
  for (let i = 0; i < m; i += rows) {
    const count = Math.min(rows, m - i);
    packRows(left, a + i * steps.row, count, k, steps.row, steps.column);
    multiply(left, packed, c + i * row, row, count, n, k, spare);
  }
}

/** A block that is kept for the next product. */
function keptSpace(): (bytes: number) => number {
  let block: Memory | null = null;
  return (bytes) => {
    if (block === null || block.byteLength < bytes) {
      block?.release();
      block = Memory.inHeap(bytes);
      if (block === null) throw new UnplannedError();
    }
    return block.address;
  };
}

const packSpace = keptSpace();
/** For what is multiplied as a whole: packed keys and values, windows, scores. */
export const spaces = [keptSpace(), keptSpace(), keptSpace()] as const;
const leftSpace = keptSpace();
