/** What else is computed of two elements, or of one and the limits of its dtype. */
import { cast } from "../../tensor/copy.ts";
import { complexDtype, type DType, dtypes, isIntegral } from "../../tensor/dtype.ts";
import { fill, fillComplexes, reals } from "../../tensor/elements.ts";
import { broadcastSizes, expandStrides } from "../../tensor/geometry.ts";
import { numberTensor } from "../../tensor/number.ts";
import { resultType } from "../../tensor/promotion.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { elementwiseStrides, formatStrides } from "../../tensor/strides.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { frexp, nextAfter } from "../math/bits.ts";
import * as complex from "../math/complex.ts";
import { binary, type Complex, unary } from "../pointwise.ts";
import { logAddExp } from "./scans.ts";
import { roundHalfEven } from "./unary.ts";

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function lcm(a: bigint, b: bigint): bigint {
  const divisor = gcd(a, b);
  const product = divisor === 0n ? 0n : (a / divisor) * b;
  return product < 0n ? -product : product;
}

const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0);

/** at::native nan_to_num: infinities become the dtype's extremes unless told otherwise. */
function replaceSpecials(args: Arguments): (x: number) => number {
  const { dtype } = args.self as Tensor;
  const extreme = largestOf(dtype);
  const [nan, above, below] = [args.nan, args.posinf, args.neginf] as (number | null)[];
  return (x) => {
    if (Number.isNaN(x)) return nan ?? 0;
    if (x === Number.POSITIVE_INFINITY) return above ?? extreme;
    return x === Number.NEGATIVE_INFINITY ? (below ?? -extreme) : x;
  };
}

function largestOf(dtype: DType): number {
  switch (dtype) {
    case dtypes.float64:
    case dtypes.complex128:
      return Number.MAX_VALUE;
    case dtypes.float16:
      return 65504;
    case dtypes.bfloat16:
      return (2 - 2 ** -7) * 2 ** 127;
  }
  return (2 - 2 ** -23) * 2 ** 127;
}

/** Two real tensors side by side as one complex one. */
function paired(a: Tensor, b: Tensor, out: Tensor, f: (x: number, y: number) => Complex): void {
  const [x, y] = [a, b].map((t) => reals(t.view(out.sizes, expandStrides(t.sizes, t.strides, out.sizes))));
  fillComplexes(out, (z) => {
    for (let i = 0; i < out.numel; i++) [z[2 * i], z[2 * i + 1]] = f(x![i]!, y![i]!) as [number, number];
  });
}

const pairSpec = (a: Tensor, b: Tensor) => {
  const sizes = broadcastSizes(a.sizes, b.sizes);
  return { sizes, dtype: complexDtype(a.dtype), strides: elementwiseStrides([a, b], sizes) };
};

/** Rounds after shifting the decimal point; at::native round_decimals. */
function roundTo(x: number, decimals: number): number {
  const ten = 10 ** Math.abs(decimals);
  return decimals < 0 ? roundHalfEven(x / ten) * ten : roundHalfEven(x * ten) / ten;
}

