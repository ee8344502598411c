/**
 * Quantization written out, as programs quantized by PT2E hold it (torch.ao.quantization.fx._decomposed): integers in
 * plain tensors, scales and zero points beside them.
 */
import { cast } from "../tensor/copy.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { item } from "../tensor/elements.ts";
import { numberTensor } from "../tensor/number.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";
import { reshaped } from "./aten/reshaping.ts";
import { call, callList } from "./dispatch.ts";
import { defineOp, type Kernel } from "./kernel.ts";

const number = (value: number): Tensor => numberTensor(Scalar.float(value));
const add = (a: Tensor, b: Tensor): Tensor => call("aten::add.Tensor", a, b);
const sub = (a: Tensor, b: Tensor): Tensor => call("aten::sub.Tensor", a, b);
const mul = (a: Tensor, b: Tensor): Tensor => call("aten::mul.Tensor", a, b);
const div = (a: Tensor, b: Tensor): Tensor => call("aten::div.Tensor", a, b);
const round = (t: Tensor): Tensor => call("aten::round", t);
const clamp = (t: Tensor, low: number, high: number): Tensor =>
  call("aten::clamp", t, Scalar.int(low), Scalar.int(high));

/** A bound that is a number or, in `.tensor2`, a tensor of one. */
type Bound = number | Tensor;
const boundOf = (bound: Bound): number => (bound instanceof Tensor ? item(bound) : bound);

interface Range {
  readonly quant_min: Bound;
  readonly quant_max: Bound;
  readonly dtype: DType;
}

/** Rounded before the zero point is added. */
function quantize(input: Tensor, inverse: Tensor, zeroPoint: Tensor, range: Range): Tensor {
  const whole = add(round(mul(cast(input, dtypes.float32), inverse)), zeroPoint);
  return cast(bounded(whole, range), range.dtype);
}

function bounded(t: Tensor, { quant_min, quant_max }: Range): Tensor {
  if (t.storage === null) return t;
  return clamp(t, boundOf(quant_min), boundOf(quant_max));
}

const reciprocal = (t: Tensor): Tensor => call("aten::reciprocal", t);

/** One number for each index of an axis, so that it broadcasts against the whole. */
function alongAxis(t: Tensor, input: Tensor, axis: number): Tensor {
  const at = axis < 0 ? axis + input.rank : axis;
  return reshaped(
    t,
    input.sizes.map((_, d) => (d === at ? t.numel : 1)),
  );
}

/** quantize_per_token: the zero point is added before it is rounded. */
function quantizeRows(input: Tensor, scales: Tensor, zeroPoints: Tensor, range: Range): Tensor {
  return cast(bounded(round(add(mul(input, reciprocal(scales)), zeroPoints)), range), range.dtype);
}

/** The rows that share a scale; the last dimension of a matrix falls into groups. */
function groupsOf(t: Tensor, scales: Tensor, size: number): Tensor {
  const whole = size > t.size(-1) && scales.size(-1) === 1;
  return reshaped(t, [-1, whole ? t.size(-1) : size]);
}

const column = (t: Tensor): Tensor => reshaped(t, [-1, 1]);

/** torch.ao.quantization.utils.determine_qparams, of a whole tensor. */
function chooseParameters(
  input: Tensor,
  low: number,
  high: number,
  eps: number,
  symmetric: boolean,
): Tensor[] {
  const [min, max] = callList("aten::aminmax", input) as readonly [Tensor, Tensor];
  const zero = call("aten::zeros_like", min);
  const [below, above] = [call("aten::minimum", min, zero), call("aten::maximum", max, zero)];
  // torch keeps eps in a tensor of one dimension, and with it the scale.
  const floor = (t: Tensor): Tensor => reshaped(call("aten::clamp_min", t, Scalar.float(eps)), [1]);
  if (symmetric) {
    const reach = call("aten::maximum", call("aten::neg", below), above);
    const scale = floor(div(reach, number((high - low) / 2)));
    return [cast(scale, dtypes.float64), call("aten::full", scale.sizes, Scalar.int(0), dtypes.int64)];
  }
  const scale = floor(div(sub(above, below), number(high - low)));
  const zeroPoint = clamp(sub(number(low), round(div(below, scale))), low, high);
  return [cast(scale, dtypes.float64), cast(zeroPoint, dtypes.int64)];
}

