/** How tensors lie in memory. */
import { contiguousStrides } from "../tensor/geometry.ts";
import { isDense } from "../tensor/strides.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { FixedStrides } from "./fixed-strides.ts";

/** Equal strides and offset; where there is at most one element in a dimension, any stride will do. */
export function liesAlike(a: Tensor, b: Tensor): boolean {
  if (a.numel === 0) return true;
  return a.offset === b.offset && a.sizes.every((size, d) => size === 1 || a.strides[d] === b.strides[d]);
}

/** Such a tensor, as expand makes it, is copied to a contiguous one. */
function overlapsItself({ sizes, strides }: Tensor): boolean {
  return sizes.some((size, d) => size > 1 && strides[d] === 0);
}

/** Whether what comes of a call lies as its first operand does. */
export function liesAsFirst(first: Tensor, strides: FixedStrides): boolean {
  if (overlapsItself(first)) return false;
  return strides === "first" || (first.offset === 0 && (strides === "unmoved first" || isDense(first)));
}

/** Contiguous in dimensions of one element too, whose strides say which memory format a tensor has. */
export function isStrictlyContiguous({ sizes, strides }: Tensor): boolean {
  const contiguous = contiguousStrides(sizes);
  return strides.every((stride, d) => stride === contiguous[d]);
}

/** As a message has it, with the offset where there is one. */
export function withStrides(tensor: Tensor): string {
  const offset = tensor.offset === 0 ? "" : ` from ${tensor.offset} on`;
  return `${tensor} with strides [${tensor.strides.join(", ")}]${offset}`;
}
