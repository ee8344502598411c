/** The fused forms of a transformer's layers that torch takes in inference (at::native::transformers). */
import { dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { reshaped } from "./reshaping.ts";
import { transposed, unsqueezed } from "./views.ts";

/** What both forms have: [batch, length, width] and the weights of the attention. */
interface Attention {
  readonly embed_dim: number;
  readonly qkv_weight: Tensor;
  readonly qkv_bias: Tensor;
  readonly proj_weight: Tensor;
  readonly proj_bias: Tensor;
  readonly mask: Tensor | null;
  /** 0 for [length, length], 1 for padding as [batch, length], 2 for all dimensions. */
  readonly mask_type: number | null;
}

const narrow = (t: Tensor, start: number, length: number): Tensor =>
  call("aten::narrow", t, 0, start, length);

/** A mask broadcast to [batch, heads, length, length]; true masks. */
function fullMask(mask: Tensor, type: number | null): Tensor {
  return type === 1 ? unsqueezed(unsqueezed(mask, 1), 1) : mask;
}

/** The weights of each key for each query, and the projected result (at::native::native_multi_head_attention_cpu). */
function attend(
  operands: readonly [query: Tensor, key: Tensor, value: Tensor],
  heads: number,
  args: Attention,
): { result: Tensor; weights: Tensor } {
  const width = args.embed_dim;
  const [q, k, v] = operands.map((t, i) => {
    const projected = call(
      "aten::linear",
      t,
      narrow(args.qkv_weight, i * width, width),
      narrow(args.qkv_bias, i * width, width),
    );
    return transposed(reshaped(projected, [t.sizes[0]!, t.sizes[1]!, heads, width / heads]), 1, 2);
  }) as [Tensor, Tensor, Tensor];
  const scaled = call("aten::mul.Scalar", q, Scalar.float(1 / Math.sqrt(width / heads)));
  let scores = call("aten::matmul", scaled, transposed(k, -2, -1));
  if (args.mask !== null) {
    const hidden = call("aten::to.dtype", fullMask(args.mask, args.mask_type), dtypes.bool);
    scores = call("aten::masked_fill.Scalar", scores, hidden, Scalar.float(-Infinity));
  }
  const weights = call("aten::_safe_softmax", scores, -1);
  const mixed = reshaped(transposed(call("aten::matmul", weights, v), 1, 2), [
    ...operands[0].sizes.slice(0, 2),
    width,
  ]);
  return { result: call("aten::linear", mixed, args.proj_weight, args.proj_bias), weights };
}

interface MultiHead extends Attention {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly num_head: number;
  readonly need_weights: boolean;
  readonly average_attn_weights: boolean;
}

interface EncoderLayer extends Attention {
  readonly src: Tensor;
  readonly num_heads: number;
  readonly use_gelu: boolean;
  readonly norm_first: boolean;
  readonly eps: number;
  readonly norm_weight_1: Tensor;
  readonly norm_bias_1: Tensor;
  readonly norm_weight_2: Tensor;
  readonly norm_bias_2: Tensor;
  readonly ffn_weight_1: Tensor;
  readonly ffn_bias_1: Tensor;
  readonly ffn_weight_2: Tensor;
  readonly ffn_bias_2: Tensor;
}

/** at::native::transformer_encoder_layer_forward. */
function encoderLayer(args: EncoderLayer): Tensor {
  const add = (a: Tensor, b: Tensor): Tensor => call("aten::add.Tensor", a, b);
  const norm = (t: Tensor, weight: Tensor, bias: Tensor): Tensor =>
    call("aten::layer_norm", t, [args.embed_dim], weight, bias, args.eps);
  const attention = (t: Tensor): Tensor => attend([t, t, t], args.num_heads, args).result;
  const feedForward = (t: Tensor): Tensor => {
    const hidden = call("aten::linear", t, args.ffn_weight_1, args.ffn_bias_1);
    const active = call(args.use_gelu ? "aten::gelu" : "aten::relu", hidden);
    return call("aten::linear", active, args.ffn_weight_2, args.ffn_bias_2);
  };
  const first = (t: Tensor): Tensor => norm(t, args.norm_weight_1, args.norm_bias_1);
  const second = (t: Tensor): Tensor => norm(t, args.norm_weight_2, args.norm_bias_2);
  if (args.norm_first) {
    const x = add(args.src, attention(first(args.src)));
    return add(x, feedForward(second(x)));
  }
  const x = first(add(args.src, attention(args.src)));
  return second(add(x, feedForward(x)));
}

export const encoderLayers: readonly Kernel[] = [
  tableOp<MultiHead>("aten::_native_multi_head_attention", {
    composite: (args) => {
      const { result, weights } = attend([args.query, args.key, args.value], args.num_head, args);
      if (!args.need_weights) return [result, null];
      return [result, args.average_attn_weights ? call("aten::mean.dim", weights, [1]) : weights];
    },
  }),
  tableOp<EncoderLayer>("aten::_transformer_encoder_layer_fwd", { composite: encoderLayer }),
];
