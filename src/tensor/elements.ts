/**
 * The elements of a tensor in logical order, whatever its dtype and strides: what kernels compute with. A kernel reads
 * its operands as plain arrays, fills a plain array of results, and never meets bit patterns, strides or rounding.
 */
import { type DType, dtypes, realDtype } from "./dtype.ts";
import { forEachRun } from "./geometry.ts";
import type { Memory } from "./storage.ts";
import { DataDependentError, type Tensor } from "./tensor.ts";

/** Numbers in a typed array. */
export type Reals =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;
/** 64-bit integers in a typed array. */
export type Integers = BigInt64Array | BigUint64Array;

/** The storage's elements of a dtype whose form is `number` or `encoded` (then bit patterns). */
export function rawElements(memory: Memory, dtype: DType): Reals {
  switch (dtype) {
    case dtypes.float32:
      return memory.float32;
    case dtypes.float64:
      return memory.float64;
    case dtypes.int32:
      return memory.int32;
    case dtypes.uint32:
      return memory.uint32;
    case dtypes.int16:
      return memory.int16;
    case dtypes.int8:
      return memory.int8;
  }
  return dtype.itemsize === 2 ? memory.uint16 : memory.bytes;
}

/**
 * The elements as numbers. Not to be written to: it may be the storage itself. Integers beyond 2^53 are rounded
 * (`integers` has them exactly); of complex numbers, the real parts.
 */
export function reals(t: Tensor): Reals {
  const { dtype } = t;
  if (dtype.form === "number") {
    const raw = rawElements(t.memory, dtype);
    if (t.isContiguous) return raw.length === t.numel ? raw : raw.subarray(t.offset, t.offset + t.numel);
    const Type = raw.constructor as Float64ArrayConstructor;
    return copyRuns(t, raw, new Type(t.numel));
  }
  if (dtype.form === "encoded") return decodeRuns(t);
  if (dtype.form === "wide") return wideRuns(t);
  return pairRuns(t).filter((_, i) => i % 2 === 0);
}

/** The elements as exact 64-bit integers, wrapped as a cast to the array's type wraps them. */
export function integers(t: Tensor): Integers {
  const unsigned = t.dtype === dtypes.uint64;
  if (t.dtype.form === "wide") {
    const raw = unsigned ? t.memory.uint64 : t.memory.int64;
    if (t.isContiguous) return raw.subarray(t.offset, t.offset + t.numel);
    const result = unsigned ? new BigUint64Array(t.numel) : new BigInt64Array(t.numel);
    forEachRun(t.sizes, t.strides, t.offset, (offset, step, count, position) => {
      for (let k = 0; k < count; k++) result[position + k] = raw[offset + k * step]!;
    });
    return result;
  }
  return BigInt64Array.from(reals(t), (value) => toBigInt(value));
}

/** The elements as complex numbers: real and imaginary parts in turn, in doubles. */
export function complexes(t: Tensor): Float64Array {
  if (t.dtype.form === "pair") return pairRuns(t);
  const re = reals(t);
  const result = new Float64Array(2 * t.numel);
  for (let i = 0; i < re.length; i++) result[2 * i] = re[i]!;
  return result;
}

/** An integer of a float, as C casts: cut towards zero. NaN and what does not fit become the lowest integer. */
export function toBigInt(value: number): bigint {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 64) return -(2n ** 63n);
  return BigInt(Math.trunc(value));
}

function copyRuns<T extends Reals>(t: Tensor, raw: Reals, result: T): T {
  forEachRun(t.sizes, t.strides, t.offset, (offset, step, count, position) => {
    if (step === 0) result.fill(raw[offset]!, position, position + count);
    else for (let k = 0; k < count; k++) result[position + k] = raw[offset + k * step]!;
  });
  return result;
}

function decodeRuns(t: Tensor): Float32Array {
  const raw = rawElements(t.memory, t.dtype);
  const decode = t.dtype.decode!;
  const result = new Float32Array(t.numel);
  forEachRun(t.sizes, t.strides, t.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) result[position + k] = decode(raw[offset + k * step]!);
  });
  return result;
}

