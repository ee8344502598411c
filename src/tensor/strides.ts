/** The strides that torch gives results: those of their operands where it can. */
import { contiguousStrides, expandStrides, numelOf } from "./geometry.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Strides of an elementwise result: dimensions lie in memory in the order of the operands'
 * (at::TensorIteratorBase::reorder_dimensions). undefined for contiguous ones.
 */
export function elementwiseStrides(
  operands: readonly Tensor[],
  sizes: readonly number[],
): readonly number[] | undefined {
  if (operands.every((t) => t.isContiguous && (t.sizes.length === sizes.length || t.sizes.length === 0)))
    return undefined;
  const rank = sizes.length;
  if (rank < 2 || numelOf(sizes) === 0) return undefined;
  const steps = operands.map((t) => expandStrides(t.sizes, t.strides, sizes));
  // Fastest dimension first.
  const order = sizes.map((_, d) => rank - 1 - d);
  for (let i = 1; i < rank; i++) {
    let at = i;
    for (let before = i - 1; before >= 0; before--) {
      const swap = compareDims(order[before]!, order[at]!, steps, sizes);
      if (swap < 0) break;
      if (swap === 0) continue;
      [order[before], order[at]] = [order[at]!, order[before]!];
      at = before;
    }
  }
  return stridesInOrder(sizes, order);
}

/** Above 0 when the first dimension must lie outside of the second. */
function compareDims(
  first: number,
  second: number,
  steps: readonly (readonly number[])[],
  sizes: readonly number[],
): number {
  for (const strides of steps) {
    const [a, b] = [strides[first]!, strides[second]!];
    // A broadcast dimension says nothing.
    if (a === 0 || b === 0) continue;
    if (a !== b) return a - b;
    if (sizes[first]! > sizes[second]!) return 1;
  }
  return 0;
}

/** Dense strides with the dimensions in this order, fastest first; undefined when they are contiguous. */
function stridesInOrder(sizes: readonly number[], order: readonly number[]): readonly number[] | undefined {
  const strides = new Array<number>(sizes.length);
  let step = 1;
  for (const d of order) {
    strides[d] = step;
    step *= sizes[d]!;
  }
  const plain = contiguousStrides(sizes);
  return strides.every((stride, d) => stride === plain[d]) ? undefined : strides;
}

/** Whether the elements fill their memory without gaps or overlap, in any order of dimensions. */
export function isDense(t: Tensor): boolean {
  if (t.isContiguous) return true;
  const dims = t.sizes.map((_, d) => d).filter((d) => t.sizes[d] !== 1);
  dims.sort((a, b) => t.strides[a]! - t.strides[b]!);
  let step = 1;
  for (const d of dims) {
    if (t.strides[d] !== step) return false;
    step *= t.sizes[d]!;
  }
  return true;
}

/** Strides of `empty_like` in a memory format; undefined for contiguous ones. */
export function formatStrides(t: Tensor, format: string | null): readonly number[] | undefined {
  if (format === "channels_last" || format === "channels_last_3d") return channelsLastStrides(t.sizes);
  if (format === "contiguous_format" || t.isContiguous) return undefined;
  return isDense(t) ? t.strides : elementwiseStrides([t], t.sizes);
}

/** Strides of N, C, spatial dimensions with C fastest. */
export function channelsLastStrides(sizes: readonly number[]): readonly number[] | undefined {
  const rank = sizes.length;
  const order = [1, ...Array.from({ length: rank - 2 }, (_, i) => rank - 1 - i), 0];
  return stridesInOrder(sizes, order);
}
