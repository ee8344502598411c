/** Quotients, remainders and powers. */
import { cast } from "../../tensor/copy.ts";
import { dtypes, isIntegral } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import * as complex from "../math/complex.ts";
import { binary, type Elementwise, elementwise } from "../pointwise.ts";

type Operand = Tensor | Scalar;
const selfAndOther = (args: Arguments): readonly Operand[] => [args.self as Operand, args.other as Operand];

const TRUE_QUOTIENT: Elementwise = {
  real: (a, b) => a / b!,
  complex: (a, b) => complex.dividedBy(a!, b!),
  result: "float",
  wideNumber: true,
};

function divisor(b: bigint): bigint {
  if (b === 0n) throw new RangeError("ZeroDivisionError");
  return b;
}

/** at::native div_trunc_kernel. */
const TRUNCATED: Elementwise = {
  real: (a, b) => Math.trunc(a / b!),
  single: (a, b) => Math.trunc(Math.fround(a / b!)),
  integer: (a, b) => a! / divisor(b!),
  wideNumber: true,
};

/** c10::div_floor_floating: by the remainder, since the quotient may round up to the next integer. */
function floorQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  const remainder = a % b;
  let quotient = (a - remainder) / b;
  if (remainder !== 0 && b < 0 !== remainder < 0) quotient -= 1;
  if (quotient === 0) return Object.is(a / b, -0) || a / b < 0 ? -0 : 0;
  const floored = Math.floor(quotient);
  return quotient - floored > 0.5 ? floored + 1 : floored;
}

function floorQuotientOfIntegers(a: bigint, b: bigint): bigint {
  const quotient = a / divisor(b);
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

const FLOORED: Elementwise = {
  real: floorQuotient,
  integer: (a, b) => floorQuotientOfIntegers(a!, b!),
  wideNumber: true,
};

/** The remainder with the divisor's sign (at::native remainder_kernel). */
const REMAINDER: Elementwise = {
  real: (a, b) => {
    const remainder = a % b!;
    return remainder !== 0 && remainder < 0 !== b! < 0 ? remainder + b! : remainder;
  },
  integer: (a, b) => {
    const remainder = a! % divisor(b!);
    return remainder !== 0n && remainder < 0n !== b! < 0n ? remainder + b! : remainder;
  },
};

const FMOD: Elementwise = { real: (a, b) => a % b!, integer: (a, b) => a! % divisor(b!) };

const MODES: Readonly<Record<string, Elementwise>> = { trunc: TRUNCATED, floor: FLOORED };

/** Integers divide as integers: a double would make an infinity of what torch refuses. */
const exactly =
  (spec: Elementwise) =>
  (args: Arguments): Elementwise => {
    const [a, b] = selfAndOther(args);
    const whole = [a, b].every((one) =>
      one instanceof Scalar ? one.category === "int" || one.category === "bool" : isIntegral(one!.dtype),
    );
    return whole ? { integer: spec.integer! } : spec;
  };

/** C's pow: 1 to any power and any number to the power 0 are 1, where JavaScript has NaN. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) return 1;
  return base ** exponent;
}

/** at::native powi: a negative power of an integer is 0 unless it is of 1 or -1. */
function integerPower(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) return base === 1n ? 1n : base === -1n ? (exponent % 2n ? -1n : 1n) : 0n;
  // Results wrap at 64 bits, and so may what leads to them.
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

const POWER: Elementwise = {
  real: (base, exponent) => power(base, exponent!),
  integer: (base, exponent) => integerPower(base!, exponent!),
  complex: (base, exponent) => complex.pow(base!, exponent!),
};
/**
 * A number as the exponent may be a square root; in bfloat16 torch multiplies, and rounds, step by step
 * (at::native::pow_tensor_scalar_optimized_kernel).
 */
const numberPower = (args: Arguments): Elementwise => {
  const { re, im, category } = args.exponent as Scalar;
  const { dtype } = args.self as Tensor;
  if (re < 0 && category === "int" && isIntegral(dtype)) {
    throw new RangeError("Integers to negative integer powers are not allowed.");
  }
  if (im !== 0) return POWER;
  if (Math.abs(re) === 0.5)
    return { ...POWER, real: (base) => (re > 0 ? Math.sqrt(base) : 1 / Math.sqrt(base)) };
  if (dtype !== dtypes.bfloat16 || (re !== 3 && re !== -2)) return POWER;
  const { encode, decode } = dtypes.bfloat16;
  const square = (base: number): number => decode!(encode!(base * base));
  return { ...POWER, real: (base) => (re === 3 ? square(base) * base : 1 / square(base)) };
};
const raised = (args: Arguments): readonly Operand[] => [args.self as Operand, args.exponent as Operand];

function inDoubles(t: Tensor, other?: Scalar): Tensor {
  const isComplex = t.dtype.category === "complex" || other?.category === "complex";
  return cast(t, isComplex ? dtypes.complex128 : dtypes.float64);
}

function numberInDoubles(value: Scalar): Scalar {
  return value.category === "complex" ? value : Scalar.float(value.re);
}

export const division: readonly Kernel[] = [
  ...binary("aten::div", TRUE_QUOTIENT),
  ...["aten::div.Tensor_mode", "aten::div.Scalar_mode"].map((name) =>
    elementwise(
      name,
      (args) => {
        const mode = args.rounding_mode as string | null;
        if (mode === null) return TRUE_QUOTIENT;
        if (MODES[mode] === undefined) {
          throw new RangeError(`rounding_mode is None, "trunc" or "floor", not "${mode}"`);
        }
        return exactly(MODES[mode])(args);
      },
      selfAndOther,
    ),
  ),
  ...binary("aten::floor_divide", exactly(FLOORED)),
  ...binary("aten::remainder", exactly(REMAINDER)),
  ...binary("aten::fmod", exactly(FMOD)),
  ...["Tensor_Tensor", "Tensor_Scalar", "Scalar"].map((overload) =>
    elementwise(`aten::pow.${overload}`, overload === "Tensor_Scalar" ? numberPower : POWER, raised),
  ),
  defineOp("aten::float_power.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor", {
    composite: ({ self, exponent }) => call("aten::pow.Tensor_Tensor", inDoubles(self), inDoubles(exponent)),
  }),
  defineOp("aten::float_power.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", {
    composite: ({ self, exponent }) =>
      call("aten::pow.Tensor_Scalar", inDoubles(self, exponent), numberInDoubles(exponent)),
  }),
  defineOp("aten::float_power.Scalar(Scalar self, Tensor exponent) -> Tensor", {
    composite: ({ self, exponent }) =>
      call("aten::pow.Scalar", numberInDoubles(self), inDoubles(exponent, self)),
  }),
];
