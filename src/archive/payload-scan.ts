import type { Payload } from "./archive.ts";
import { elementBytes, requiredBytes, type TensorMeta } from "./payload.ts";

/** How many elements of a tensor are no finite numbers. */
export interface NonFinite {
  readonly nan: number;
  readonly infinite: number;
}

/**
 * How an element of a float type tells NaN and infinity by its bits: the exponent's are all set, and the fraction's are
 * not or are all zero. `words` is how many 32-bit, 16-bit or 8-bit units an element has; the last one has the exponent.
 */
interface FloatBits {
  readonly unit: 1 | 2 | 4;
  readonly words: number;
  readonly exponent: number;
  readonly fraction: number;
}

const single: FloatBits = { unit: 4, words: 1, exponent: 0x7f800000, fraction: 0x007fffff };
const double: FloatBits = { unit: 4, words: 2, exponent: 0x7ff00000, fraction: 0x000fffff };
const half: FloatBits = { unit: 2, words: 1, exponent: 0x7c00, fraction: 0x03ff };

/** By ScalarType; a complex number is two floats. */
const FLOATS: Readonly<Record<number, FloatBits>> = {
  6: half,
  7: single,
  8: double,
  9: half,
  10: single,
  11: double,
  13: { unit: 2, words: 1, exponent: 0x7f80, fraction: 0x007f },
  30: { unit: 1, words: 1, exponent: 0x7c, fraction: 0x03 },
};

/** The 8-bit types without infinities: their NaNs, by ScalarType. */
const NANS: Readonly<Record<number, readonly number[]>> = {
  29: [0x7f, 0xff],
  31: [0x80],
  32: [0x80],
  33: [0xff],
};

/** True for a tensor whose elements can be other than finite. */
export function canBeNonFinite({ config }: Payload): boolean {
  const dtype = config.tensor_meta?.dtype ?? 0;
  return !config.use_pickle && (dtype in FLOATS || dtype in NANS);
}

/**
 * Counts in what a stretch of the storage has of the part that the tensor reaches; `bytes` begin `offset` bytes behind
 * the storage's beginning, on a whole element, and are little-endian.
 */
export function countNonFinite(bytes: Uint8Array, offset: number, meta: TensorMeta): NonFinite {
  const first = (meta.storage_offset.as_int ?? 0) * (elementBytes(meta.dtype) ?? 1);
  const start = Math.max(0, first - offset);
  const end = Math.min(bytes.length, (requiredBytes(meta) ?? Number.POSITIVE_INFINITY) - offset);
  if (end <= start) return { nan: 0, infinite: 0 };
  // A copy is aligned, which a view into the archive need not be.
  const part = bytes.slice(start, end);
  const nans = NANS[meta.dtype];
  return nans ? { nan: countIn(part, nans), infinite: 0 } : countFloats(part, FLOATS[meta.dtype]!);
}

function countIn(bytes: Uint8Array, values: readonly number[]): number {
  let count = 0;
  for (const byte of bytes) if (values.includes(byte)) count++;
  return count;
}

function countFloats(part: Uint8Array, { unit, words, exponent, fraction }: FloatBits): NonFinite {
  const length = Math.floor(part.length / unit);
  const units =
    unit === 4
      ? new Uint32Array(part.buffer, 0, length)
      : unit === 2
        ? new Uint16Array(part.buffer, 0, length)
        : part;
  let [nan, infinite] = [0, 0];
  for (let i = words - 1; i < length; i += words) {
    const top = units[i]!;
    if ((top & exponent) !== exponent) continue;
    if ((top & fraction) !== 0 || (words === 2 && units[i - 1] !== 0)) nan++;
    else infinite++;
  }
  return { nan, infinite };
}