function wideRuns(t: Tensor): Float64Array {
  // Two halves: reading 64-bit integers as BigInt costs an object each.
  const { uint32, int32 } = t.memory;
  const signed = t.dtype === dtypes.int64;
  const result = new Float64Array(t.numel);
  forEachRun(t.sizes, t.strides, t.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) {
      const at = 2 * (offset + k * step);
      const high = signed ? int32[at + 1]! : uint32[at + 1]!;
      result[position + k] = high * 4294967296 + uint32[at]!;
    }
  });
  return result;
}

function pairRuns(t: Tensor): Float64Array {
  const part = realDtype(t.dtype);
  const raw = rawElements(t.memory, part);
  const decode = part.decode ?? identity;
  const result = new Float64Array(2 * t.numel);
  forEachRun(t.sizes, t.strides, t.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) {
      const at = 2 * (offset + k * step);
      result[2 * (position + k)] = decode(raw[at]!);
      result[2 * (position + k) + 1] = decode(raw[at + 1]!);
    }
  });
  return result;
}

const identity = (value: number): number => value;

/**
 * Fill a tensor with what `compute` puts, in logical order, into the array it gets (zeros at first); each is rounded
 * or wrapped to the tensor's dtype once, and is true for a bool when it is not 0. Low precision goes through float32.
 */
export function fill(out: Tensor, compute: (values: Float64Array | Float32Array) => void): void {
  const { dtype } = out;
  if ((dtype === dtypes.float32 || dtype === dtypes.float64) && out.isContiguous) {
    const raw = rawElements(out.memory, dtype) as Float32Array;
    compute(raw.subarray(out.offset, out.offset + out.numel));
    return;
  }
  if (out.storage === null) throw new DataDependentError();
  const values = dtype.form === "encoded" ? new Float32Array(out.numel) : new Float64Array(out.numel);
  compute(values);
  storeReals(out, values);
}

/** Like `fill`, with exact 64-bit integers that wrap. */
export function fillIntegers(out: Tensor, compute: (values: Integers) => void): void {
  const values = out.dtype === dtypes.uint64 ? new BigUint64Array(out.numel) : new BigInt64Array(out.numel);
  compute(values);
  storeIntegers(out, values);
}

/** Like `fill`, with real and imaginary parts in turn. */
export function fillComplexes(out: Tensor, compute: (values: Float64Array) => void): void {
  const values = new Float64Array(2 * out.numel);
  compute(values);
  storeComplexes(out, values);
}

/** Write numbers, in logical order. */
export function storeReals(out: Tensor, values: ArrayLike<number>): void {
  const { dtype } = out;
  if (dtype.form === "wide") return storeWide(out, values);
  if (dtype.form === "pair") {
    return storeComplexes(
      out,
      Float64Array.from({ length: 2 * values.length }, (_, i) => (i % 2 ? 0 : values[i / 2]!)),
    );
  }
  const raw = rawElements(out.memory, dtype);
  if (dtype === dtypes.bool && out.isContiguous) return storeTruths(out, raw as Uint8Array, values);
  const encode =
    dtype === dtypes.bool
      ? (value: number) => (value === 0 ? 0 : 1)
      : (dtype.encode ?? (isSmallInteger(dtype) ? wrap : null));
  forEachRun(out.sizes, out.strides, out.offset, (offset, step, count, position) => {
    if (encode === null) for (let k = 0; k < count; k++) raw[offset + k * step] = values[position + k]!;
    else for (let k = 0; k < count; k++) raw[offset + k * step] = encode(values[position + k]!);
  });
}

function storeTruths({ offset, numel }: Tensor, raw: Uint8Array, values: ArrayLike<number>): void {
  for (let i = 0; i < numel; i++) raw[offset + i] = values[i] === 0 ? 0 : 1;
}

const isSmallInteger = (dtype: DType): boolean => dtype.category === "int";

/** A typed array takes an integer modulo its width, but infinities and NaN as 0, where C gives the lowest int64. */
function wrap(value: number): number {
  return Math.trunc(value);
}

