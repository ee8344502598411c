/** Sums, products and quotients of elements. */
import { dtypes } from "../../tensor/dtype.ts";
import type { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { times } from "../math/complex.ts";
import { binary, type Elementwise, elementwise } from "../pointwise.ts";

/** `self + alpha * other`, for add and sub. */
function scaledSum(name: string, sign: 1 | -1): Kernel[] {
  const withAlpha = (args: Arguments): readonly (Tensor | Scalar)[] => [
    args.self as Tensor,
    args.other as Tensor | Scalar,
    args.alpha as Scalar,
  ];
  const big = BigInt(sign);
  return [".Tensor", ".Scalar"].map((overload) =>
    elementwise(
      `${name}${overload}`,
      {
        real: (a, b, alpha) => a + sign * alpha! * b!,
        integer: (a, b, alpha) => a! + big * alpha! * b!,
        complex: (a, b, alpha) => {
          const [re, im] = times(alpha!, b!);
          return [a![0] + sign * re, a![1] + sign * im];
        },
      },
      withAlpha,
      twoOperands,
    ),
  );
}

/** alpha has no part in promotion. */
const twoOperands = (operands: readonly (Tensor | Scalar)[]): readonly (Tensor | Scalar)[] =>
  operands.slice(0, 2);

/** `other - alpha * self` */
const reversed: Elementwise = {
  real: (other, self, alpha) => other - alpha! * self!,
  integer: (other, self, alpha) => other! - alpha! * self!,
  complex: (other, self, alpha) => {
    const [re, im] = times(alpha!, self!);
    return [other![0] - re, other![1] - im];
  },
};
const scaledSelf = (args: Arguments): readonly (Tensor | Scalar)[] => [
  args.other as Tensor | Scalar,
  args.self as Tensor,
  args.alpha as Scalar,
];

export const arithmetic: readonly Kernel[] = [
  ...scaledSum("aten::add", 1),
  ...scaledSum("aten::sub", -1),
  ...binary("aten::mul", {
    real: (a, b) => a * b!,
    integer: (a, b) => a! * b!,
    complex: (a, b) => times(a!, b!),
    wideNumber: true,
  }),
  elementwise("aten::rsub.Scalar", reversed, scaledSelf, twoOperands),
  elementwise("aten::rsub.Tensor", reversed, scaledSelf, twoOperands),
  defineOp(
    "aten::scalar_tensor(Scalar s, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    {
      composite: ({ s, dtype }) => call("aten::full", [], s, dtype ?? dtypes.float32),
    },
  ),
];