/** Of each row, the zero point whose error is smaller (XNNPACK's choice). */
function chooseRowParameters(input: Tensor): Tensor[] {
  const extreme = (name: string): Tensor => call(`aten::${name}`, input, [-1], true);
  const zero = call("aten::zeros_like", extreme("amin"));
  const below = call("aten::minimum", extreme("amin"), zero);
  const above = call("aten::maximum", extreme("amax"), zero);
  const scale = call("aten::clamp_min", div(sub(above, below), number(255)), Scalar.float(2 ** -23));
  const [low, high] = [div(below, scale), div(above, scale)];
  const errors = add(add(low, number(-128)), add(high, number(127)));
  const fromLow = call("aten::gt.Scalar", errors, Scalar.int(0));
  const chosen = call("aten::where.self", fromLow, sub(number(-128), low), sub(number(127), high));
  return [cast(scale, dtypes.float64), cast(round(clamp(chosen, -128, 127)), dtypes.int64)];
}

/** Tensors for the scale and the zero point; bounds too in `.tensor2`. */
const perTensor = (overload: "tensor" | "tensor2"): Kernel[] => {
  const bound = overload === "tensor" ? "int" : "Tensor";
  return [
    defineOp(
      `quantized_decomposed::quantize_per_tensor.${overload}(Tensor input, Tensor scale, Tensor zero_point, ${bound} quant_min, ${bound} quant_max, ScalarType dtype) -> Tensor` as "quantized_decomposed::quantize_per_tensor.tensor2(Tensor input, Tensor scale, Tensor zero_point, Tensor quant_min, Tensor quant_max, ScalarType dtype) -> Tensor",
      {
        composite: ({ input, scale, zero_point, ...range }) =>
          quantize(input, number(1 / item(scale)), number(item(zero_point)), range),
      },
    ),
    defineOp(
      `quantized_decomposed::dequantize_per_tensor.${overload}(Tensor input, Tensor scale, Tensor zero_point, ${bound} quant_min, ${bound} quant_max, ScalarType dtype, *, ScalarType? out_dtype=None) -> Tensor` as "quantized_decomposed::dequantize_per_tensor.tensor2(Tensor input, Tensor scale, Tensor zero_point, Tensor quant_min, Tensor quant_max, ScalarType dtype, *, ScalarType? out_dtype=None) -> Tensor",
      {
        composite: ({ input, scale, zero_point, out_dtype }) =>
          dequantize(input, number(item(scale)), number(item(zero_point)), out_dtype),
      },
    ),
  ];
};

function dequantize(input: Tensor, scale: Tensor, zeroPoint: Tensor, dtype: DType | null): Tensor {
  return mul(sub(cast(input, dtype ?? dtypes.float32), zeroPoint), scale);
}

