/** Pointwise choices and blends of several elements: where, clamp, lerp, addcmul. */
import { cast } from "../../tensor/copy.ts";
import { elementOffsets, gatherElements, reals } from "../../tensor/elements.ts";
import { broadcastSizes, expandStrides } from "../../tensor/geometry.ts";
import { numberTensor } from "../../tensor/number.ts";
import { resultType } from "../../tensor/promotion.ts";
import type { Scalar } from "../../tensor/scalar.ts";
import { elementwiseStrides } from "../../tensor/strides.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import * as complex from "../math/complex.ts";
import { type Elementwise, elementwise } from "../pointwise.ts";

type Operand = Tensor | Scalar;

const where = defineOp("aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor", {
  meta: ({ condition, self, other }) => {
    const sizes = broadcastSizes(condition.sizes, self.sizes, other.sizes);
    return {
      sizes,
      dtype: resultType([self, other]),
      strides: elementwiseStrides([condition, self, other], sizes),
    };
  },
  run: ({ condition, self, other }, out) => {
    const holds = reals(expanded(condition, out.sizes));
    for (const [source, sign] of [
      [self, 1],
      [other, 0],
    ] as const) {
      const from = expanded(cast(source, out.dtype), out.sizes);
      const offsets = elementOffsets(from);
      for (let i = 0; i < offsets.length; i++) if ((holds[i] !== 0 ? 1 : 0) !== sign) offsets[i] = -1;
      gatherElements(out, from, offsets);
    }
  },
});

function expanded(t: Tensor, sizes: readonly number[]): Tensor {
  return t.view(sizes, expandStrides(t.sizes, t.strides, sizes));
}

/** The limits of a clamp; NaN in any of the three is the result (at::native clamp_kernel). */
function clampSpec(args: Arguments): Elementwise {
  const low = args.min !== null;
  const both = low && args.max !== null;
  if (both) {
    return {
      real: (x, min, max) => Math.min(Math.max(x, min!), max!),
      integer: (x, min, max) => {
        const raised = x! > min! ? x! : min!;
        return raised < max! ? raised : max!;
      },
    };
  }
  return low
    ? { real: (x, min) => Math.max(x, min!), integer: (x, min) => (x! > min! ? x! : min!) }
    : { real: (x, max) => Math.min(x, max!), integer: (x, max) => (x! < max! ? x! : max!) };
}

const clampOperands = (args: Arguments): readonly Operand[] =>
  [args.self, args.min, args.max].filter((one) => one !== null && one !== undefined) as Operand[];

/** One of the limits of a clamp. */
const limit = (name: "min" | "max"): Kernel[] =>
  ["", ".Tensor"].map((overload) =>
    elementwise(
      `aten::clamp_${name}${overload}`,
      (args) => clampSpec({ min: null, max: null, [name]: args[name] }),
      clampOperands,
    ),
  );

/** at::native lerp: from the end whose share is larger, so that weight 1 gives the end exactly. */
const LERP: Elementwise = {
  real: (start, end, weight) =>
    Math.abs(weight!) < 0.5 ? start + weight! * (end! - start) : end! - (end! - start) * (1 - weight!),
  complex: (start, end, weight) => {
    const step = [end![0] - start![0], end![1] - start![1]] as const;
    const part = complex.times(weight!, step);
    return [start![0] + part[0], start![1] + part[1]];
  },
  wideNumber: true,
};

/** self + value * tensor1 op tensor2; the number multiplies after the pair has been combined. */
const scaledPair = (name: string, pair: Elementwise): Kernel =>
  elementwise(
    `aten::${name}`,
    (args) => {
      const value = args.value as Scalar;
      const scale = [value.re, value.im] as const;
      return {
        real: (x, a, b) => x + value.re * pair.real!(a!, b!),
        ...(pair.integer && { integer: (x, a, b) => x! + value.integer * pair.integer!(a!, b!) }),
        complex: (x, a, b) => {
          const [re, im] = complex.times(scale, pair.complex!(a!, b!));
          return [x![0] + re, x![1] + im];
        },
      };
    },
    (args) => [args.self as Tensor, args.tensor1 as Tensor, args.tensor2 as Tensor],
  );

export const selection: readonly Kernel[] = [
  where,
  defineOp("aten::where.ScalarOther(Tensor condition, Tensor self, Scalar other) -> Tensor", {
    composite: ({ condition, self, other }) => call("aten::where.self", condition, self, numberTensor(other)),
  }),
  defineOp("aten::where.ScalarSelf(Tensor condition, Scalar self, Tensor other) -> Tensor", {
    composite: ({ condition, self, other }) => call("aten::where.self", condition, numberTensor(self), other),
  }),
  defineOp("aten::where.Scalar(Tensor condition, Scalar self, Scalar other) -> Tensor", {
    composite: ({ condition, self, other }) =>
      call("aten::where.self", condition, numberTensor(self), numberTensor(other)),
  }),
  elementwise("aten::clamp", clampSpec, clampOperands),
  elementwise("aten::clamp.Tensor", clampSpec, clampOperands),
  ...limit("min"),
  ...limit("max"),
  elementwise("aten::lerp.Scalar", LERP, (args) => [
    args.self as Tensor,
    args.end as Tensor,
    args.weight as Scalar,
  ]),
  elementwise("aten::lerp.Tensor", LERP, (args) => [
    args.self as Tensor,
    args.end as Tensor,
    args.weight as Tensor,
  ]),
  scaledPair("addcmul", {
    real: (a, b) => a * b!,
    integer: (a, b) => a! * b!,
    complex: (a, b) => complex.times(a!, b!),
  }),
  scaledPair("addcdiv", {
    real: (a, b) => a / b!,
    complex: (a, b) => complex.dividedBy(a!, b!),
  }),
];
