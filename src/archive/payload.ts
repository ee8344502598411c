import { isDeviceType } from "../tensor/device.ts";
import { archiveFault } from "./faults.ts";

/** An integer of the schema: a literal, or an expression over symbols, which a weight never has. */
export interface SymInt {
  readonly as_int?: number;
  readonly as_expr?: unknown;
}

/** The schema's TensorMeta. */
export interface TensorMeta {
  /** A ScalarType: 7 is float32. */
  readonly dtype: number;
  readonly sizes: readonly SymInt[];
  readonly requires_grad: boolean;
  readonly device: { readonly type: string; readonly index?: number | null };
  readonly strides: readonly SymInt[];
  /** In elements. */
  readonly storage_offset: SymInt;
  /** 7 is strided. */
  readonly layout: number;
}

/** The schema's PayloadMeta: where the bytes of a weight or constant are and how to read them as a tensor. */
export interface PayloadMeta {
  readonly path_name: string;
  readonly is_param: boolean;
  readonly use_pickle: boolean;
  readonly tensor_meta: TensorMeta | null;
}

/** ScalarType of the schema: its number and the bytes of an element, by torch's name for it. */
export const scalarTypes: Readonly<Record<string, { readonly code: number; readonly bytes: number }>> = {
  uint8: { code: 1, bytes: 1 },
  int8: { code: 2, bytes: 1 },
  int16: { code: 3, bytes: 2 },
  int32: { code: 4, bytes: 4 },
  int64: { code: 5, bytes: 8 },
  float16: { code: 6, bytes: 2 },
  float32: { code: 7, bytes: 4 },
  float64: { code: 8, bytes: 8 },
  complex32: { code: 9, bytes: 4 },
  complex64: { code: 10, bytes: 8 },
  complex128: { code: 11, bytes: 16 },
  bool: { code: 12, bytes: 1 },
  bfloat16: { code: 13, bytes: 2 },
  uint16: { code: 28, bytes: 2 },
  float8_e4m3fn: { code: 29, bytes: 1 },
  float8_e5m2: { code: 30, bytes: 1 },
  float8_e4m3fnuz: { code: 31, bytes: 1 },
  float8_e5m2fnuz: { code: 32, bytes: 1 },
  float8_e8m0fnu: { code: 33, bytes: 1 },
  uint32: { code: 34, bytes: 4 },
  uint64: { code: 35, bytes: 8 },
};

const namesByCode = new Map(Object.entries(scalarTypes).map(([name, { code }]) => [code, name]));

/** torch's name for a ScalarType, `float32` for 7; undefined for a number that is none. */
export function scalarTypeName(code: number): string | undefined {
  return namesByCode.get(code);
}

/** The bytes of one element of a ScalarType; undefined for a number that is none. */
export function elementBytes(code: number): number | undefined {
  const name = namesByCode.get(code);
  return name === undefined ? undefined : scalarTypes[name]!.bytes;
}

/**
 * How many bytes of a storage a tensor reaches: what torch's setStorage demands of `as_strided`. A tensor
 * without elements needs none, whatever its offset. null when a size is symbolic or the dtype unknown.
 */
export function requiredBytes(meta: TensorMeta): number | null {
  const element = elementBytes(meta.dtype);
  const sizes = meta.sizes.map((size) => size.as_int);
  const strides = meta.strides.map((stride) => stride.as_int);
  const offset = meta.storage_offset.as_int;
  if (element === undefined || offset === undefined || strides.length !== sizes.length) return null;
  if (sizes.includes(0)) return 0;
  let last = offset;
  for (let i = 0; i < sizes.length; i++) {
    const [size, stride] = [sizes[i], strides[i]];
    if (size === undefined || stride === undefined) return null;
    last += (size - 1) * stride;
  }
  return (last + 1) * element;
}

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A number; what is stored has no symbols (torch/export/pt2_archive/_package.py _build_file_map). */
function isSize(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const key in value) if (key !== "as_int") return false;
  return Number.isInteger(value.as_int) && (value.as_int as number) >= 0;
}

function isDevice(value: unknown): boolean {
  if (!isObject(value) || typeof value.type !== "string") return false;
  const { type, index } = value;
  return isDeviceType(type) && (index === null || index === undefined || Number.isInteger(index));
}

