/** ExecuTorch's two operators as its Python runs them (extension/llm/custom_ops/custom_ops.py). */
import { contiguousCopy, copyInto } from "../tensor/copy.ts";
import { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Kernel } from "./kernel.ts";

/** Writes `value` [B, H, S, D] into `cache[:, :, :S]` of [B, H, S_max, D], in place. */
export function updateCache(value: Tensor, cache: Tensor): void {
  if (value.rank !== 4 || cache.rank !== 4) {
    throw new RangeError(`value and cache must have 4 dimensions, not ${value.rank} and ${cache.rank}`);
  }
  for (const [d, what] of [
    [0, "batch"],
    [1, "number of heads"],
    [3, "head size"],
  ] as const) {
    if (value.size(d) !== cache.size(d)) {
      throw new RangeError(`the ${what} of value ${value} is not that of cache ${cache}`);
    }
  }
  if (value.dtype !== cache.dtype)
    throw new RangeError(`value is ${value.dtype.name}, cache ${cache.dtype.name}`);
  if (value.size(2) > cache.size(2)) {
    throw new RangeError(`value has ${value.size(2)} positions, cache only ${cache.size(2)}`);
  }
  if (cache.storage === null) return;
  copyInto(cache.view(value.sizes, cache.strides), value);
}

const copyOf = (t: Tensor): Tensor =>
  t.storage === null ? new Tensor(null, t.dtype, t.sizes) : contiguousCopy(t);

export const executorchKernels: readonly Kernel[] = [
  defineOp("executorch::update_cross_attn_cache(Tensor value, Tensor cache) -> Tensor", {
    composite: ({ value, cache }) => {
      updateCache(value, cache);
      return copyOf(cache);
    },
  }),
  // torch >= 2.13 refuses to run it: an output may not be an input. Its fake kernel promises fresh copies.
  defineOp("executorch::alias(Tensor x, Tensor y) -> (Tensor, Tensor)", {
    composite: ({ x, y }) => [copyOf(x), copyOf(y)],
  }),
];
