/** What torch decides from sizes and strides. */
import type { ConcreteTensor } from "./concrete.ts";

/** MemoryFormat as the schema numbers it. */
export const CONTIGUOUS = 1;
const CHANNELS_LAST = 2;
const CHANNELS_LAST_3D = 3;
export const PRESERVE = 4;

type Layout = Pick<ConcreteTensor, "sizes" | "strides">;

export function numel(sizes: readonly number[]): number {
  let product = 1;
  for (const size of sizes) product *= size;
  return product;
}

export function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** The dimensions from the innermost outwards, for each memory format that fixes an order. */
const CHANNELS_LAST_ORDER: readonly number[] = [1, 3, 2, 0];
const CHANNELS_LAST_3D_ORDER: readonly number[] = [1, 4, 3, 2, 0];

/** Tensor.is_contiguous(memory_format): c10/core/Contiguity.h; a dimension of size 1 may have any stride. */
export function isContiguous({ sizes, strides }: Layout, format = CONTIGUOUS): boolean {
  if (format === CHANNELS_LAST) return sizes.length === 4 && densely(sizes, strides, CHANNELS_LAST_ORDER);
  if (format === CHANNELS_LAST_3D)
    return sizes.length === 5 && densely(sizes, strides, CHANNELS_LAST_3D_ORDER);
  if (sizes.includes(0)) return true;
  let expected = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    if (sizes[d] === 1) continue;
    if (strides[d] !== expected) return false;
    expected *= sizes[d]!;
  }
  return true;
}

function densely(sizes: readonly number[], strides: readonly number[], order: readonly number[]): boolean {
  let expected = 1;
  for (const d of order) {
    if (sizes[d] === 1) continue;
    if (strides[d] !== expected) return false;
    expected *= sizes[d]!;
  }
  return true;
}

/** Tensor.suggest_memory_format(): channels last where the strides only rise in that order. */
export function suggestMemoryFormat({ sizes, strides }: Layout): number {
  if (sizes.length === 4 && risesIn(sizes, strides, CHANNELS_LAST_ORDER)) return CHANNELS_LAST;
  if (sizes.length === 5 && risesIn(sizes, strides, CHANNELS_LAST_3D_ORDER)) return CHANNELS_LAST_3D;
  return CONTIGUOUS;
}

/** is_channels_last_strides_2d/3d of c10/core/MemoryFormat.h. */
function risesIn(sizes: readonly number[], strides: readonly number[], order: readonly number[]): boolean {
  let least = 0;
  if (strides[1] === 0) return false;
  for (const d of order) {
    if (sizes[d] === 0 || strides[d]! < least) return false;
    // N111 and NHWC with one channel look alike; torch counts them as contiguous.
    if (d === 0 && least === strides[1]) return false;
    least = strides[d]! * Math.max(sizes[d]!, 1);
  }
  return true;
}

/** Replace the one -1 of a shape by what is left (at::infer_size). */
export function inferSizes(shape: readonly number[], count: number): number[] {
  const hole = shape.indexOf(-1);
  if (hole < 0) return [...shape];
  const rest = shape.reduce((product, size, d) => (d === hole ? product : product * size), 1);
  return shape.map((size, d) => (d === hole ? (rest === 0 ? 0 : count / rest) : size));
}

/**
 * Whether a tensor can be seen with other sizes without a copy (at::detail::computeStride): split the old
 * dimensions into runs that are contiguous in memory; each run must be filled by whole new dimensions.
 */
export function canView({ sizes, strides }: Layout, shape: readonly number[]): boolean {
  const count = numel(sizes);
  if (count !== numel(shape)) return false;
  if (count === 0 || sizes.length === 0) return true;
  let next = shape.length - 1;
  let base = strides[strides.length - 1]!;
  let run = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    run *= sizes[d]!;
    if (d > 0 && (sizes[d - 1] === 1 || strides[d - 1] === run * base)) continue;
    let filled = 1;
    while (next >= 0 && (filled < run || shape[next] === 1)) filled *= shape[next--]!;
    if (filled !== run) return false;
    base = strides[d - 1] ?? 1;
    run = 1;
  }
  return next === -1;
}
