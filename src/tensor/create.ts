/** Tensors from JavaScript's arrays, and back. */
import { type Category, type DType, type DTypeName, dtypes } from "./dtype.ts";
import {
  complexes,
  type Integers,
  integers,
  type Reals,
  reals,
  storeComplexes,
  storeIntegers,
  storeReals,
} from "./elements.ts";
import { numelOf } from "./geometry.ts";
import { Scalar } from "./scalar.ts";
import { Tensor } from "./tensor.ts";

/** Numbers in lists of lists, as `torch.tensor` takes them. A `Scalar` is a number of Python, which may be complex. */
export type NestedNumbers = number | bigint | boolean | Scalar | readonly NestedNumbers[];

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

/** How a tensor is made of numbers. */
export interface TensorOptions {
  readonly dtype?: DTypeName;
  readonly sizes?: readonly number[];
}

/**
 * A tensor with a copy of the numbers, as `torch.tensor(data, dtype=...)`: of lists, all of one length at each depth,
 * or of a typed array, which is one-dimensional unless `sizes` says otherwise. Without `dtype`, a typed array's own;
 * for lists complex64 when one is complex, int64 for whole numbers, float32 when one is not whole, bool for booleans.
 *
 * A typed array holds numbers, never bit patterns: a Float32Array makes a bfloat16 tensor by rounding. For a complex
 * `dtype` it holds real and imaginary parts in turn, as `toTypedArray` gives them.
 *
 * As in torch, a number of a list that the dtype cannot hold is refused, a complex one where reals are wanted too;
 * whole negative numbers wrap in uint8, uint16 and uint32. A typed array is converted as `.to(dtype)` does: it wraps.
 *
 * @throws RangeError when the lists are ragged, hold another number of elements than `sizes`, or a number that does not
 * fit, or there is no such dtype.
 */
export function tensor(data: NestedNumbers | Reals | Integers, { dtype, sizes }: TensorOptions = {}): Tensor {
  if (dtype !== undefined && !Object.hasOwn(dtypes, dtype))
    throw new RangeError(`there is no dtype '${dtype}'`);
  const wanted = dtype && dtypes[dtype];
  return ArrayBuffer.isView(data) ? ofArray(data, wanted, sizes) : ofLists(data, wanted, sizes);
}

function ofArray(
  data: Reals | Integers,
  wanted: DType | undefined,
  sizes: readonly number[] | undefined,
): Tensor {
  const dtype = wanted ?? ARRAYS.find(([type]) => data instanceof type)?.[1] ?? dtypes.float32;
  const isComplex = dtype.category === "complex";
  const count = isComplex ? data.length / 2 : data.length;
  const result = zeros(sizes ?? [Math.floor(count)], dtype, count);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    if (isComplex) storeComplexes(result, Float64Array.from(data, Number));
    else storeIntegers(result, data);
  } else if (isComplex) storeComplexes(result, Float64Array.from(data));
  else storeReals(result, data);
  return result;
}

function ofLists(
  data: NestedNumbers,
  wanted: DType | undefined,
  sizes: readonly number[] | undefined,
): Tensor {
  const numbers = flatten(data);
  const result = zeros(sizes ?? shapeOf(data), wanted ?? dtypeOf(numbers), numbers.length);
  const misfit = numbers.find((number) => !fits(number, result.dtype));
  if (misfit !== undefined) throw new RangeError(`${misfit} does not fit in ${result.dtype.name}`);
  if (result.dtype.category === "bool") {
    storeReals(
      result,
      numbers.map(({ re, im }) => Number(re !== 0 || im !== 0)),
    );
  } else if (numbers.some(({ category }) => category === "complex")) {
    storeComplexes(result, Float64Array.from(numbers.flatMap(({ re, im }) => [re, im])));
  } else if (numbers.some(({ category, re }) => category === "int" && !Number.isSafeInteger(re))) {
    storeIntegers(
      result,
      numbers.map(({ integer }) => integer),
    );
  } else {
    storeReals(
      result,
      numbers.map(({ re }) => re),
    );
  }
  return result;
}

function zeros(sizes: readonly number[], dtype: DType, count: number): Tensor {
  if (numelOf(sizes) === count) return Tensor.zeros(sizes, dtype);
  throw new RangeError(`${count} numbers do not make a tensor of sizes [${sizes.join(", ")}]`);
}

function dtypeOf(numbers: readonly Scalar[]): DType {
  const has = (category: Category): boolean => numbers.some((one) => one.category === category);
  if (has("complex")) return dtypes.complex64;
  if (has("float") || numbers.length === 0) return dtypes.float32;
  return has("int") ? dtypes.int64 : dtypes.bool;
}

/** Mirrors overflows() of c10/util/TypeCast.h and, for 64 bits, Python's own conversions. */
function fits(number: Scalar, { category, signed, itemsize }: DType): boolean {
  if (number.category === "complex") return category === "complex" || category === "bool";
  if (category !== "int" || number.category === "bool") return true;
  const largest = 2n ** BigInt(8 * itemsize - (signed ? 1 : 0)) - 1n;
  const wraps = !signed && itemsize < 8;
  if (number.category === "int") {
    const lowest = signed ? -largest - 1n : wraps ? -largest : 0n;
    return number.integer >= lowest && number.integer <= largest;
  }
  const bound = 2 ** (8 * itemsize - (signed ? 1 : 0));
  return number.re >= (signed ? -bound : 0) && (itemsize < 8 ? number.re <= bound - 1 : number.re < bound);
}

/** A whole number is an integer. */
function scalarOf(value: number | bigint | boolean): Scalar {
  if (typeof value === "boolean") return Scalar.bool(value);
  return typeof value === "bigint" || Number.isInteger(value) ? Scalar.int(value) : Scalar.float(value);
}

function flatten(data: NestedNumbers): Scalar[] {
  if (data instanceof Scalar) return [data];
  return typeof data === "object" ? data.flatMap(flatten) : [scalarOf(data)];
}

function shapeOf(data: NestedNumbers): number[] {
  if (typeof data !== "object" || data instanceof Scalar) return [];
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
