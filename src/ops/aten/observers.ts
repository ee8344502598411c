/** Fake quantization that watches the range of what it sees, or learns it: quantization aware training. */
import { dtypes } from "../../tensor/dtype.ts";
import { reals, storeReals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { roundHalfEven } from "./unary.ts";

interface Observed {
  readonly self: Tensor;
  readonly observer_on: Tensor;
  readonly fake_quant_on: Tensor;
  readonly running_min: Tensor;
  readonly running_max: Tensor;
  readonly scale: Tensor;
  readonly zero_point: Tensor;
  readonly averaging_const: number;
  readonly quant_min: number;
  readonly quant_max: number;
  readonly ch_axis: number;
  readonly per_row_fake_quant: boolean;
  readonly symmetric_quant: boolean;
}

type Levels = Pick<Observed, "quant_min" | "quant_max" | "symmetric_quant">;

/** The least scale that is told apart from none. */
const LEAST_SCALE = Math.fround(6.1e-5);
const { fround } = Math;

/** Scale and zero point of a range (quant_utils::ChooseQuantizationParams). */
function chosen(low: number, high: number, levels: Levels): readonly [number, number] {
  const { quant_min: first, quant_max: last, symmetric_quant } = levels;
  let [min, max] = [Math.min(low, 0), Math.max(high, 0)];
  const isEven = symmetric_quant && min < 0 && max > 0;
  if (isEven) {
    const half = Math.trunc((last - first) / 2);
    const widest = Math.max(Math.abs(min / -(half + 1)), Math.abs(max / half));
    [min, max] = [fround(widest * -(half + 1)), fround(widest * half)];
  }
  let scale = (max - min) / (last - first);
  if (fround(scale) === 0 || !Number.isFinite(fround(1 / fround(scale)))) scale = 0.1;
  if (scale < LEAST_SCALE) {
    const grown = fround(LEAST_SCALE / fround(scale));
    if (min === 0) max = fround(LEAST_SCALE * (last - first));
    else if (max === 0) min = fround(-LEAST_SCALE * (last - first));
    else [min, max] = [fround(min * grown), fround(max * grown)];
    scale = LEAST_SCALE;
  }
  const fromMin = first - min / scale;
  const fromMax = last - max / scale;
  const isMinNearer = Math.abs(first) - Math.abs(min / scale) < Math.abs(last) - Math.abs(max / scale);
  const zero = isEven ? (first + last) / 2 : isMinNearer ? fromMin : fromMax;
  return [scale, roundHalfEven(Math.min(Math.max(zero, first), last))];
}

const isOn = (flag: Tensor): boolean => reals(flag)[0] !== 0;

/** The range so far, moved towards that of the input; of each channel where there are several. */
function moved({ self, running_min, running_max, averaging_const, ...args }: Observed): readonly Tensor[] {
  let extremes = callList("aten::aminmax", self);
  if (args.per_row_fake_quant) {
    const rows = call("aten::flatten.using_ints", call("aten::transpose.int", self, args.ch_axis, 0), 1);
    extremes = callList("aten::aminmax", rows, 1);
  }
  return [running_min, running_max].map((running, i) => {
    const [before, seen] = [reals(running), reals(extremes[i]!)];
    const after = Tensor.zeros(extremes[i]!.sizes, running.dtype);
    const c = fround(averaging_const);
    storeReals(
      after,
      Float64Array.from(seen, (now, k) => {
        const old = before[k] ?? before[0]!;
        return Number.isFinite(old) ? fround(old + fround(c * fround(now - old))) : now;
      }),
    );
    return call("aten::view", after, after.numel === running.numel ? running.sizes : after.sizes);
  });
}

/** The state after the input was seen: minimum, maximum, scale, zero point. */
function observed(args: Observed): readonly Tensor[] {
  const { running_min, running_max, scale, zero_point } = args;
  if (!isOn(args.observer_on)) return [running_min, running_max, scale, zero_point];
  const [low, high] = moved(args) as [Tensor, Tensor];
  const [lows, highs] = [reals(low), reals(high)];
  const found = Array.from(lows, (min, i) => chosen(min, highs[i]!, args));
  const parameter = (like: Tensor, values: number[]): Tensor => {
    const made = Tensor.zeros(like.numel === values.length ? like.sizes : [values.length], like.dtype);
    storeReals(made, values);
    return made;
  };
  return [
    low,
    high,
    parameter(
      scale,
      found.map(([one]) => one),
    ),
    parameter(
      zero_point,
      found.map(([, one]) => one),
    ),
  ];
}

function quantized(args: Observed, scale: Tensor, zero: Tensor): readonly Tensor[] {
  const { self, quant_min, quant_max, ch_axis } = args;
  if (!isOn(args.fake_quant_on))
    return [call("aten::clone", self), call("aten::ones_like", self, dtypes.bool)];
  if (args.per_row_fake_quant) {
    const name = "aten::fake_quantize_per_channel_affine_cachemask";
    return callList(name, self, scale, zero, ch_axis, quant_min, quant_max);
  }
  const name = "aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams";
  return callList(name, self, scale, zero, args.fake_quant_on, quant_min, quant_max);
}

/** Writes the state, and gives the result and which elements lie in the range. */
function observeAndQuantize(args: Observed): readonly Tensor[] {
  const state = observed(args);
  for (const [i, target] of [args.running_min, args.running_max, args.scale, args.zero_point].entries()) {
    if (state[i] !== target) call("aten::copy_", target, state[i]);
  }
  return quantized(args, args.scale, args.zero_point);
}

interface Learned {
  readonly self: Tensor;
  readonly scale: Tensor;
  readonly zero_point: Tensor;
  readonly axis: number;
  readonly quant_min: number;
  readonly quant_max: number;
}

/** A zero point that is learned is no whole number. */
function wholeZero({ zero_point, quant_min, quant_max }: Learned): Tensor {
  const rounded = call("aten::round", zero_point);
  const inside = call("aten::clamp", rounded, Scalar.int(quant_min), Scalar.int(quant_max));
  return call("aten::to.dtype", inside, dtypes.int32);
}

export const observers: readonly Kernel[] = [
  tableOp<Observed>("aten::fused_moving_avg_obs_fake_quant", {
    composite: (args) =>
      args.self.numel === 0 ? call("aten::empty_like", args.self) : observeAndQuantize(args)[0],
  }),
  tableOp<Observed>("aten::_fused_moving_avg_obs_fq_helper", { composite: observeAndQuantize }),
  tableOp<Observed>("aten::_fused_moving_avg_obs_fq_helper_functional", {
    composite: (args) => {
      const state = observed(args).map((t) => call("aten::clone", t));
      return [...quantized(args, state[2]!, state[3]!), ...state];
    },
  }),
  tableOp<Learned>("aten::_fake_quantize_learnable_per_tensor_affine", {
    composite: (args) => {
      const { self, scale, quant_min, quant_max } = args;
      const name = "aten::fake_quantize_per_tensor_affine.tensor_qparams";
      return call(name, self, scale, wholeZero(args), quant_min, quant_max);
    },
  }),
  tableOp<Learned>("aten::_fake_quantize_learnable_per_channel_affine", {
    composite: (args) => {
      const { self, scale, axis, quant_min, quant_max } = args;
      const name = "aten::fake_quantize_per_channel_affine";
      return call(name, self, scale, wholeZero(args), axis, quant_min, quant_max);
    },
  }),
];
