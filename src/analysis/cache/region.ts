import type { Value } from "../../program/program.ts";

/** The elements of a storage that a tensor covers, all sizes known. */
export interface Region {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The first `length` positions of dimension 2 of the cache, or undefined when sizes are not known. */
export function writtenRegion(value: Value | null, cache: Value | null): Region | undefined {
  const [from, meta] = [value?.meta, cache?.meta];
  if (!from || !meta || from.sizes.length !== 4 || meta.sizes.length !== 4) return undefined;
  const whole = [...meta.sizes, ...meta.strides, meta.storage_offset, from.sizes[2]!].map((size) =>
    "as_int" in size ? Number(size.as_int) : Number.NaN,
  );
  if (whole.some(Number.isNaN)) return undefined;
  const sizes = whole.slice(0, 4);
  sizes[2] = Math.min(sizes[2]!, whole[9]!);
  return { sizes, strides: whole.slice(4, 8), offset: whole[8]! };
}

/** True when no element can be in both. False also when it would take too long to find out. */
export function areDisjoint(a: Region, b: Region): boolean {
  if (a.sizes.includes(0) || b.sizes.includes(0)) return true;
  if (last(a) < b.offset || last(b) < a.offset) return true;
  const [cells, others] = [count(a), count(b)];
  if (cells + others <= MOST_ELEMENTS) return separate(a, b);
  return boxesMiss(a, b);
}

/** Regions of real caches are boxes in one tensor; going through the elements is for what is not. */
const MOST_ELEMENTS = 4096;

function count({ sizes }: Region): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function last({ sizes, strides, offset }: Region): number {
  return sizes.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
}

function separate(a: Region, b: Region): boolean {
  const covered = new Set(elements(a));
  return !elements(b).some((at) => covered.has(at));
}

function elements({ sizes, strides, offset }: Region): number[] {
  return sizes.reduce<number[]>(
    (starts, size, i) =>
      starts.flatMap((start) => Array.from({ length: size }, (_, k) => start + k * strides[i]!)),
    [offset],
  );
}

/**
 * Two boxes of the same strides, none of whose dimensions reaches into the next larger one: they miss each other when
 * they do so in one dimension.
 */
function boxesMiss(a: Region, b: Region): boolean {
  const [low, high] = a.offset <= b.offset ? [a, b] : [b, a];
  const dims = [0, 1, 2, 3].sort((i, j) => a.strides[j]! - a.strides[i]!);
  if (dims.some((i) => a.strides[i] !== b.strides[i] && (a.sizes[i]! > 1 || b.sizes[i]! > 1))) return false;
  let shift = high.offset - low.offset;
  let misses = false;
  let room = Number.POSITIVE_INFINITY;
  for (const i of dims) {
    const stride = low.strides[i]!;
    if (low.sizes[i] === 1 && high.sizes[i] === 1) continue;
    if (stride === 0) return false;
    const by = Math.floor(shift / stride);
    shift -= by * stride;
    if ((by + Math.max(low.sizes[i]!, high.sizes[i]!)) * stride > room) return false;
    misses ||= by >= low.sizes[i]!;
    room = stride;
  }
  return misses || shift > 0;
}
