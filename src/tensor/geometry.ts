/** Sizes and strides, in elements, as torch counts them. */

/** Row-major strides; a size of 0 counts as 1, as in torch's empty tensors. */
export function contiguousStrides(sizes: readonly number[]): number[] {
  const strides = new Array<number>(sizes.length);
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(sizes[d]!, 1);
  }
  return strides;
}

export function numelOf(sizes: readonly number[]): number {
  let count = 1;
  for (const size of sizes) count *= size;
  return count;
}

/** c10::TensorImpl::is_contiguous: dimensions of size 1 may have any stride. */
export function isContiguous(sizes: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    const size = sizes[d]!;
    if (size === 0) return true;
    if (size !== 1) {
      if (strides[d] !== step) return false;
      step *= size;
    }
  }
  return true;
}

/**
 * The sizes that all broadcast to (at::infer_size).
 *
 * @throws RangeError when they do not.
 */
export function broadcastSizes(...shapes: readonly (readonly number[])[]): number[] {
  let result: number[] = [...(shapes[0] ?? [])];
  for (let k = 1; k < shapes.length; k++) {
    const other = shapes[k]!;
    const rank = Math.max(result.length, other.length);
    const merged = new Array<number>(rank);
    for (let d = 1; d <= rank; d++) {
      const a = result[result.length - d] ?? 1;
      const b = other[other.length - d] ?? 1;
      if (a !== b && a !== 1 && b !== 1) {
        throw new RangeError(`sizes [${shapes.map((s) => s.join(", ")).join("] and [")}] do not broadcast`);
      }
      merged[rank - d] = a === 1 ? b : a;
    }
    result = merged;
  }
  return result;
}

/**
 * A dimension counted from the front. A tensor without dimensions has one to this function, as in torch.
 *
 * @throws RangeError when there is no such dimension.
 */
export function wrapDim(dim: number, rank: number): number {
  const count = Math.max(rank, 1);
  if (dim < -count || dim >= count) {
    throw new RangeError(`dimension ${dim} is out of range: expected ${-count} to ${count - 1}`);
  }
  return dim < 0 ? dim + count : dim;
}

/**
 * Sorted dimensions; every dimension when none is given (an empty list too, as torch's reductions have it).
 *
 * @throws RangeError when one is given twice (at::dim_list_to_bitset).
 */
export function wrapDims(dims: readonly number[] | null, rank: number): number[] {
  if (dims === null || dims.length === 0) return Array.from({ length: rank }, (_, d) => d);
  const wrapped = dims.map((dim) => wrapDim(dim, rank));
  const twice = wrapped.find((dim, i) => wrapped.indexOf(dim) !== i);
  if (twice !== undefined) throw new RangeError(`dimension ${twice} is given twice`);
  return wrapped.filter((d) => d < rank).sort((a, b) => a - b);
}

/** at::infer_size: sizes with at most one -1, which is worked out. @throws RangeError when they hold another number of elements. */
export function inferSizes(sizes: readonly number[], numel: number): number[] {
  const hole = sizes.indexOf(-1);
  const known = numelOf(sizes.filter((_, d) => d !== hole));
  const fits =
    (hole < 0 ? known === numel : known !== 0 && numel % known === 0) &&
    sizes.every((size, d) => size >= 0 || d === hole);
  if (!fits) throw new RangeError(`shape [${sizes.join(", ")}] is invalid for ${numel} elements`);
  return sizes.map((size, d) => (d === hole ? numel / known : size));
}

/**
 * at::detail::computeStride: the strides that make a view of other sizes over the same memory, or undefined when
 * there are none and a copy is needed.
 */
export function viewStrides(
  sizes: readonly number[],
  strides: readonly number[],
  target: readonly number[],
): number[] | undefined {
  const numel = numelOf(sizes);
  if (numel === 0) return sizes.join() === target.join() ? [...strides] : contiguousStrides(target);
  if (sizes.length === 0) return target.map(() => 1);
  const result = new Array<number>(target.length);
  let view = target.length - 1;
  // Elements of the present run of dimensions that lie one behind the other, and those of the view that fill it.
  let base = strides[strides.length - 1]!;
  let run = 1;
  let filled = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    run *= sizes[d]!;
    if (d !== 0 && (sizes[d - 1] === 1 || strides[d - 1] === run * base)) continue;
    while (view >= 0 && (filled < run || target[view] === 1)) {
      result[view] = filled * base;
      filled *= target[view]!;
      view--;
    }
    if (filled !== run) return undefined;
    if (d > 0) {
      base = strides[d - 1]!;
      run = 1;
      filled = 1;
    }
  }
  return view === -1 ? result : undefined;
}

/** Strides that step over broadcast dimensions with 0. @throws RangeError when the sizes do not expand to the target. */
export function expandStrides(
  sizes: readonly number[],
  strides: readonly number[],
  target: readonly number[],
): number[] {
  const lead = target.length - sizes.length;
  if (lead < 0) throw new RangeError(`cannot expand [${sizes.join(", ")}] to [${target.join(", ")}]`);
  return target.map((size, d) => {
    const own = d < lead ? 1 : sizes[d - lead]!;
    if (own === size) return d < lead ? 0 : strides[d - lead]!;
    if (own !== 1) throw new RangeError(`cannot expand [${sizes.join(", ")}] to [${target.join(", ")}]`);
    return 0;
  });
}

/**
 * Calls `visit(offset, step, count, position)` for each innermost run, in logical order: `count` elements from
 * `offset` on, `step` apart, that are elements `position` and on of the tensor. Neighbouring dimensions that can be
 * walked as one are.
 */
export function forEachRun(
  sizes: readonly number[],
  strides: readonly number[],
  offset: number,
  visit: (offset: number, step: number, count: number, position: number) => void,
): void {
  const [dims, steps] = coalesce(sizes, strides);
  const rank = dims.length;
  if (rank === 0) return visit(offset, 1, 1, 0);
  const count = dims[rank - 1]!;
  const step = steps[rank - 1]!;
  const total = numelOf(dims);
  if (total === 0) return;
  const counter = new Array<number>(rank - 1).fill(0);
  let at = offset;
  for (let position = 0; position < total; position += count) {
    visit(at, step, count, position);
    for (let d = rank - 2; d >= 0; d--) {
      at += steps[d]!;
      if (++counter[d]! < dims[d]!) break;
      at -= steps[d]! * dims[d]!;
      counter[d] = 0;
    }
  }
}

function coalesce(sizes: readonly number[], strides: readonly number[]): [number[], number[]] {
  const dims: number[] = [];
  const steps: number[] = [];
  for (let d = 0; d < sizes.length; d++) {
    const size = sizes[d]!;
    if (size === 1) continue;
    const last = dims.length - 1;
    if (last >= 0 && steps[last] === strides[d]! * size) {
      dims[last]! *= size;
      steps[last] = strides[d]!;
    } else {
      dims.push(size);
      steps.push(strides[d]!);
    }
  }
  return [dims, steps];
}
