import { dtypes } from "./dtype.ts";
import {
  complexes,
  integers,
  rawElements,
  reals,
  storeComplexes,
  storeIntegers,
  storeReals,
} from "./elements.ts";
import { expandStrides, forEachRun } from "./geometry.ts";
import { Tensor } from "./tensor.ts";

/**
 * `target.copy_(source)`: casts to the target's dtype and broadcasts to its sizes. Goes through a copy when both are
 * views of one storage, so overlap does no harm.
 */
export function copyInto(target: Tensor, source: Tensor): void {
  if (target.numel === 0) return;
  const from =
    source.sizes.length === target.sizes.length && source.sizes.every((size, d) => size === target.sizes[d])
      ? source
      : source.view(target.sizes, expandStrides(source.sizes, source.strides, target.sizes));
  if (target.dtype !== source.dtype) return convertInto(target, from);
  if (from.memory === target.memory) return copyElements(target, contiguousCopy(from));
  copyElements(target, from);
}

/** A contiguous copy with a storage of its own. */
export function contiguousCopy(t: Tensor): Tensor {
  const result = Tensor.zeros(t.sizes, t.dtype);
  copyElements(result, t);
  return result;
}

/** The tensor itself when it has the dtype; otherwise a contiguous cast of it. */
export function cast(t: Tensor, dtype = t.dtype): Tensor {
  if (t.dtype === dtype) return t;
  const result = Tensor.ofSpec({ sizes: t.sizes, dtype }, t.storage === null);
  if (t.storage !== null) convertInto(result, t);
  return result;
}

/** The tensor itself when it is contiguous; otherwise a copy that is. */
export function contiguous(t: Tensor): Tensor {
  if (t.isContiguous) return t;
  return t.storage === null ? new Tensor(null, t.dtype, t.sizes) : contiguousCopy(t);
}

/** Same sizes; casts each element. */
function convertInto(target: Tensor, source: Tensor): void {
  if (source.dtype.category === "complex") {
    // A complex number is true when either part is not zero.
    const values = complexes(source);
    if (target.dtype !== dtypes.bool) return storeComplexes(target, values);
    return storeReals(
      target,
      Float64Array.from({ length: source.numel }, (_, i) => (values[2 * i] || values[2 * i + 1] ? 1 : 0)),
    );
  }
  if (source.dtype.form === "wide" && target.dtype.category === "int")
    return storeIntegers(target, integers(source));
  if (source.dtype.category === "float" && target.dtype.category === "int") {
    const values = reals(source);
    // C cuts towards zero. What the processor's integer does not hold becomes its lowest one: of 64 bits, or of 32,
    // of which narrower dtypes keep the low bits.
    const limit = target.dtype.form === "wide" || target.dtype === dtypes.uint32 ? 2 ** 63 : 2 ** 31;
    return storeReals(
      target,
      Float64Array.from(values, (v) => (Math.abs(v) < limit ? Math.trunc(v) : -limit)),
    );
  }
  storeReals(target, reals(source));
}

/** Same sizes and dtype, different storages: bit patterns move run by run. */
function copyElements(target: Tensor, source: Tensor): void {
  if (target.numel === 0) return;
  const width = Math.max(target.dtype.itemsize / 4, 1);
  const kind = width > 1 ? dtypes.uint32 : bitsDtype(target.dtype.itemsize);
  const to = rawElements(target.memory, kind);
  const from = rawElements(source.memory, kind);
  if (target.isContiguous && source.isContiguous) {
    const start = source.offset * width;
    to.set(from.subarray(start, start + source.numel * width), target.offset * width);
    return;
  }
  // One of the two is walked in logical order through a contiguous array of bit patterns.
  const flat = source.isContiguous
    ? from.subarray(source.offset * width, (source.offset + source.numel) * width)
    : target.isContiguous
      ? to.subarray(target.offset * width, (target.offset + target.numel) * width)
      : new (from.constructor as Uint32ArrayConstructor)(source.numel * width);
  if (!source.isContiguous) {
    forEachRun(source.sizes, source.strides, source.offset, (offset, step, count, position) => {
      gatherRun(flat, position, from, offset, step, count, width);
    });
  }
  if (!target.isContiguous) {
    forEachRun(target.sizes, target.strides, target.offset, (offset, step, count, position) => {
      scatterRun(to, offset, step, flat, position, count, width);
    });
  }
}

type Words = ReturnType<typeof rawElements>;

function gatherRun(
  to: Words,
  position: number,
  from: Words,
  offset: number,
  step: number,
  count: number,
  width: number,
) {
  if (step === 1) to.set(from.subarray(offset * width, (offset + count) * width), position * width);
  else if (width === 1) for (let k = 0; k < count; k++) to[position + k] = from[offset + k * step]!;
  else {
    for (let k = 0; k < count; k++) {
      for (let w = 0; w < width; w++) to[(position + k) * width + w] = from[(offset + k * step) * width + w]!;
    }
  }
}

function scatterRun(
  to: Words,
  offset: number,
  step: number,
  from: Words,
  position: number,
  count: number,
  width: number,
) {
  if (step === 1) to.set(from.subarray(position * width, (position + count) * width), offset * width);
  else if (width === 1) for (let k = 0; k < count; k++) to[offset + k * step] = from[position + k]!;
  else {
    for (let k = 0; k < count; k++) {
      for (let w = 0; w < width; w++) to[(offset + k * step) * width + w] = from[(position + k) * width + w]!;
    }
  }
}

function bitsDtype(itemsize: number) {
  return itemsize === 1 ? dtypes.uint8 : itemsize === 2 ? dtypes.uint16 : dtypes.uint32;
}
