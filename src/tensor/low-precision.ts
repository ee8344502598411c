/** float16, bfloat16 and the float8s as bit patterns; rounding is to nearest, ties to even, as torch's casts do. */

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

export function bfloat16ToNumber(bits: number): number {
  u32[0] = bits << 16;
  return f32[0]!;
}

/** c10::BFloat16: rounds the float32, so a double is rounded twice, as torch's kernels do. */
export function numberToBfloat16(value: number): number {
  f32[0] = value;
  const bits = u32[0]!;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

let halves: Float32Array | undefined;

export function halfToNumber(bits: number): number {
  halves ??= Float32Array.from({ length: 65536 }, (_, pattern) =>
    decodeMinifloat(pattern, 5, 10, 15, "ieee"),
  );
  return halves[bits]!;
}

export function numberToHalf(value: number): number {
  f32[0] = value;
  const bits = u32[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 and above round to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const odd = (magnitude >>> 13) & 1;
    return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
  }
  // Subnormal: adding 0.5 leaves the rounded pattern in the low bits of the float32.
  u32[0] = magnitude;
  f32[0] = f32[0]! + 0.5;
  return sign | (u32[0]! - 0x3f000000);
}

type Specials = "ieee" | "fn" | "fnuz";

function decodeMinifloat(
  bits: number,
  exponentBits: number,
  mantissaBits: number,
  bias: number,
  specials: Specials,
): number {
  const sign = bits >>> (exponentBits + mantissaBits) ? -1 : 1;
  const top = (1 << exponentBits) - 1;
  const exponent = (bits >>> mantissaBits) & top;
  const mantissa = bits & ((1 << mantissaBits) - 1);
  if (specials === "fnuz" && sign < 0 && exponent === 0 && mantissa === 0) return Number.NaN;
  if (specials === "ieee" && exponent === top)
    return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (specials === "fn" && exponent === top && mantissa === (1 << mantissaBits) - 1) return Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (1 + mantissa / (1 << mantissaBits)) * 2 ** (exponent - bias);
}

interface Float8 {
  readonly decode: (bits: number) => number;
  readonly encode: (value: number) => number;
}

const FLOAT8: Readonly<Record<string, (bits: number) => number>> = {
  float8_e4m3fn: (bits) => decodeMinifloat(bits, 4, 3, 7, "fn"),
  float8_e5m2: (bits) => decodeMinifloat(bits, 5, 2, 15, "ieee"),
  float8_e4m3fnuz: (bits) => decodeMinifloat(bits, 4, 3, 8, "fnuz"),
  float8_e5m2fnuz: (bits) => decodeMinifloat(bits, 5, 2, 16, "fnuz"),
  float8_e8m0fnu: (bits) => (bits === 255 ? Number.NaN : 2 ** (bits - 127)),
};

/** The 256 values of a float8, and the nearest of them to a number. */
export function float8Table(name: string): Float8 {
  const decode = FLOAT8[name]!;
  let values: Float32Array | undefined;
  const table = (): Float32Array =>
    (values ??= Float32Array.from({ length: 256 }, (_, bits) => decode(bits)));
  return {
    decode: (bits) => table()[bits]!,
    encode: name === "float8_e8m0fnu" ? encodeE8m0 : (value) => encodeFloat8(table(), value),
  };
}

/** c10::Float8_e8m0fnu: the power of two, ties to the even exponent; there is no sign. */
function encodeE8m0(value: number): number {
  f32[0] = value;
  const bits = u32[0]!;
  const exponent = (bits >>> 23) & 0xff;
  if (exponent === 255) return 255;
  const guard = (bits & 0x400000) !== 0;
  const sticky = (bits & 0x3fffff) !== 0;
  return guard && (sticky || exponent > 0) ? Math.min(exponent + 1, 254) : exponent;
}

/**
 * The pattern of the nearest value. Patterns 0 to 127 are sorted, so it is a binary search over them. What is too
 * large becomes infinity where the format has one, and NaN otherwise, as c10's conversions do.
 */
function encodeFloat8(values: Float32Array, value: number): number {
  // 0x80 is NaN in the formats without a negative zero, 0x7f in the others.
  const unsignedZero = Number.isNaN(values[0x80]!);
  const nan = unsignedZero ? 0x80 : 0x7f;
  const sign = value < 0 || Object.is(value, -0) ? 0x80 : 0;
  const magnitude = Math.abs(Math.fround(value));
  if (Number.isNaN(magnitude)) return unsignedZero ? nan : sign | nan;
  let last = 0x7f;
  while (!Number.isFinite(values[last]!)) last--;
  const overflow = Number.isNaN(values[last + 1] ?? Number.NaN) ? nan : last + 1;
  const beyond = 2 * values[last]! - values[last - 1]!;
  const limit = (values[last]! + beyond) / 2;
  if (magnitude > limit || (magnitude === limit && (last & 1) === 1))
    return unsignedZero ? nan : sign | overflow;
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (values[middle]! <= magnitude) low = middle;
    else high = middle - 1;
  }
  if (low < last) {
    const half = (values[low]! + values[low + 1]!) / 2;
    if (magnitude > half || (magnitude === half && (low & 1) === 1)) low++;
  }
  return unsignedZero && low === 0 ? 0 : sign | low;
}
