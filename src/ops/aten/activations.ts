/** Activation functions. */
import { dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, findKernel } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import * as complex from "../math/complex.ts";
import { erf } from "../math/erf.ts";
import { elementwise, unary } from "../pointwise.ts";

const { fround } = Math;

/** A number among the arguments, rounded as the kernel holds it: float32 unless the tensor has doubles. */
function parameter(args: Arguments, name: string): number {
  const value = args[name];
  const number = value instanceof Scalar ? value.re : (value as number);
  const dtype = (args.self as Tensor).dtype;
  return dtype === dtypes.float64 || dtype.category === "int" ? number : Math.fround(number);
}

/** An operator of one element and some numbers. */
function withNumbers(
  name: string,
  numbers: readonly string[],
  f: (x: number, ...n: number[]) => number,
): Kernel {
  return unary(`aten::${name}`, (args) => {
    const [a, b, c] = numbers.map((one) => parameter(args, one)) as [number, number, number];
    return { real: (x) => f(x, a, b, c) };
  });
}

const clip = (x: number, low: number, high: number): number => (x < low ? low : x > high ? high : x);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** log(1 + exp(x)) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

function elu(x: number, alpha: number, scale = 1, inputScale = 1): number {
  return x > 0 ? x * scale : Math.expm1(x * inputScale) * alpha * scale;
}

/** at::native gelu: exact, or by tanh. */
function gelu(approximate: string): (x: number) => number {
  if (approximate !== "tanh") return (x) => (x / 2) * (1 + erf(x * Math.SQRT1_2));
  const beta = Math.SQRT2 * (2 / Math.sqrt(Math.PI)) * 0.5;
  return (x) => (x * (1 + Math.tanh(beta * (x + 0.044715 * x * x * x)))) / 2;
}

const HALF_ROOT = fround(Math.SQRT1_2);
const GELU_BETA = fround(Math.SQRT2 * (2 / Math.sqrt(Math.PI)) * 0.5);
const GELU_KAPPA = fround(0.044715);

const [P, ...SERIES] = [0.3275911, 1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].map(
  fround,
) as [number, ...number[]];

/** erf in float32 as torch's vectors have it (Abramowitz and Stegun 7.1.26; Vectorized<float>::erf). */
function vectorErf(x: number): number {
  const size = Math.abs(x);
  const t = fround(1 / fround(P * size + 1));
  const sum = SERIES.reduce((r, factor) => fround(r * t + factor), 0);
  const rest = fround(fround(Math.exp(-fround(x * x))) * t);
  return Math.sign(x) * fround(1 - rest * sum);
}

/** Fewer elements fill no two vectors, and are computed one by one. */
const IN_VECTORS = 64;

/** gelu of float16 and bfloat16: in float32 step by step, of which the difference from 1 leaves few bits for negative x. */
function lowGelu(approximate: string, count: number): (x: number) => number {
  if (approximate !== "tanh") {
    const error = count < IN_VECTORS ? erf : vectorErf;
    return (x) => fround((x / 2) * fround(1 + fround(error(fround(x * HALF_ROOT)))));
  }
  return (x) => {
    const cube = fround(fround(x * x) * x);
    const inner = fround(GELU_BETA * fround(x + fround(GELU_KAPPA * cube)));
    return fround((x / 2) * fround(1 + fround(Math.tanh(inner))));
  };
}

const isLow = (t: Tensor): boolean => t.dtype === dtypes.float16 || t.dtype === dtypes.bfloat16;

const lowSilu = (x: number): number => fround(x / fround(1 + fround(Math.exp(-x))));

/** The rest of the family as compositions of one element's function. */
const FIXED: Readonly<Record<string, (x: number) => number>> = {
  hardsigmoid: (x) => clip(x + 3, 0, 6) / 6,
  hardswish: (x) => (x * clip(x + 3, 0, 6)) / 6,
  log_sigmoid: (x) => -softplus(-x),
  mish: (x) => x * Math.tanh(softplus(x)),
  relu6: (x) => clip(x, 0, 6),
  selu: (x) => elu(x, SELU_ALPHA, SELU_SCALE),
};

const WITH_NUMBERS: Readonly<Record<string, readonly [string[], (x: number, ...n: number[]) => number]>> = {
  celu: [["alpha"], (x, alpha) => elu(x, alpha!, 1, 1 / alpha!)],
  elu: [["alpha", "scale", "input_scale"], elu as (x: number, ...n: number[]) => number],
  hardshrink: [["lambd"], (x, lambd) => (x >= -lambd! && x <= lambd! ? 0 : x)],
  hardtanh: [["min_val", "max_val"], (x, low, high) => clip(x, low!, high!)],
  leaky_relu: [["negative_slope"], (x, slope) => (x > 0 ? x : x * slope!)],
  softplus: [
    ["beta", "threshold"],
    (x, beta, limit) => (x * beta! > limit! ? x : softplus(x * beta!) / beta!),
  ],
  softshrink: [["lambd"], (x, lambd) => (x > lambd! ? x - lambd! : x < -lambd! ? x + lambd! : x * 0)],
  threshold: [["threshold", "value"], (x, limit, value) => (x <= limit! ? value! : x)],
};

export const activations: readonly Kernel[] = [
  unary("aten::gelu", ({ self, approximate }) => ({
    real: isLow(self as Tensor)
      ? lowGelu(approximate as string, (self as Tensor).numel)
      : gelu(approximate as string),
  })),
  unary("aten::silu", ({ self }) => ({
    real: isLow(self as Tensor) ? lowSilu : (x) => x * sigmoid(x),
    complex: (z) => complex.times(z!, complex.sigmoid(z!)),
  })),
  ...Object.entries(FIXED).map(([name, real]) => unary(`aten::${name}`, { real })),
  ...Object.entries(WITH_NUMBERS).map(([name, [numbers, f]]) => withNumbers(name, numbers, f)),
  elementwise("aten::_prelu_kernel", { real: (x, weight) => (x > 0 ? x : x * weight!) }, (args) => [
    args.self as Tensor,
    args.weight as Tensor,
  ]),
  defineOp("aten::prelu(Tensor self, Tensor weight) -> Tensor", {
    // at::native prelu: the weights lie along dimension 1.
    composite: ({ self, weight }) => {
      const channels = self.rank > 1 && weight.rank > 0;
      const shape = self.sizes.map((_, d) => (channels && d === 1 ? weight.numel : 1));
      return call(
        "aten::_prelu_kernel",
        self,
        weight.rank === self.rank ? weight : call("aten::view", weight, shape),
      );
    },
  }),
  defineOp("aten::log_sigmoid_forward(Tensor self) -> (Tensor output, Tensor buffer)", {
    // The buffer serves the backward pass of other devices; on the CPU it holds exp(-|x|).
    meta: ({ self }) => [self.like(), self.like()],
    run: (args, output, buffer) => {
      const negated = call("aten::neg", call("aten::abs", args.self));
      call("aten::copy_", buffer, call("aten::exp", negated));
      call("aten::copy_", output, findKernel("aten::log_sigmoid")!.call(args));
    },
  }),
  defineOp("aten::glu(Tensor self, int dim=-1) -> Tensor", {
    composite: ({ self, dim }) => {
      const half = self.size(dim) / 2;
      const first = call("aten::narrow", self, dim, 0, half);
      return call(
        "aten::mul.Tensor",
        first,
        call("aten::sigmoid", call("aten::narrow", self, dim, half, half)),
      );
    },
  }),
];
