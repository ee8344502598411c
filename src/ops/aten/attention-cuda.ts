/**
 * Attention by the kernels that torch picks on a GPU, which programs hold that were exported there. The results are
 * those of attention; the seeds of a dropout are zeros, and the masks for debugging are empty.
 */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { type Kernel, mode, type Result } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

interface Fused {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly attn_bias: Tensor | null;
  readonly compute_log_sumexp: boolean;
  readonly dropout_p: number;
  readonly is_causal: boolean;
  readonly scale: number | null;
}

type Attended = (args: Fused, out: Tensor, sums: Tensor) => readonly Result[];

const zeros = (sizes: readonly number[], dtype: DType): Tensor => call("aten::zeros", sizes, dtype);
const lengths = ({ query, key }: Fused): readonly Scalar[] => [
  Scalar.int(query.size(-2)),
  Scalar.int(key.size(-2)),
];

/**
 * Of what a kernel gives besides the result itself, sizes depend on the device and torch's version: nothing is inferred.
 */
function fused(name: string, results: Attended): Kernel {
  return tableOp<Fused>(`aten::${name}`, {
    composite: (args) => {
      const { query, key, value, attn_bias, dropout_p, is_causal, scale } = args;
      const sizes = [...query.sizes.slice(0, -1), value.size(-1)];
      if (mode.meta) return [Tensor.ofSpec({ sizes, dtype: query.dtype }, true)];
      const operands = [query, key, value, dropout_p, is_causal, attn_bias, scale];
      const [out, sums] = callList("aten::_scaled_dot_product_flash_attention_for_cpu", ...operands);
      return results(args, out!, call("aten::to.dtype", sums!, dtypes.float32));
    },
  });
}

/** Rows of sums are filled up to a multiple of 32. */
function alignedSums({ compute_log_sumexp }: Fused, sums: Tensor): Tensor {
  if (!compute_log_sumexp) return call("aten::new_zeros", sums, [...sums.sizes.slice(0, -1), 0]);
  const missing = (32 - (sums.size(-1) % 32)) % 32;
  return call("aten::constant_pad_nd", sums, [0, missing], Scalar.float(Number.POSITIVE_INFINITY));
}

export const cudaAttention: readonly Kernel[] = [
  fused("_scaled_dot_product_efficient_attention", (args, out, sums) => [
    out,
    alignedSums(args, sums),
    zeros([], dtypes.int64),
    zeros([], dtypes.int64),
  ]),
  fused("_scaled_dot_product_flash_attention", (args, out, sums) => [
    out,
    sums,
    null,
    null,
    ...lengths(args),
    zeros([2], dtypes.uint64),
    zeros([], dtypes.uint64),
    zeros([0], args.query.dtype),
  ]),
  fused("_scaled_dot_product_cudnn_attention", (args, out, sums) => [
    out,
    call("aten::unsqueeze", sums, -1),
    null,
    null,
    ...lengths(args),
    zeros([], dtypes.int64),
    zeros([], dtypes.int64),
    null,
  ]),
];
