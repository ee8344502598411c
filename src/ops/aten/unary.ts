/** Functions of one element. */

import { contiguousCopy } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { fill } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import * as complex from "../math/complex.ts";
import { erf, erfc, erfinv } from "../math/erf.ts";
import { type Complex, type Elementwise, elementwiseSpec, unary } from "../pointwise.ts";

/** To nearest, ties to even (std::nearbyint). */
export function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  if (Math.abs(x % 1) !== 0.5) return Object.is(rounded, -0) || rounded !== 0 ? rounded : 0 * x;
  return 2 * Math.round(x / 2);
}

const sign = (x: number): number => (x > 0 ? 1 : x < 0 ? -1 : 0);
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x) / x);
const same = (x: bigint): bigint => x;
const yes = (holds: boolean): number => (holds ? 1 : 0);

/** Results between integers. */
const FLOATING: Readonly<Record<string, Elementwise>> = {
  acos: { real: Math.acos, complex: complex.acos },
  acosh: { real: Math.acosh, complex: complex.acosh },
  asin: { real: Math.asin, complex: complex.asin },
  asinh: { real: Math.asinh, complex: complex.asinh },
  atan: { real: Math.atan, complex: complex.atan },
  atanh: { real: Math.atanh, complex: complex.atanh },
  cos: { real: Math.cos, complex: complex.cos },
  cosh: { real: Math.cosh, complex: complex.cosh },
  deg2rad: { real: (x) => x * (Math.PI / 180) },
  erf: { real: erf },
  erfc: { real: erfc },
  erfinv: { real: erfinv },
  exp: { real: Math.exp, complex: complex.exp },
  exp2: { real: (x) => 2 ** x, complex: (z) => complex.exp(complex.scaled(z!, Math.LN2)) },
  expm1: { real: Math.expm1, complex: complex.expm1 },
  log: { real: Math.log, complex: complex.log },
  log10: { real: Math.log10, complex: (z) => complex.scaled(complex.log(z!), Math.LOG10E) },
  log1p: { real: Math.log1p, complex: complex.log1p },
  log2: { real: Math.log2, complex: (z) => complex.scaled(complex.log(z!), Math.LOG2E) },
  rad2deg: { real: (x) => x * (180 / Math.PI) },
  reciprocal: { real: (x) => 1 / x, complex: complex.reciprocal },
  rsqrt: { real: (x) => 1 / Math.sqrt(x), complex: complex.rsqrt },
  sigmoid: { real: (x) => 1 / (1 + Math.exp(-x)), complex: complex.sigmoid },
  sin: { real: Math.sin, complex: complex.sin },
  sinc: {
    real: (x) => sinc(Math.PI * x),
    // Beyond what float32 holds the product is infinite.
    single: (x) => sinc(Math.fround(Math.PI * x)),
    complex: complex.sinc,
  },
  sinh: { real: Math.sinh, complex: complex.sinh },
  sqrt: { real: Math.sqrt, complex: complex.sqrt },
  tan: { real: Math.tan, complex: complex.tan },
  tanh: { real: Math.tanh, complex: complex.tanh },
};

/** Results of the operand's dtype. */
const SAME: Readonly<Record<string, Elementwise>> = {
  ceil: { real: Math.ceil, integer: same },
  floor: { real: Math.floor, integer: same },
  frac: { real: (x) => x - Math.trunc(x) },
  neg: { real: (x) => -x, integer: (x) => -x!, complex: ([re, im]: Complex) => [-re, -im] },
  relu: { real: (x) => (x < 0 ? 0 : x), integer: (x) => (x! < 0n ? 0n : x!) },
  round: { real: roundHalfEven, integer: same },
  sgn: { real: sign, complex: complex.sgn },
  sign: { real: sign },
  trunc: { real: Math.trunc, integer: same },
};

