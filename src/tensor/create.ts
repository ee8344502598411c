/** Tensors from JavaScript's arrays, and back. */
import { type DType, type DTypeName, dtypes } from "./dtype.ts";
import {
  complexes,
  type Integers,
  integers,
  type Reals,
  reals,
  storeIntegers,
  storeReals,
} from "./elements.ts";
import { numelOf } from "./geometry.ts";
import { Tensor } from "./tensor.ts";

/** Numbers in lists of lists, as `torch.tensor` takes them. */
export type NestedNumbers = number | bigint | boolean | readonly NestedNumbers[];

const ARRAYS: readonly (readonly [new (...args: never[]) => ArrayBufferView, DType])[] = [
  [Float32Array, dtypes.float32],
  [Float64Array, dtypes.float64],
  [Int8Array, dtypes.int8],
  [Int16Array, dtypes.int16],
  [Int32Array, dtypes.int32],
  [BigInt64Array, dtypes.int64],
  [Uint8Array, dtypes.uint8],
  [Uint16Array, dtypes.uint16],
  [Uint32Array, dtypes.uint32],
  [BigUint64Array, dtypes.uint64],
];

/**
 * A tensor with a copy of the numbers, as `torch.tensor(data, dtype=...)`: of lists, all of one length at each depth,
 * or of a typed array, which is one-dimensional unless `sizes` says otherwise. Without `dtype`, a typed array's own;
 * int64 for whole numbers, float32 when one is not whole, bool for booleans.
 *
 * @throws RangeError when the lists are ragged, or hold another number of elements than `sizes`.
 */
export function tensor(
  data: NestedNumbers | Reals | Integers,
  { dtype, sizes }: { readonly dtype?: DTypeName; readonly sizes?: readonly number[] } = {},
): Tensor {
  const values = ArrayBuffer.isView(data) ? Array.from<number | bigint>(data as never) : flatten(data);
  const shape = sizes ?? (ArrayBuffer.isView(data) ? [data.length] : shapeOf(data));
  if (numelOf(shape) !== values.length) {
    throw new RangeError(`${values.length} numbers do not make a tensor of sizes [${shape.join(", ")}]`);
  }
  const result = Tensor.zeros(shape, dtype === undefined ? dtypeOf(data, values) : dtypes[dtype]);
  if (values.some((value) => typeof value === "bigint")) storeIntegers(result, values.map(toInteger));
  else storeReals(result, values.map(Number));
  return result;
}

const toInteger = (value: number | bigint | boolean): bigint =>
  typeof value === "bigint" ? value : BigInt(value);

function dtypeOf(data: unknown, values: readonly (number | bigint | boolean)[]): DType {
  const own = ARRAYS.find(([type]) => data instanceof type)?.[1];
  if (own !== undefined) return own;
  if (values.length > 0 && values.every((value) => typeof value === "boolean")) return dtypes.bool;
  const whole =
    values.length > 0 && values.every((value) => typeof value !== "number" || Number.isInteger(value));
  return whole ? dtypes.int64 : dtypes.float32;
}

function flatten(data: NestedNumbers): (number | bigint | boolean)[] {
  return typeof data === "object" ? data.flatMap(flatten) : [data];
}

function shapeOf(data: NestedNumbers): number[] {
  if (typeof data !== "object") return [];
  const [first = [], ...rest] = data.map(shapeOf);
  if (data.length === 0) return [0];
  if (rest.some((shape) => shape.join() !== first.join()))
    throw new RangeError("the lists are not of one length");
  return [data.length, ...first];
}

/**
 * A copy of the elements in logical order: numbers in the typed array of the dtype (float32 for the lower precisions,
 * Uint8Array for bool), 64-bit integers exactly, of complex numbers real and imaginary parts in turn.
 */
export function toTypedArray(t: Tensor): Reals | Integers {
  if (t.dtype.category === "complex") return complexes(t).slice();
  return t.dtype.form === "wide" ? integers(t).slice() : reals(t).slice();
}
