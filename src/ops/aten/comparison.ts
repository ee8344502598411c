/** Comparisons, extremes and logical and bitwise operators of two elements. */
import { isIntegral } from "../../tensor/dtype.ts";
import { resultType } from "../../tensor/promotion.ts";
import type { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Arguments, Kernel } from "../kernel.ts";
import { binary, type Complex, type Elementwise } from "../pointwise.ts";

const yes = (holds: boolean): number => (holds ? 1 : 0);
const yesBig = (holds: boolean): bigint => (holds ? 1n : 0n);
const truth = ([re, im]: Complex): boolean => re !== 0 || im !== 0;

const COMPARISONS: Readonly<Record<string, Elementwise>> = {
  eq: {
    real: (a, b) => yes(a === b),
    integer: (a, b) => yesBig(a === b),
    complex: (a, b) => [yes(a![0] === b![0] && a![1] === b![1]), 0],
  },
  ne: {
    real: (a, b) => yes(a !== b),
    integer: (a, b) => yesBig(a !== b),
    complex: (a, b) => [yes(a![0] !== b![0] || a![1] !== b![1]), 0],
  },
  lt: { real: (a, b) => yes(a < b!), integer: (a, b) => yesBig(a! < b!) },
  le: { real: (a, b) => yes(a <= b!), integer: (a, b) => yesBig(a! <= b!) },
  gt: { real: (a, b) => yes(a > b!), integer: (a, b) => yesBig(a! > b!) },
  ge: { real: (a, b) => yes(a >= b!), integer: (a, b) => yesBig(a! >= b!) },
  logical_and: {
    real: (a, b) => yes(a !== 0 && b !== 0),
    complex: (a, b) => [yes(truth(a!) && truth(b!)), 0],
  },
  logical_or: {
    real: (a, b) => yes(a !== 0 || b !== 0),
    complex: (a, b) => [yes(truth(a!) || truth(b!)), 0],
  },
  logical_xor: {
    real: (a, b) => yes((a !== 0) !== (b !== 0)),
    complex: (a, b) => [yes(truth(a!) !== truth(b!)), 0],
  },
};

/** NaN wins in maximum and minimum, and loses in fmax and fmin. */
const EXTREMES: Readonly<Record<string, Elementwise>> = {
  maximum: { real: (a, b) => Math.max(a, b!), integer: (a, b) => (a! > b! ? a! : b!) },
  minimum: { real: (a, b) => Math.min(a, b!), integer: (a, b) => (a! < b! ? a! : b!) },
  fmax: {
    real: (a, b) => (Number.isNaN(b) ? a : Number.isNaN(a) ? b! : Math.max(a, b!)),
    integer: (a, b) => (a! > b! ? a! : b!),
  },
  fmin: {
    real: (a, b) => (Number.isNaN(b) ? a : Number.isNaN(a) ? b! : Math.min(a, b!)),
    integer: (a, b) => (a! < b! ? a! : b!),
  },
};

const BITWISE: Readonly<Record<string, Elementwise>> = {
  bitwise_and: { integer: (a, b) => a! & b! },
  bitwise_or: { integer: (a, b) => a! | b! },
  bitwise_xor: { integer: (a, b) => a! ^ b! },
};

/** at::native lshift_kernel: a count that is negative or not below the width shifts everything out. */
const shift =
  (left: boolean) =>
  (args: Arguments): Elementwise => {
    const dtype = resultType([args.self as Tensor | Scalar, args.other as Tensor | Scalar]);
    const bits = BigInt(8 * dtype.itemsize);
    // An integer's sign is what is left of it after a long shift to the right.
    const last = dtype.signed ? bits - 1n : bits;
    return {
      integer: (a, b) => {
        const outside = b! < 0n || b! >= bits;
        if (left) return outside ? 0n : a! << b!;
        return a! >> (outside ? last : b!);
      },
      ...(isIntegral(dtype) ? {} : { real: (a, b) => a * 2 ** (left ? b! : -b!) }),
    };
  };

const table = (entries: Readonly<Record<string, Elementwise>>, result: Elementwise["result"]): Kernel[] =>
  Object.entries(entries).flatMap(([name, spec]) => binary(`aten::${name}`, { ...spec, result }));

export const comparisons: readonly Kernel[] = [
  ...table(COMPARISONS, "bool"),
  ...table(EXTREMES, "same"),
  ...table(BITWISE, "same"),
  ...["bitwise_left_shift", "__lshift__"].flatMap((name) => binary(`aten::${name}`, shift(true))),
  ...["bitwise_right_shift", "__rshift__"].flatMap((name) => binary(`aten::${name}`, shift(false))),
];
