import type { Operator } from "../operator.ts";

/**
 * Operators whose results lie in an argument's memory and yet have a version counter of their own, so that a
 * write to the result does not move the argument's. All others that share a storage share its counter. Measured
 * on every operator that shares: its counter was raised through the result and read at the argument.
 */
const OWN_COUNTER = new Set([
  "aten::_unsafe_view",
  "aten::channel_shuffle",
  "aten::data",
  "aten::native_channel_shuffle",
  "aten::set.source_Tensor",
  "aten::set_.source_Tensor",
  "aten::set_.source_Tensor_storage_offset",
  "aten::unsafe_chunk",
  "aten::unsafe_split.Tensor",
  "aten::unsafe_split_with_sizes",
]);

/** Whether results that share an argument's storage share its version counter too. */
export function sharesVersionCounter(op: Operator): boolean {
  return !OWN_COUNTER.has(op.qualifiedName);
}
