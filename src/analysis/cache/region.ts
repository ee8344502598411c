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
  if (!from || !meta) return undefined;
  if ([from.sizes, meta.sizes, meta.strides].some(({ length }) => length !== 4)) return undefined;
  const whole = [...meta.sizes, ...meta.strides, meta.storage_offset, from.sizes[2]!].map((size) =>
    "as_int" in size ? Number(size.as_int) : Number.NaN,
  );
  if (whole.some(Number.isNaN)) return undefined;
  const sizes = whole.slice(0, 4);
  sizes[2] = Math.min(sizes[2]!, whole[9]!);
  return { sizes, strides: whole.slice(4, 8), offset: whole[8]! };
}

/** Whether no element is in both; undefined when it would take too long to find out. */
export function areDisjoint(a: Region, b: Region): boolean | undefined {
  if (a.sizes.includes(0) || b.sizes.includes(0)) return true;
  if (last(a) < b.offset || last(b) < a.offset) return true;
  if (count(a) + count(b) <= MOST_ELEMENTS) return separate(a, b);
  return a.sizes.length === 4 && b.sizes.length === 4 ? boxesMiss(a, b) : undefined;
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

/** Two boxes in one tensor miss each other when they do so in one of its dimensions. */
function boxesMiss(a: Region, b: Region): boolean | undefined {
  const dims = [0, 1, 2, 3].filter(
    (i) => a.sizes[i]! > 1 || b.sizes[i]! > 1 || a.strides[i] === b.strides[i],
  );
  if (dims.some((i) => a.strides[i] !== b.strides[i] || a.strides[i] === 0)) return undefined;
  dims.sort((i, j) => a.strides[j]! - a.strides[i]!);
  const [from, to] = [corner(a, dims), corner(b, dims)];
  if (from === undefined || to === undefined) return undefined;
  // Behind the starts stands what the smallest stride leaves.
  if (from.at(-1) !== to.at(-1)) return true;
  return dims.some((dim, k) => from[k]! + a.sizes[dim]! <= to[k]! || to[k]! + b.sizes[dim]! <= from[k]!);
}

/** Where a box starts in each dimension, the largest stride first, or undefined when it reaches out of one of them. */
function corner({ sizes, strides, offset }: Region, dims: readonly number[]): number[] | undefined {
  const starts: number[] = [];
  let rest = offset;
  let room = Number.POSITIVE_INFINITY;
  for (const dim of dims) {
    const stride = strides[dim]!;
    const start = Math.floor(rest / stride);
    if ((start + sizes[dim]!) * stride > room) return undefined;
    starts.push(start);
    rest -= start * stride;
    room = stride;
  }
  return [...starts, rest];
}

/** All elements of a tensor, or undefined when sizes are not known. */
export function regionOf(value: Value | null): Region | undefined {
  const meta = value?.meta;
  if (!meta) return undefined;
  const known = (list: readonly object[]): number[] =>
    list.map((size) => ("as_int" in size ? Number(size.as_int) : Number.NaN));
  const region = {
    sizes: known(meta.sizes),
    strides: known(meta.strides),
    offset: known([meta.storage_offset])[0]!,
  };
  return [...region.sizes, ...region.strides, region.offset].some(Number.isNaN) ? undefined : region;
}
