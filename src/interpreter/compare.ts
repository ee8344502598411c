import { type DType, dtypes } from "../tensor/dtype.ts";
import { complexes, integers, reals } from "../tensor/elements.ts";
import { Scalar } from "../tensor/scalar.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { describeRuntimeValue, isTensor, type RuntimeValue } from "./value.ts";

/** How far values may lie apart: |actual - expected| <= atol + rtol * |expected|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** How two values differ. */
export interface Difference {
  /** Sizes, dtypes or kinds that differ, as a phrase; empty when only elements do. */
  readonly kind: string;
  /** Elements out of tolerance. */
  readonly count: number;
  readonly total: number;
  /** Infinite where only one of two elements is NaN. */
  readonly maxAbs: number;
  readonly maxRel: number;
  /** Where the largest absolute difference is, and what is there; null without elements. */
  readonly at: readonly number[] | null;
  readonly actual: string;
  readonly expected: string;
}

/** The defaults of torch.testing.assert_close. */
export function defaultTolerance(dtype: DType): Tolerance {
  switch (dtype) {
    case dtypes.float16:
    case dtypes.complex32:
      return { rtol: 1e-3, atol: 1e-5 };
    case dtypes.bfloat16:
      return { rtol: 1.6e-2, atol: 1e-5 };
    case dtypes.float32:
    case dtypes.complex64:
      return { rtol: 1.3e-6, atol: 1e-5 };
    case dtypes.float64:
    case dtypes.complex128:
      return { rtol: 1e-7, atol: 1e-7 };
  }
  return { rtol: 0, atol: 0 };
}

/** A difference that is not one of elements: `kind` says what it is. */
export const kindDiffers = (kind: string, actual: RuntimeValue, expected: RuntimeValue): Difference => ({
  kind,
  count: 0,
  total: 0,
  maxAbs: Number.POSITIVE_INFINITY,
  maxRel: Number.POSITIVE_INFINITY,
  at: null,
  actual: describeRuntimeValue(actual),
  expected: describeRuntimeValue(expected),
});

/** How a value differs from what is expected; undefined when it does not. NaN equals NaN. */
export function compareValues(
  actual: RuntimeValue,
  expected: RuntimeValue,
  tolerance: Partial<Tolerance> = {},
): Difference | undefined {
  if (isTensor(actual) && isTensor(expected)) return compareTensors(actual, expected, tolerance);
  if (actual instanceof Scalar && expected instanceof Scalar) {
    const same = actual.category === expected.category && String(actual) === String(expected);
    const close = Math.abs(actual.re - expected.re) <= 1e-9 * Math.abs(expected.re);
    return same || (actual.category === "float" && close)
      ? undefined
      : kindDiffers("the numbers differ", actual, expected);
  }
  if (actual === expected || (actual ?? null) === (expected ?? null)) return undefined;
  return kindDiffers(
    `it is ${describeRuntimeValue(actual)}, not ${describeRuntimeValue(expected)}`,
    actual,
    expected,
  );
}

function compareTensors(actual: Tensor, expected: Tensor, given: Partial<Tolerance>): Difference | undefined {
  if (actual.toString() !== expected.toString())
    return kindDiffers(`it is ${actual}, not ${expected}`, actual, expected);
  const { rtol, atol } = { ...defaultTolerance(expected.dtype), ...definedOnly(given) };
  const wide = actual.dtype.form === "wide";
  const complex = actual.dtype.category === "complex";
  const exact = wide ? [integers(actual), integers(expected)] : undefined;
  const [a, b] = complex ? [complexes(actual), complexes(expected)] : [reals(actual), reals(expected)];
  const step = complex ? 2 : 1;
  let [count, maxAbs, maxRel, worst] = [0, 0, 0, -1];
  for (let i = 0; i < a.length; i += step) {
    if (exact !== undefined && exact[0]![i] === exact[1]![i]) continue;
    const distance = complex ? complexDistance(a, b, i) : realDistance(a[i]!, b[i]!);
    if (distance === 0 && exact === undefined) continue;
    const size = complex ? Math.hypot(b[i]!, b[i + 1]!) : Math.abs(b[i]!);
    if (distance <= atol + rtol * size) continue;
    count++;
    maxRel = Math.max(maxRel, size === 0 ? Number.POSITIVE_INFINITY : distance / size);
    if (worst < 0 || distance > maxAbs) [maxAbs, worst] = [distance, i];
  }
  if (count === 0) return undefined;
  const show = (list: ArrayLike<number | bigint>): string =>
    complex
      ? `${list[worst]}${Number(list[worst + 1]) < 0 ? "" : "+"}${list[worst + 1]}j`
      : String(list[worst]);
  return {
    kind: "",
    count,
    total: actual.numel,
    maxAbs,
    maxRel,
    at: indexOf(worst / step, actual.sizes),
    actual: show(exact?.[0] ?? a),
    expected: show(exact?.[1] ?? b),
  };
}

function definedOnly({ rtol, atol }: Partial<Tolerance>): Partial<Tolerance> {
  return { ...(rtol === undefined ? {} : { rtol }), ...(atol === undefined ? {} : { atol }) };
}

function realDistance(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const distance = Math.abs(a - b);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

function complexDistance(a: ArrayLike<number>, b: ArrayLike<number>, i: number): number {
  return Math.hypot(realDistance(a[i]!, b[i]!), realDistance(a[i + 1]!, b[i + 1]!));
}

/** The index of the element at a position in logical order. */
function indexOf(position: number, sizes: readonly number[]): number[] {
  const index = new Array<number>(sizes.length);
  let rest = position;
  for (let d = sizes.length - 1; d >= 0; d--) {
    index[d] = rest % sizes[d]!;
    rest = Math.floor(rest / sizes[d]!);
  }
  return index;
}
