/** Gradients of attention, weight norm, distances and others that torch does not take apart. */
import { dtypes } from "../../tensor/dtype.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

const wide = (t: Tensor): Tensor => call("aten::to.dtype", t, dtypes.float64);
const as = (t: Tensor, like: Tensor): Tensor => call("aten::to.dtype", t, like.dtype);
const mul = (a: Tensor, b: Tensor): Tensor => call("aten::mul.Tensor", a, b);
const sub = (a: Tensor, b: Tensor): Tensor => call("aten::sub.Tensor", a, b);
const scaled = (a: Tensor, by: number): Tensor => call("aten::mul.Scalar", a, Scalar.float(by));
const product = (a: Tensor, b: Tensor): Tensor => call("aten::matmul", a, b);
const flip = (t: Tensor): Tensor => call("aten::transpose.int", t, -2, -1);

interface Attention {
  readonly grad_out: Tensor;
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly out: Tensor;
  readonly logsumexp: Tensor;
  readonly is_causal: boolean;
  readonly attn_mask: Tensor | null;
  readonly scale: number | null;
}

/** What attention paid, from the logarithm that the forward operator kept: [..., queries, keys]. */
function attentionWeights(args: Attention, scale: number): Tensor {
  const { query, key, logsumexp, is_causal, attn_mask } = args;
  let scores = scaled(product(wide(query), flip(wide(key))), scale);
  if (attn_mask !== null) scores = call("aten::add.Tensor", scores, wide(attn_mask));
  const weights = call("aten::exp", sub(scores, call("aten::unsqueeze", wide(logsumexp), -1)));
  return is_causal ? call("aten::tril", weights) : weights;
}

/** By query, key and value; the mask, of floats, gets none. */
function attentionGradient(args: Attention): Tensor[] {
  const { query, key, value, logsumexp } = args;
  if (logsumexp.rank !== query.rank - 1) {
    throw new RangeError(
      `logsumexp is ${logsumexp}, where there is one number for each query of ${query}: torch's decomposition of ` +
        "_scaled_dot_product_flash_attention_for_cpu hands on the weights of attention, and gradients come out wrong",
    );
  }
  const scale = args.scale ?? 1 / Math.sqrt(query.size(-1));
  const weights = attentionWeights(args, scale);
  const [grad, out] = [wide(args.grad_out), wide(args.out)];
  const shared = call("aten::sum.dim_IntList", mul(grad, out), [-1], true);
  const scores = scaled(mul(weights, sub(product(grad, flip(wide(value))), shared)), scale);
  return [
    as(product(scores, wide(key)), query),
    as(product(flip(scores), wide(query)), key),
    as(product(flip(weights), grad), value),
  ];
}

interface WeightNorm {
  readonly grad_w: Tensor;
  readonly saved_v: Tensor;
  readonly saved_g: Tensor;
  readonly saved_norms: Tensor;
  readonly dim: number;
}

/** By the direction and by the length. */
function weightNormGradient({ grad_w, saved_v, saved_g, saved_norms, dim }: WeightNorm): Tensor[] {
  const [grad, v, g] = [wide(grad_w), wide(saved_v), wide(saved_g)];
  const norms = call("aten::view", wide(saved_norms), g.sizes);
  const others = v.sizes.map((_, d) => d).filter((d) => d !== dim);
  const along = call("aten::sum.dim_IntList", mul(grad, v), others, true);
  const byLength = call("aten::div.Tensor", along, norms);
  const outside = sub(grad, mul(v, call("aten::div.Tensor", byLength, norms)));
  return [as(mul(call("aten::div.Tensor", g, norms), outside), saved_v), as(byLength, saved_g)];
}

/** d|x - y|_p / d(x - y), times the gradient; 0 where the points are one. The distance is of the points' dtype. */
function distanceGradient(grad: Tensor, difference: Tensor, distance: Tensor, p: number): Tensor {
  const sign = call("aten::sgn", difference);
  if (p === 1) return mul(grad, sign);
  const size = call("aten::abs", difference);
  if (p === Number.POSITIVE_INFINITY) {
    return mul(grad, mul(sign, as(call("aten::eq.Tensor", as(size, distance), distance), sign)));
  }
  const ratio = call("aten::div.Tensor", size, wide(distance));
  const slope = mul(sign, call("aten::pow.Tensor_Scalar", ratio, Scalar.float(p - 1)));
  const isOne = call("aten::eq.Scalar", distance, Scalar.int(0));
  return mul(grad, call("aten::masked_fill.Scalar", slope, isOne, Scalar.int(0)));
}

export const compositeGradients: readonly Kernel[] = [
  tableOp<Attention>("aten::_scaled_dot_product_flash_attention_for_cpu_backward", {
    composite: attentionGradient,
  }),
  tableOp<WeightNorm>("aten::_weight_norm_interface_backward", { composite: weightNormGradient }),
  tableOp<{ grad: Tensor; x1: Tensor; x2: Tensor; p: number; cdist: Tensor }>("aten::_cdist_backward", {
    composite: ({ grad, x1, x2, p, cdist }) => {
      const row = (t: Tensor, dim: number): Tensor => call("aten::unsqueeze", t, dim);
      const difference = sub(row(wide(x1), -2), row(wide(x2), -3));
      const each = distanceGradient(row(wide(grad), -1), difference, row(cdist, -1), p);
      return as(call("aten::sum.dim_IntList", each, [-2]), x1);
    },
  }),
  tableOp<{ grad_output: Tensor; mask: Tensor; sizes: readonly number[] }>("aten::masked_scatter_backward", {
    composite: ({ grad_output, mask, sizes }) => {
      const [grad, chosen] = [
        call("aten::contiguous", grad_output),
        call("aten::expand", mask, grad_output.sizes),
      ];
      const picked = call("aten::masked_select", grad, chosen);
      const missing = Math.max(numelOf(sizes) - picked.numel, 0);
      return call("aten::view", call("aten::constant_pad_nd", picked, [0, missing]), sizes);
    },
  }),
  tableOp<{
    grad_output: Tensor;
    self: Tensor;
    noise: Tensor;
    lower: Scalar;
    upper: Scalar;
    training: boolean;
  }>("aten::rrelu_with_noise_backward", {
    composite: ({ grad_output, self, noise, lower, upper, training }) => {
      if (training && upper.re - lower.re > 1e-6) return mul(grad_output, noise);
      const isPositive = call("aten::gt.Scalar", self, Scalar.int(0));
      return call(
        "aten::where.self",
        isPositive,
        grad_output,
        scaled(grad_output, (lower.re + upper.re) / 2),
      );
    },
  }),
];