export const quantizedKernels: readonly Kernel[] = [
  defineOp(
    "quantized_decomposed::quantize_per_tensor(Tensor input, float scale, int zero_point, int quant_min, int quant_max, ScalarType dtype) -> Tensor",
    {
      composite: ({ input, scale, zero_point, ...range }) =>
        quantize(input, number(1 / scale), number(zero_point), range),
    },
  ),
  defineOp(
    "quantized_decomposed::dequantize_per_tensor(Tensor input, float scale, int zero_point, int quant_min, int quant_max, ScalarType dtype, *, ScalarType? out_dtype=None) -> Tensor",
    {
      composite: ({ input, scale, zero_point, out_dtype }) =>
        dequantize(input, number(scale), number(zero_point), out_dtype),
    },
  ),
  ...perTensor("tensor"),
  ...perTensor("tensor2"),
  defineOp(
    "quantized_decomposed::quantize_per_channel(Tensor input, Tensor scales, Tensor zero_points, int axis, int quant_min, int quant_max, ScalarType dtype) -> Tensor",
    {
      composite: ({ input, scales, zero_points, axis, ...range }) => {
        const inverse = reciprocal(alongAxis(scales, input, axis));
        return quantize(input, inverse, alongAxis(zero_points, input, axis), range);
      },
    },
  ),
  defineOp(
    "quantized_decomposed::dequantize_per_channel(Tensor input, Tensor scales, Tensor? zero_points, int axis, int quant_min, int quant_max, ScalarType dtype, *, ScalarType? out_dtype=None) -> Tensor",
    {
      composite: ({ input, scales, zero_points, axis, out_dtype }) => {
        const shifted = zero_points === null ? input : sub(input, alongAxis(zero_points, input, axis));
        return cast(mul(shifted, alongAxis(scales, input, axis)), out_dtype ?? dtypes.float32);
      },
    },
  ),
  defineOp(
    "quantized_decomposed::quantize_per_token(Tensor input, Tensor scales, Tensor zero_points, int quant_min, int quant_max, ScalarType dtype) -> Tensor",
    {
      composite: ({ input, scales, zero_points, ...range }) =>
        quantizeRows(input, scales, zero_points, range),
    },
  ),
  defineOp(
    "quantized_decomposed::dequantize_per_token(Tensor input, Tensor scales, Tensor zero_points, int quant_min, int quant_max, ScalarType dtype, ScalarType output_dtype) -> Tensor",
    {
      composite: ({ input, scales, zero_points, output_dtype }) =>
        cast(mul(sub(input, zero_points), scales), output_dtype),
    },
  ),
  defineOp(
    "quantized_decomposed::quantize_per_channel_group(Tensor input, Tensor scales, Tensor zero_points, int quant_min, int quant_max, ScalarType dtype, int group_size) -> Tensor",
    {
      composite: ({ input, scales, zero_points, group_size, ...range }) => {
        const groups = groupsOf(input, scales, group_size);
        return reshaped(quantizeRows(groups, column(scales), column(zero_points), range), input.sizes);
      },
    },
  ),
  defineOp(
    "quantized_decomposed::dequantize_per_channel_group(Tensor input, Tensor scales, Tensor? zero_points, int quant_min, int quant_max, ScalarType dtype, int group_size, ScalarType output_dtype) -> Tensor",
    {
      composite: ({ input, scales, zero_points, group_size, output_dtype }) => {
        const groups = groupsOf(input, scales, group_size);
        const shifted = zero_points === null ? groups : sub(groups, column(zero_points));
        return reshaped(cast(mul(shifted, column(scales)), output_dtype), input.sizes);
      },
    },
  ),
  defineOp(
    "quantized_decomposed::choose_qparams.tensor(Tensor input, int quant_min, int quant_max, float eps, ScalarType dtype) -> (Tensor, Tensor)",
    {
      composite: ({ input, quant_min, quant_max, eps }) =>
        chooseParameters(input, quant_min, quant_max, eps, false),
    },
  ),
  defineOp(
    "quantized_decomposed::choose_qparams_symmetric.tensor(Tensor input, int quant_min, int quant_max, float eps, ScalarType dtype) -> (Tensor, Tensor)",
    {
      composite: ({ input, quant_min, quant_max, eps }) =>
        chooseParameters(input, quant_min, quant_max, eps, true),
    },
  ),
  defineOp(
    "quantized_decomposed::choose_qparams_per_token(Tensor input, ScalarType dtype) -> (Tensor, Tensor)",
    {
      composite: ({ input }) => {
        const most = call("aten::amax", call("aten::abs", input), [-1], true);
        const wide = most.dtype === dtypes.float16 ? cast(most, dtypes.float32) : most;
        const scales = div(call("aten::clamp_min", wide, Scalar.float(1e-5)), number(127));
        return [scales, call("aten::zeros_like", scales)];
      },
    },
  ),
  defineOp(
    "quantized_decomposed::choose_qparams_per_token_asymmetric(Tensor input, ScalarType dtype) -> (Tensor, Tensor)",
    { composite: ({ input }) => chooseRowParameters(input) },
  ),
  defineOp(
    "quantized_decomposed::_choose_qparams_per_token_asymmetric_impl(Tensor input, ScalarType dtype) -> (Tensor, Tensor)",
    { composite: ({ input }) => chooseRowParameters(input) },
  ),
  defineOp("quantized_decomposed::convert_element_type.no_fuse(Tensor input, ScalarType dtype) -> Tensor", {
    composite: ({ input, dtype }) => call("aten::_to_copy", input, dtype),
  }),
];
