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

/** How the result of a call lies that lies as its first operand does; null where that is not known. */
export function layoutOfFirst(
  first: Tensor | null,
  stated: Tensor | null,
  strides: FixedStrides,
): Tensor | null {
  if (first === null || stated === null || overlapsItself(first)) return null;
  if (strides === "strides of first") return first.view(first.sizes, first.strides, stated.offset);
  return strides === "first" || (first.offset === 0 && isDense(first)) ? first : null;
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
