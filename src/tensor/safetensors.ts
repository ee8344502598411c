/** The safetensors format: an 8-byte length, a JSON header, and the tensors' bytes. */
import { InputError } from "../errors.ts";
import { contiguous } from "./copy.ts";
import { type DType, dtypes } from "./dtype.ts";
import { Memory, Storage } from "./storage.ts";
import { Tensor } from "./tensor.ts";

const NAMES: Readonly<Record<string, DType>> = {
  BOOL: dtypes.bool,
  U8: dtypes.uint8,
  I8: dtypes.int8,
  I16: dtypes.int16,
  I32: dtypes.int32,
  I64: dtypes.int64,
  U16: dtypes.uint16,
  U32: dtypes.uint32,
  U64: dtypes.uint64,
  F16: dtypes.float16,
  BF16: dtypes.bfloat16,
  F32: dtypes.float32,
  F64: dtypes.float64,
  F8_E4M3: dtypes.float8_e4m3fn,
  F8_E5M2: dtypes.float8_e5m2,
  F8_E4M3FNUZ: dtypes.float8_e4m3fnuz,
  F8_E5M2FNUZ: dtypes.float8_e5m2fnuz,
  F8_E8M0: dtypes.float8_e8m0fnu,
  C64: dtypes.complex64,
};
const names = new Map(Object.entries(NAMES).map(([name, dtype]) => [dtype, name]));

/** More than any header has; a wrong length must not fill the memory. */
const LARGEST_HEADER = 100_000_000;

/**
 * The tensors of a file, by name, in its order.
 *
 * @throws InputError (`safetensors/malformed`) when it is not one.
 */
export function readSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  if (bytes.length < 8) throw malformed(`it has ${bytes.length} bytes, and its first 8 should be a length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > LARGEST_HEADER || 8 + length > bytes.length) {
    throw malformed(`its header should have ${length} bytes, and the file has ${bytes.length}`);
  }
  let header: Record<string, { dtype?: unknown; shape?: unknown; data_offsets?: unknown }>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as typeof header;
  } catch {
    throw malformed("its header is not JSON");
  }
  // Not a Buffer, whose slices are no copies.
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + 8 + length, bytes.byteLength - 8 - length);
  const result = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== "__metadata__") result.set(name, readEntry(name, entry, data));
  }
  return result;
}

function readEntry(
  name: string,
  {
    dtype: typeName,
    shape,
    data_offsets: offsets,
  }: { dtype?: unknown; shape?: unknown; data_offsets?: unknown },
  data: Uint8Array,
): Tensor {
  const dtype = NAMES[String(typeName)];
  if (dtype === undefined)
    throw malformed(`the tensor '${name}' has the unknown dtype ${JSON.stringify(typeName)}`);
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount)) throw malformed(`the tensor '${name}' has no shape`);
  const [start, end] = (offsets ?? []) as [unknown, unknown];
  if (!isCount(start) || !isCount(end) || end > data.length || start > end) {
    throw malformed(`the tensor '${name}' lies outside of the file`);
  }
  const wanted = shape.reduce((product, size) => product * size, dtype.itemsize);
  if (end - start !== wanted)
    throw malformed(`the tensor '${name}' has ${end - start} bytes instead of ${wanted}`);
  return new Tensor(new Storage(new Memory(data.slice(start, end))), dtype, shape);
}

function malformed(what: string): InputError {
  return new InputError("safetensors/malformed", `this is no safetensors file: ${what}`, {
    help: "write it with safetensors.torch.save_file",
  });
}

/**
 * A file with these tensors, each contiguous and with its own bytes.
 *
 * @throws RangeError for a dtype that the format does not have.
 */
export function writeSafetensors(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let position = 0;
  for (const [name, tensor] of tensors) {
    const dtype = names.get(tensor.dtype);
    if (dtype === undefined) throw new RangeError(`safetensors has no ${tensor.dtype.name} ('${name}')`);
    const bytes = tensorBytes(tensor);
    header[name] = { dtype, shape: tensor.sizes, data_offsets: [position, position + bytes.length] };
    parts.push(bytes);
    position += bytes.length;
  }
  const json = JSON.stringify(header);
  // The format wants the tensors to begin at a multiple of 8.
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const result = new Uint8Array(8 + text.length + position);
  new DataView(result.buffer).setBigUint64(0, BigInt(text.length), true);
  result.set(text, 8);
  let at = 8 + text.length;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** The bytes of a tensor's elements in logical order. */
function tensorBytes(tensor: Tensor): Uint8Array {
  const flat = contiguous(tensor);
  const start = flat.offset * flat.dtype.itemsize;
  return flat.memory.bytes.subarray(start, start + flat.numel * flat.dtype.itemsize);
}