function storeWide(out: Tensor, values: ArrayLike<number>): void {
  const { uint32, int32 } = out.memory;
  forEachRun(out.sizes, out.strides, out.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) {
      const at = 2 * (offset + k * step);
      const value = values[position + k]!;
      if (value >= -9007199254740992 && value <= 9007199254740992) {
        const whole = Math.trunc(value);
        uint32[at] = whole;
        int32[at + 1] = Math.floor(whole / 4294967296);
      } else {
        const wide = BigInt.asUintN(64, toBigInt(value));
        uint32[at] = Number(wide & 0xffffffffn);
        uint32[at + 1] = Number(wide >> 32n);
      }
    }
  });
}

/** Write exact integers, in logical order; they wrap. */
export function storeIntegers(out: Tensor, values: ArrayLike<bigint>): void {
  if (out.dtype.form === "wide") {
    const raw = out.memory.int64;
    forEachRun(out.sizes, out.strides, out.offset, (offset, step, count, position) => {
      for (let k = 0; k < count; k++) raw[offset + k * step] = values[position + k]!;
    });
    return;
  }
  const bits = out.dtype.itemsize * 8;
  const narrow =
    out.dtype.category === "int" ? (value: bigint) => BigInt.asIntN(bits, value) : (value: bigint) => value;
  storeReals(
    out,
    Float64Array.from(values, (value) => Number(narrow(value))),
  );
}

/** Write real and imaginary parts in turn; a real tensor takes the real parts. */
export function storeComplexes(out: Tensor, values: Float64Array): void {
  if (out.dtype.form !== "pair")
    return storeReals(
      out,
      values.filter((_, i) => i % 2 === 0),
    );
  const part = realDtype(out.dtype);
  const raw = rawElements(out.memory, part);
  const encode = part.encode ?? identity;
  forEachRun(out.sizes, out.strides, out.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) {
      const at = 2 * (offset + k * step);
      raw[at] = encode(values[2 * (position + k)]!);
      raw[at + 1] = encode(values[2 * (position + k) + 1]!);
    }
  });
}

/** Where in the storage each element lies, in logical order, in elements. */
export function elementOffsets(t: Tensor): Int32Array {
  const result = new Int32Array(t.numel);
  forEachRun(t.sizes, t.strides, t.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) result[position + k] = offset + k * step;
  });
  return result;
}

/**
 * Copy bit patterns: element i of `out`, in logical order, becomes the element of `from`'s storage at `offsets[i]`; it
 * stays as it is where that is negative. Both have one dtype.
 */
export function gatherElements(out: Tensor, from: Tensor, offsets: ArrayLike<number>): void {
  const lanes = laneArrays(out, from);
  forEachRun(out.sizes, out.strides, out.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) {
      const source = offsets[position + k]!;
      if (source >= 0) lanes.copy(offset + k * step, source);
    }
  });
}

/** Copy bit patterns: element i of `source`, in logical order, to `offsets[i]` of the target's storage. One dtype. */
export function scatterElements(target: Tensor, offsets: ArrayLike<number>, source: Tensor): void {
  const lanes = laneArrays(target, source);
  forEachRun(source.sizes, source.strides, source.offset, (offset, step, count, position) => {
    for (let k = 0; k < count; k++) lanes.copy(offsets[position + k]!, offset + k * step);
  });
}

interface Lanes {
  copy(to: number, from: number): void;
}

function laneArrays(out: Tensor, from: Tensor): Lanes {
  const size = out.dtype.itemsize;
  const [target, source] =
    size === 1
      ? [out.memory.bytes, from.memory.bytes]
      : size === 2
        ? [out.memory.uint16, from.memory.uint16]
        : [out.memory.uint32, from.memory.uint32];
  const width = Math.max(size / 4, 1);
  if (width === 1) return { copy: (to, at) => void (target[to] = source[at]!) };
  return {
    copy: (to, at) => {
      for (let lane = 0; lane < width; lane++) target[to * width + lane] = source[at * width + lane]!;
    },
  };
}

/** The single element of a tensor as a number. @throws DataDependentError when it has no elements. */
export function item(t: Tensor): number {
  return reals(t)[0]!;
}
