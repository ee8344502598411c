/** Functions of a float's representation. */
import type { DType } from "../../tensor/dtype.ts";

const view = new DataView(new ArrayBuffer(8));

/** Steps of the bit pattern by one towards another number, in float64, float32 or bfloat16. */
export function nextAfter(from: number, to: number, dtype: DType): number {
  if (Number.isNaN(from) || Number.isNaN(to)) return Number.NaN;
  if (from === to) return to;
  const up = to > from;
  if (dtype.name === "float64") {
    if (from === 0) return up ? Number.MIN_VALUE : -Number.MIN_VALUE;
    view.setFloat64(0, from);
    view.setBigInt64(0, view.getBigInt64(0) + (up === from > 0 ? 1n : -1n));
    return view.getFloat64(0);
  }
  const step = dtype.name === "bfloat16" ? 0x10000 : 1;
  if (from === 0) view.setInt32(0, step | (up ? 0 : 0x80000000));
  else {
    view.setFloat32(0, from);
    view.setInt32(0, view.getInt32(0) + (up === from > 0 ? step : -step));
  }
  return view.getFloat32(0);
}

/** The fraction, from 0.5 to below 1, and the power of 2. */
export function frexp(x: number): readonly [mantissa: number, exponent: number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  const size = Math.abs(x);
  // The logarithm may be off by one at a power of 2.
  let exponent = Math.max(Math.floor(Math.log2(size)) + 1, -1073);
  let mantissa = exponent < -1000 ? (size * 2 ** 100) / 2 ** (exponent + 100) : size / 2 ** exponent;
  if (exponent > 1023) mantissa = size / 2 ** 1000 / 2 ** (exponent - 1000);
  while (mantissa >= 1) {
    mantissa /= 2;
    exponent++;
  }
  while (mantissa < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  return [Math.sign(x) * mantissa, exponent];
}
