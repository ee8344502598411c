import { scalarTypes } from "../archive/payload.ts";
import {
  bfloat16ToNumber,
  float8Table,
  halfToNumber,
  numberToBfloat16,
  numberToHalf,
} from "./low-precision.ts";

export type DTypeName = keyof typeof CATEGORIES;

/** What kind of number a dtype holds; promotion goes from left to right. */
export type Category = "bool" | "int" | "float" | "complex";

/** An element type, as torch names it. Each is one object, so `===` compares. */
export interface DType {
  readonly name: DTypeName;
  /** torch's ScalarType. */
  readonly code: number;
  /** Bytes of one element. */
  readonly itemsize: number;
  readonly category: Category;
  /** Integers and floats below zero. */
  readonly signed: boolean;
  /**
   * How the elements are stored: `number` as a typed array of JavaScript numbers, `wide` as 64-bit integers, `encoded`
   * as bit patterns that `decode` and `encode` translate, `pair` as a real and an imaginary part.
   */
  readonly form: "number" | "wide" | "encoded" | "pair";
  /** The bit patterns' value, for `encoded`. */
  readonly decode?: (bits: number) => number;
  /** Rounds to nearest, ties to even, for `encoded`. */
  readonly encode?: (value: number) => number;
}

const CATEGORIES = {
  bool: "bool",
  uint8: "int",
  int8: "int",
  int16: "int",
  int32: "int",
  int64: "int",
  uint16: "int",
  uint32: "int",
  uint64: "int",
  float16: "float",
  bfloat16: "float",
  float32: "float",
  float64: "float",
  float8_e4m3fn: "float",
  float8_e5m2: "float",
  float8_e4m3fnuz: "float",
  float8_e5m2fnuz: "float",
  float8_e8m0fnu: "float",
  complex32: "complex",
  complex64: "complex",
  complex128: "complex",
} as const satisfies Readonly<Record<string, Category>>;

function codec(name: DTypeName): Pick<DType, "form" | "decode" | "encode"> {
  if (name === "float16") return { form: "encoded", decode: halfToNumber, encode: numberToHalf };
  if (name === "bfloat16") return { form: "encoded", decode: bfloat16ToNumber, encode: numberToBfloat16 };
  if (name.startsWith("float8")) return { form: "encoded", ...float8Table(name) };
  if (name === "int64" || name === "uint64") return { form: "wide" };
  return { form: name.startsWith("complex") ? "pair" : "number" };
}

function define(name: DTypeName): DType {
  const { code, bytes } = scalarTypes[name]!;
  const signed = name !== "bool" && !name.startsWith("uint");
  return { name, code, itemsize: bytes, category: CATEGORIES[name], signed, ...codec(name) };
}

/** Every dtype by its name. */
export const dtypes = Object.fromEntries(
  (Object.keys(CATEGORIES) as DTypeName[]).map((name) => [name, define(name)]),
) as unknown as Readonly<Record<DTypeName, DType>>;

const byCode = new Map(Object.values(dtypes).map((dtype) => [dtype.code, dtype]));

/** The dtype of torch's ScalarType, 7 for float32; undefined for a number that is none. */
export function findDtype(code: number): DType | undefined {
  return byCode.get(code);
}

/** The dtype of torch's ScalarType, 7 for float32. @throws RangeError for a number that is none. */
export function dtypeOfCode(code: number): DType {
  const dtype = findDtype(code);
  if (dtype === undefined) throw new RangeError(`no dtype has the ScalarType ${code}`);
  return dtype;
}

const ALIASES: Readonly<Record<string, DTypeName>> = {
  float: "float32",
  double: "float64",
  long: "int64",
  int: "int32",
};

/** The dtype of `float32`, or of `float`, as schemas write it. @throws RangeError for a name that is none. */
export function dtypeOfName(name: string): DType {
  const dtype = dtypes[(ALIASES[name] ?? name) as DTypeName];
  if (dtype === undefined) throw new RangeError(`there is no dtype ${name}`);
  return dtype;
}

/** float32 of complex64: the dtype of the real and the imaginary part. Any other dtype is itself. */
export function realDtype(dtype: DType): DType {
  if (dtype === dtypes.complex64) return dtypes.float32;
  if (dtype === dtypes.complex128) return dtypes.float64;
  return dtype === dtypes.complex32 ? dtypes.float16 : dtype;
}

/** complex64 of float32: the dtype of a number with such parts. Any complex dtype is itself. */
export function complexDtype(dtype: DType): DType {
  if (dtype.category === "complex") return dtype;
  if (dtype === dtypes.float64) return dtypes.complex128;
  return dtype === dtypes.float16 ? dtypes.complex32 : dtypes.complex64;
}

export function isFloating(dtype: DType): boolean {
  return dtype.category === "float";
}

export function isIntegral(dtype: DType): boolean {
  return dtype.category === "int" || dtype.category === "bool";
}