/** Floats and complex numbers. */
function isDifferentiable(dtype: number): boolean {
  return /^(b?float|complex)/.test(namesByCode.get(dtype) ?? "");
}

/** What is wrong with a TensorMeta, as a phrase; undefined when nothing is. */
function tensorMetaProblem(meta: unknown): string | undefined {
  if (!isObject(meta)) return "tensor_meta is not an object";
  if (!Number.isInteger(meta.dtype)) return "tensor_meta.dtype is not an integer";
  if (!namesByCode.has(meta.dtype as number)) return `tensor_meta.dtype ${meta.dtype} is no dtype`;
  for (const key of ["sizes", "strides"] as const) {
    const list = meta[key];
    if (!Array.isArray(list) || !list.every(isSize)) return `tensor_meta.${key} is not a list of sizes`;
  }
  if ((meta.sizes as unknown[]).length !== (meta.strides as unknown[]).length) {
    return "tensor_meta has not one stride for each size";
  }
  if (!isSize(meta.storage_offset)) return "tensor_meta.storage_offset is not a non-negative integer";
  if (!isDevice(meta.device)) return "tensor_meta.device is not a device";
  if (typeof meta.requires_grad !== "boolean") return "tensor_meta.requires_grad is not a boolean";
  if (meta.requires_grad && !isDifferentiable(meta.dtype as number)) {
    return "tensor_meta.requires_grad is true of what is not float";
  }
  if (!Number.isInteger(meta.layout)) return "tensor_meta.layout is not an integer";
  return undefined;
}

function payloadProblem(meta: unknown, problemOf: typeof tensorMetaProblem): string | undefined {
  if (!isObject(meta)) return "it is not an object";
  if (typeof meta.path_name !== "string") return "path_name is not a string";
  if (typeof meta.is_param !== "boolean") return "is_param is not a boolean";
  if (typeof meta.use_pickle !== "boolean") return "use_pickle is not a boolean";
  if (meta.tensor_meta === null || meta.tensor_meta === undefined) {
    return meta.use_pickle ? undefined : "it is neither pickled nor has a tensor_meta";
  }
  return problemOf(meta.tensor_meta);
}

/** Something in a list of payloads that cannot be used. */
export interface PayloadProblem {
  readonly name: string;
  /** A phrase: "path_name is not a string". */
  readonly problem: string;
}

/** The payloads of a `*_config.json`, in their order, and what is wrong with the others. */
export interface PayloadConfig {
  readonly payloads: ReadonlyMap<string, PayloadMeta>;
  readonly problems: readonly PayloadProblem[];
}

const FLOAT_SIZE = /("as_int"\s*:\s*)(-?\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+))/g;

/** Reads the schema's PayloadConfig. A file that is none throws `archive/invalid-config`. */
export function parsePayloadConfig(bytes: Uint8Array, entry: string): PayloadConfig {
  let root: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // JavaScript would take 2.0 for the size 2; as text it is none.
    root = JSON.parse(text.replace(FLOAT_SIZE, '$1"$2"'));
  } catch (error) {
    throw archiveFault("archive/invalid-config", `${entry} is not JSON`, { entry }, error);
  }
  const config = isObject(root) ? root.config : undefined;
  if (!isObject(config))
    throw archiveFault("archive/invalid-config", `${entry} has no object "config"`, { entry });
  return checkPayloads(Object.entries(config));
}

/** Tells the payloads that can be used from the others. */
export function checkPayloads(entries: Iterable<readonly [name: string, meta: unknown]>): PayloadConfig {
  const payloads = new Map<string, PayloadMeta>();
  const problems: PayloadProblem[] = [];
  // Large lists have few metadata.
  const known = new Map<unknown, string | undefined>();
  const problemOf = (meta: unknown): string | undefined => {
    if (!known.has(meta)) known.set(meta, tensorMetaProblem(meta));
    return known.get(meta);
  };
  for (const [name, value] of entries) {
    const problem = payloadProblem(value, problemOf);
    if (problem === undefined) payloads.set(name, toPayloadMeta(value as unknown as PayloadMeta));
    else problems.push({ name, problem });
  }
  return { payloads, problems };
}

/** Old files leave out what is null. */
function toPayloadMeta(value: PayloadMeta): PayloadMeta {
  return value.tensor_meta === undefined ? { ...(value as PayloadMeta), tensor_meta: null } : value;
}
