/** Advanced indexing as torch has it: tensors of indices and masks among whole dimensions. */
import { elementOffsets, type Reals, reals } from "../tensor/elements.ts";
import { broadcastSizes, contiguousStrides, expandStrides } from "../tensor/geometry.ts";
import { elementwiseStrides } from "../tensor/strides.ts";
import { Tensor } from "../tensor/tensor.ts";
import { indexTensor } from "./rows.ts";

type Indices = readonly (Tensor | null)[];

/** What `self[indices]` looks like, and where in the storage of `self` its elements lie. */
export interface Indexed {
  readonly sizes: readonly number[];
  readonly strides: readonly number[] | undefined;
  offsets(): Int32Array;
}

/**
 * at::native make_info: masks become the indices of what is true in them; the indices broadcast, and their dimensions
 * stand where the indices stood, or first when these were not side by side.
 *
 * @throws DataDependentError when there is a mask and no elements.
 * @throws RangeError for an index that is out of range, or that does not broadcast.
 */
export function indexed(self: Tensor, given: Indices): Indexed {
  const indices = expandMasks(self, given);
  const dims = indices.flatMap((index, d) => (index === null ? [] : [d]));
  const lists = dims.map((d) => indices[d]!);
  const shared = broadcastSizes(...lists.map((index) => index.sizes));
  const adjacent = dims.every((d, k) => k === 0 || d === dims[k - 1]! + 1);
  const before = adjacent ? dims[0]! : 0;
  const rest = [...self.sizes.keys()].filter((d) => !dims.includes(d));
  const place = <T>(own: (d: number) => T, common: readonly T[]): T[] => [
    ...rest.slice(0, before).map(own),
    ...common,
    ...rest.slice(before).map(own),
  ];
  const sizes = place((d) => self.sizes[d]!, shared);
  const steps = place(
    (d) => self.strides[d]!,
    shared.map(() => 0),
  );
  // The strides of the result follow its iterator's operands: self with steps of 0, and the indices.
  const spread = lists.map((index) => {
    const own = expandStrides(index.sizes, index.strides, shared);
    return new Tensor(
      null,
      index.dtype,
      sizes,
      place(() => 0, own),
    );
  });
  const source = new Tensor(null, self.dtype, sizes, steps);
  return {
    sizes,
    strides: elementwiseStrides([source, ...spread], sizes),
    offsets: () => offsetsOf(self, dims, lists, shared, sizes, steps, before),
  };
}

function offsetsOf(
  self: Tensor,
  dims: readonly number[],
  lists: readonly Tensor[],
  shared: readonly number[],
  sizes: readonly number[],
  steps: readonly number[],
  before: number,
): Int32Array {
  const jumps = new Int32Array(shared.reduce((count, size) => count * size, 1));
  for (const [k, index] of lists.entries()) {
    const d = dims[k]!;
    const values = indexValues(index.view(shared, expandStrides(index.sizes, index.strides, shared)));
    for (let i = 0; i < jumps.length; i++)
      jumps[i]! += wrapIndex(values[i]!, self.sizes[d]!) * self.strides[d]!;
  }
  // Where each element of the result lies, but for its indices; and which of these it has.
  const result = elementOffsets(new Tensor(null, self.dtype, sizes, steps, self.offset));
  const which = sizes.map(() => 0);
  for (const [k, stride] of contiguousStrides(shared).entries()) which[before + k] = stride;
  const positions = elementOffsets(new Tensor(null, self.dtype, sizes, which));
  for (let i = 0; i < result.length; i++) result[i]! += jumps[positions[i]!]!;
  return result;
}

/** The elements of a tensor of indices. @throws RangeError when they are no integers. */
export function indexValues(index: Tensor): Reals {
  if (index.dtype.category === "int") return reals(index);
  throw new RangeError(`indices must be integers, not ${index.dtype.name}`);
}

/** @throws RangeError when there is more than one dimension. */
export function checkVector(index: Tensor): void {
  if (index.rank > 1) throw new RangeError(`the index must be a vector, not ${index}`);
}

/** @throws RangeError when the index is out of range. */
export function wrapIndex(index: number, size: number): number {
  const wrapped = index < 0 ? index + size : index;
  if (!(wrapped >= 0 && wrapped < size)) {
    throw new RangeError(`index ${index} is out of bounds for dimension with size ${size}`);
  }
  return wrapped;
}

/** at::native expandTensors: a mask over n dimensions becomes n tensors of indices. */
function expandMasks(self: Tensor, given: Indices): (Tensor | null)[] {
  const result: (Tensor | null)[] = [];
  for (const index of given) {
    if (index === null || (index.dtype.name !== "bool" && index.dtype.name !== "uint8")) {
      result.push(index);
      continue;
    }
    for (const [d, size] of index.sizes.entries()) {
      if (size !== self.sizes[result.length + d])
        throw new RangeError(`a mask of sizes [${index.sizes.join(", ")}] does not fit ${self}`);
    }
    result.push(...trueIndices(index));
  }
  return result;
}

/** The coordinates of the elements that are not zero, one int64 tensor a dimension. */
export function trueIndices(mask: Tensor): Tensor[] {
  const values = reals(mask);
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) found.push(i);
  const strides = contiguousStrides(mask.sizes);
  return mask.sizes.map((size, d) => indexTensor(found.map((at) => Math.floor(at / strides[d]!) % size)));
}
