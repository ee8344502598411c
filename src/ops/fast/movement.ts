/** Operators that move elements as they are, of any dtype. */
import { dtypes } from "../../tensor/dtype.ts";
import { contiguousStrides, expandStrides, inferSizes, viewStrides, wrapDim } from "../../tensor/geometry.ts";
import { formatOf, isContiguousIn } from "../../tensor/memory-format.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import type { Plan, Planner } from "../kernel.ts";
import { copier } from "./copy.ts";
import { addressOf, resultOf, targetAddress } from "./operands.ts";

const isFilled = (t: unknown): t is Tensor => t instanceof Tensor && t.numel > 0 && t.number === null;

/** A copy of `self` that is laid out as the spec says. */
function copyPlan(self: Tensor, spec: TensorSpec, sizes = spec.sizes): Plan {
  const strides = spec.strides ?? contiguousStrides(self.sizes);
  const copy = copier(self.sizes, strides, self.strides, self.dtype.itemsize);
  const result = { sizes, dtype: spec.dtype, ...(spec.strides !== undefined && { strides: spec.strides }) };
  return (given) => {
    const out = resultOf(result);
    copy(out.storage!.memory.address, addressOf(given.self as Tensor));
    return out;
  };
}

const planSelf: Plan = (given) => given.self as Tensor;

/** Whether the results' memory holds nothing but their elements. */
const isDense = ({ sizes, strides }: TensorSpec): boolean => {
  if (strides === undefined) return true;
  const extent = sizes.reduce((sum, size, d) => sum + (size - 1) * strides[d]!, 1);
  return extent === sizes.reduce((product, size) => product * size, 1);
};

/** clone, and _to_copy that changes no dtype. */
const planClone: Planner = ({ self }, spec) => {
  if (!isFilled(self) || spec === null || "length" in spec || spec.dtype !== self.dtype) return null;
  return isDense(spec) ? copyPlan(self, spec) : null;
};

const planContiguous: Planner = ({ self, memory_format: format }) => {
  if (!isFilled(self)) return null;
  if (isContiguousIn(self, format as string)) return planSelf;
  return format === "contiguous_format" ? copyPlan(self, self.like()) : null;
};

/** A view where there is one. */
const planReshape: Planner = ({ self, shape }) => {
  if (!isFilled(self)) return null;
  const sizes = inferSizes(shape as readonly number[], self.numel);
  const strides = viewStrides(self.sizes, self.strides, sizes);
  if (strides === undefined) return copyPlan(self, self.like(), sizes);
  return (given) => (given.self as Tensor).view(sizes, strides);
};

/** The tensor itself where nothing changes (at::native::to_will_alias). */
const planTo: Planner = ({ self, dtype, copy, memory_format: format }) => {
  if (!isFilled(self) || copy === true || (dtype !== null && dtype !== self.dtype)) return null;
  return format === null || format === "preserve_format" || format === formatOf(self) ? planSelf : null;
};

/** copy_ of the same dtype from another memory. */
const planCopyInto: Planner = ({ self, src }) => {
  if (!isFilled(self) || !isFilled(src) || self.dtype !== src.dtype) return null;
  const strides = expandStrides(src.sizes, src.strides, self.sizes);
  const copy = copier(self.sizes, self.strides, strides, self.dtype.itemsize);
  return (given, kernel) => {
    const [to, from] = [given.self as Tensor, given.src as Tensor];
    if (to.storage!.memory === from.storage!.memory) return kernel.reference(given);
    copy(targetAddress(to), addressOf(from));
    return to;
  };
};

const planCat: Planner = ({ tensors, dim }, spec) => {
  if (spec === null || "length" in spec || spec.strides !== undefined) return null;
  const list = tensors as readonly Tensor[];
  if (!list.every((t) => isFilled(t) && t.dtype === spec.dtype)) return null;
  const d = wrapDim(dim as number, spec.sizes.length);
  const { itemsize } = spec.dtype;
  const strides = contiguousStrides(spec.sizes);
  let start = 0;
  const parts = list.map((t) => {
    const part = { at: start * strides[d]! * itemsize, copy: copier(t.sizes, strides, t.strides, itemsize) };
    start += t.sizes[d]!;
    return part;
  });
  return (given) => {
    const out = resultOf(spec);
    const { address } = out.storage!.memory;
    const own = given.tensors as readonly Tensor[];
    for (let i = 0; i < parts.length; i++) parts[i]!.copy(address + parts[i]!.at, addressOf(own[i]!));
    return out;
  };
};

/** Rows of a table that lie one behind the other. */
const planEmbedding: Planner = ({ weight, indices }, spec) => {
  if (!isFilled(weight) || !isFilled(indices) || spec === null || "length" in spec) return null;
  if (weight.rank !== 2 || !weight.isContiguous || indices.dtype !== dtypes.int64) return null;
  if (!indices.isContiguous) return null;
  const [count, width] = weight.sizes as [number, number];
  const { itemsize } = weight.dtype;
  const n = indices.numel;
  return (given, kernel) => {
    const [table, places] = [given.weight as Tensor, given.indices as Tensor];
    const words = places.memory.int32;
    const bytes = table.memory.bytes;
    const out = resultOf(spec);
    const target = out.memory.bytes;
    const row = width * itemsize;
    for (let i = 0; i < n; i++) {
      const at = words[2 * (places.offset + i)]!;
      // Wrong ones, and negative ones, are for the reference.
      if (at < 0 || at >= count || words[2 * (places.offset + i) + 1] !== 0) return kernel.reference(given);
      const from = table.offset * itemsize + at * row;
      target.set(bytes.subarray(from, from + row), i * row);
    }
    return out;
  };
};

export const movementPlanners: Readonly<Record<string, Planner>> = {
  "aten::clone": planClone,
  "aten::_to_copy": planClone,
  "aten::contiguous": planContiguous,
  "aten::reshape": planReshape,
  "aten::to.dtype": planTo,
  "aten::to.dtype_layout": planTo,
  "aten::to.device": planTo,
  "aten::copy_": planCopyInto,
  "aten::cat": planCat,
  "aten::embedding": planEmbedding,
};