export const binaries: readonly Kernel[] = [
  ...binary("aten::atan2", { real: (y, x) => Math.atan2(y, x!), result: "float" }),
  ...binary("aten::copysign", {
    real: (x, sign) => (isNegative(sign!) ? -Math.abs(x) : Math.abs(x)),
    result: "float",
  }),
  ...binary("aten::gcd", { integer: (a, b) => gcd(a!, b!) }),
  ...binary("aten::lcm", { integer: (a, b) => lcm(a!, b!) }),
  ...binary("aten::hypot", { real: (a, b) => Math.hypot(a, b!) }),
  ...binary("aten::logaddexp", {
    real: (a, b) => logAddExp(a, b!),
    complex: (a, b) => complex.logAddExp(a!, b!),
  }),
  ...binary("aten::logaddexp2", {
    real: (a, b) => logAddExp(a * Math.LN2, b! * Math.LN2) * Math.LOG2E,
  }),
  ...binary("aten::nextafter", (args) => {
    const dtype = resultType([args.self as Tensor, args.other as Tensor]);
    return { real: (a, b) => nextAfter(a, b!, dtype) };
  }),
  defineOp("aten::heaviside(Tensor self, Tensor values) -> Tensor", {
    composite: ({ self, values }) => {
      const step = cast(call("aten::gt.Scalar", self, Scalar.int(0)), self.dtype);
      const known = call(
        "aten::where.self",
        call("aten::isnan", self),
        self.dtype.category === "float" ? call("aten::zeros_like", self) : step,
        step,
      );
      return call("aten::where.self", call("aten::eq.Scalar", self, Scalar.int(0)), values, known);
    },
  }),
  defineOp("aten::ldexp_(Tensor(a!) self, Tensor other) -> Tensor(a!)", {
    composite: ({ self, other }) =>
      call("aten::mul_.Tensor", self, call("aten::pow.Scalar", Scalar.float(2), other)),
  }),
  defineOp("aten::ldexp.Tensor(Tensor self, Tensor other) -> Tensor", {
    composite: ({ self, other }) =>
      call("aten::mul.Tensor", self, call("aten::pow.Scalar", Scalar.float(2), other)),
  }),
  defineOp("aten::frexp.Tensor(Tensor self) -> (Tensor mantissa, Tensor exponent)", {
    meta: ({ self }) => {
      const strides = formatStrides(self, null);
      return [
        { ...self.like(), strides },
        { sizes: self.sizes, dtype: dtypes.int32, strides },
      ];
    },
    run: ({ self }, mantissa, exponent) => {
      const parts = Array.from(reals(self), frexp);
      fill(mantissa, (y) => y.set(parts.map(([fraction]) => fraction)));
      fill(exponent!, (y) => y.set(parts.map(([, power]) => power)));
    },
  }),
  unary("aten::nan_to_num", (args) => {
    const real = replaceSpecials(args);
    return {
      real,
      ...(isIntegral((args.self as Tensor).dtype) && { integer: (x: bigint) => x }),
      complex: ([re, im]: Complex) => [real(re), real(im)],
    };
  }),
  unary("aten::round.decimals", (args) => ({
    real: (x) => roundTo(x, args.decimals as number),
    single: (x) => roundTo(x, args.decimals as number),
    integer: (x) => x!,
  })),
  defineOp("aten::complex(Tensor real, Tensor imag) -> Tensor", {
    meta: ({ real, imag }) => pairSpec(real, imag),
    run: ({ real, imag }, out) => paired(real, imag, out, (re, im) => [re, im]),
  }),
  defineOp("aten::polar(Tensor abs, Tensor angle) -> Tensor", {
    meta: ({ abs, angle }) => pairSpec(abs, angle),
    run: ({ abs, angle }, out) =>
      paired(abs, angle, out, (size, turn) => [size * Math.cos(turn), size * Math.sin(turn)]),
  }),
  defineOp(
    "aten::isclose(Tensor self, Tensor other, float rtol=1.0000000000000001e-05, float atol=1e-08, bool equal_nan=False) -> Tensor",
    { composite: (args) => isClose(args.self, args.other, args.rtol, args.atol, args.equal_nan) },
  ),
  ...["Tensor_Tensor", "Tensor_Scalar", "Scalar_Tensor"].map((overload) => {
    const [first, second] =
      overload === "Scalar_Tensor"
        ? ["Scalar element", "Tensor test_elements"]
        : ["Tensor elements", overload === "Tensor_Scalar" ? "Scalar test_element" : "Tensor test_elements"];
    return defineOp(
      `aten::isin.${overload}(${first}, ${second}, *, bool assume_unique=False, bool invert=False) -> Tensor` as "aten::isin.Tensor_Tensor(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False) -> Tensor",
      { composite: (args) => isIn(args) },
    );
  }),
];

/** at::native isclose: equal, or both finite and apart by no more than allowed. */
function isClose(self: Tensor, other: Tensor, rtol: number, atol: number, equalNaN: boolean): Tensor {
  let close = call("aten::eq.Tensor", self, other);
  if (equalNaN && !isIntegral(self.dtype)) {
    const both = call("aten::bitwise_and.Tensor", call("aten::isnan", self), call("aten::isnan", other));
    close = call("aten::bitwise_or.Tensor", close, both);
  }
  if (rtol === 0 && atol === 0) return close;
  const allowed = call(
    "aten::add.Scalar",
    call("aten::abs", call("aten::mul.Scalar", other, Scalar.float(rtol))),
    Scalar.float(atol),
  );
  const wide = isIntegral(self.dtype) ? cast(self, dtypes.float64) : self;
  const apart = call("aten::abs", call("aten::sub.Tensor", wide, other));
  const near = call(
    "aten::bitwise_and.Tensor",
    call("aten::isfinite", apart),
    call("aten::le.Tensor", apart, allowed),
  );
  return call("aten::bitwise_or.Tensor", close, near);
}

function isIn(args: Arguments): Tensor {
  const [elements, tests] = [args.elements ?? args.element, args.test_elements ?? args.test_element].map(
    (one) => (one instanceof Scalar ? numberTensor(one) : (one as Tensor)),
  ) as [Tensor, Tensor];
  const spread = call(
    "aten::eq.Tensor",
    call("aten::unsqueeze", elements, -1),
    call("aten::reshape", tests, [-1]),
  );
  const found = call("aten::any.dim", spread, -1);
  return args.invert ? call("aten::logical_not", found) : found;
}