/** Predicates. */
const BOOL: Readonly<Record<string, Elementwise>> = {
  isinf: {
    real: (x) => yes(Math.abs(x) === Number.POSITIVE_INFINITY),
    complex: ([re, im]: Complex) => [
      yes(Math.max(Math.abs(re), Math.abs(im)) === Number.POSITIVE_INFINITY),
      0,
    ],
  },
  isfinite: {
    real: (x) => yes(Number.isFinite(x)),
    complex: ([re, im]: Complex) => [yes(Number.isFinite(re) && Number.isFinite(im)), 0],
  },
  isnan: {
    real: (x) => yes(Number.isNaN(x)),
    complex: ([re, im]: Complex) => [yes(Number.isNaN(re) || Number.isNaN(im)), 0],
  },
  isneginf: { real: (x) => yes(x === Number.NEGATIVE_INFINITY) },
  isposinf: { real: (x) => yes(x === Number.POSITIVE_INFINITY) },
  isreal: { real: () => 1, complex: (z) => [yes(z![1] === 0), 0] },
  logical_not: {
    real: (x) => yes(x === 0),
    complex: ([re, im]: Complex) => [yes(re === 0 && im === 0), 0],
  },
};

const table = (entries: Readonly<Record<string, Elementwise>>, result: Elementwise["result"]): Kernel[] =>
  Object.entries(entries).map(([name, spec]) => unary(`aten::${name}`, { ...spec, result }));

/** The top bit, which NaN and negative zero have too. */
function signBits(self: Tensor, out: Tensor): void {
  const { bytes } = contiguousCopy(self).memory;
  const { itemsize, signed } = self.dtype;
  fill(out, (y) => {
    if (signed) for (let i = 0; i < y.length; i++) y[i] = bytes[(i + 1) * itemsize - 1]! >> 7;
  });
}

const conjugate = unary("aten::conj_physical", { complex: ([re, im]: Complex) => [re, -im] });

export const unaries: readonly Kernel[] = [
  ...table(FLOATING, "float"),
  ...table(SAME, "same"),
  ...table(BOOL, "bool"),
  // Of a boolean it is the other one, not all bits the other way.
  unary("aten::bitwise_not", ({ self }) =>
    (self as Tensor).dtype === dtypes.bool ? { real: (x) => 1 - x } : { integer: (x) => ~x! },
  ),
  unary("aten::abs", {
    real: Math.abs,
    integer: (x) => (x! < 0n ? -x! : x!),
    complex: complex.abs,
    result: "real",
  }),
  unary("aten::angle", {
    // at::native angle: of a negative number pi, of NaN itself.
    real: (x) => (Number.isNaN(x) ? x : x < 0 ? Math.PI : 0),
    complex: complex.angle,
    result: "angle",
  }),
  defineOp("aten::square(Tensor self) -> Tensor", {
    composite: ({ self }) => call("aten::pow.Tensor_Scalar", self, Scalar.int(2)),
  }),
  defineOp("aten::signbit(Tensor self) -> Tensor", {
    meta: ({ self }) => elementwiseSpec([self], dtypes.bool),
    run: ({ self }, out) => signBits(self, out),
  }),
  // torch marks a view as conjugated and computes later; here it is computed.
  ...["_conj", "conj"].map((name) =>
    defineOp(`aten::${name}(Tensor(a) self) -> Tensor(a)` as "aten::conj(Tensor(a) self) -> Tensor(a)", {
      composite: ({ self }) => call("aten::conj_physical", self),
    }),
  ),
  // Of those the imaginary part of a conjugate: marked as negated, computed here as well.
  defineOp("aten::_neg_view(Tensor(a) self) -> Tensor(a)", {
    composite: ({ self }) => call("aten::neg", self),
  }),
  defineOp("aten::_conj_physical(Tensor self) -> Tensor", {
    composite: ({ self }) => call("aten::conj_physical", self),
  }),
  defineOp("aten::conj_physical(Tensor self) -> Tensor", {
    // at::native conj_physical: a real tensor is its own conjugate.
    composite: ({ self }) => (self.dtype.category === "complex" ? conjugate.call({ self }) : self),
  }),
];
