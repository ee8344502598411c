import { archiveFault } from "./faults.ts";
import { scalarTypeName, scalarTypes, type TensorMeta } from "./payload.ts";
import {
  isTensor,
  isTuple,
  kindOf,
  type PickleCallable,
  type PickleInternal,
  type PickleSlot,
  type PickleTensor,
  type PickleValue,
} from "./pickle-values.ts";

type Args = readonly PickleSlot[];

/** The pickle calls a known function with arguments that make no sense. */
export function malformed(message: string): Error {
  return archiveFault("archive/corrupt", `the pickle is malformed: ${message}`);
}

function integer(value: PickleSlot | undefined, what: string): number {
  if (typeof value === "bigint" && value >= 0n && value <= Number.MAX_SAFE_INTEGER) return Number(value);
  throw malformed(`${what} is not a non-negative integer`);
}

function integers(value: PickleSlot | undefined, what: string): number[] {
  if (!isTuple(value)) throw malformed(`${what} is not a tuple`);
  return value.items.map((item) => integer(item, what));
}

function boolean(value: PickleSlot | undefined, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw malformed(`${what} is not a boolean`);
}

function string(value: PickleSlot | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw malformed(`${what} is not a string`);
}

const elementSize = (dtype: string | null): number => (dtype === null ? 1 : scalarTypes[dtype]!.bytes);

interface View {
  readonly dtype: string;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly requiresGrad: boolean;
}

type Storage = Extract<PickleInternal, { kind: "storage" }>;

function makeTensor(
  view: View,
  storage: Storage | null,
  device: string,
  metadata?: PickleSlot,
): PickleTensor {
  if (view.sizes.length !== view.strides.length) throw malformed("a tensor has not one stride for each size");
  const bit = (name: string) => metadata instanceof Map && metadata.get(name) === true;
  return {
    kind: "tensor",
    ...view,
    storageKey: storage?.key ?? null,
    storageDevice: storage?.device ?? device,
    storageBytes: storage?.bytes ?? 0,
    isParameter: false,
    conj: bit("conj"),
    neg: bit("neg"),
  };
}

function storageOf(value: PickleSlot | undefined): Storage {
  if (kindOf(value) === "storage") return value as Storage;
  throw malformed("a tensor is built from something that is no storage");
}

function dtypeOf(value: PickleSlot | undefined): string {
  if (kindOf(value) === "dtype") return (value as { name: string }).name;
  throw malformed("a dtype is missing");
}

function viewOf([, offset, sizes, strides, requiresGrad]: Args, dtype: string): View {
  return {
    dtype,
    sizes: integers(sizes, "a tensor's size"),
    strides: integers(strides, "a tensor's stride"),
    offset: integer(offset, "a tensor's offset"),
    requiresGrad: boolean(requiresGrad, "requires_grad"),
  };
}

/** torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata=None) */
function rebuildTensorV2(args: Args): PickleTensor {
  const storage = storageOf(args[0]);
  if (storage.dtype === null) throw malformed("a tensor is built from an untyped storage");
  return makeTensor(viewOf(args, storage.dtype), storage, "cpu", args[6]);
}

/** torch._utils._rebuild_tensor_v3(..., hooks, dtype, metadata=None): dtypes that have no storage class. */
function rebuildTensorV3(args: Args): PickleTensor {
  return makeTensor(viewOf(args, dtypeOf(args[6])), storageOf(args[0]), "cpu", args[7]);
}

/** torch._utils._rebuild_meta_tensor_no_storage(dtype, size, stride, requires_grad) */
function rebuildMeta([dtype, sizes, strides, requiresGrad]: Args): PickleTensor {
  return makeTensor(viewOf([null, 0n, sizes!, strides!, requiresGrad!], dtypeOf(dtype)), null, "meta");
}

/** torch._utils._rebuild_parameter(data, requires_grad, hooks) and its sibling with a Python state. */
function rebuildParameter([data, requiresGrad]: Args): PickleTensor {
  if (!isTensor(data)) throw malformed("a parameter is built from something that is no tensor");
  return { ...data, requiresGrad: boolean(requiresGrad, "requires_grad"), isParameter: true };
}

/** torch._tensor._rebuild_from_type_v2(func, type, args, state): a tensor with Python attributes. */
function rebuildFromType([callable, type, args]: Args): PickleSlot {
  if (kindOf(callable) !== "callable" || kindOf(type) !== "class" || !isTuple(args)) {
    throw malformed("a tensor with attributes is built from something else");
  }
  return (callable as PickleCallable).call(args.items);
}

/** torch._export.serde.serialize._reconstruct_fake_tensor(tensor_meta as JSON, is_parameter) */
function reconstructFake([meta, isParameter]: Args): PickleTensor {
  if (!(meta instanceof Uint8Array)) throw malformed("a fake tensor has no metadata");
  let parsed: TensorMeta;
  let view: View;
  try {
    parsed = JSON.parse(new TextDecoder().decode(meta)) as TensorMeta;
    const dtype = scalarTypeName(parsed.dtype);
    if (dtype === undefined) throw malformed("a fake tensor has no dtype");
    const ints = (list: TensorMeta["sizes"]) => list.map((size) => integer(BigInt(size.as_int!), "a size"));
    const [sizes, strides, [offset]] = [
      ints(parsed.sizes),
      ints(parsed.strides),
      ints([parsed.storage_offset]),
    ];
    view = { dtype, sizes, strides, offset: offset!, requiresGrad: parsed.requires_grad === true };
  } catch {
    throw malformed("the metadata of a fake tensor cannot be read");
  }
  const tensor = makeTensor(view, null, String(parsed.device?.type ?? "cpu"));
  return { ...tensor, isParameter: boolean(isParameter, "is_parameter") };
}

/** _codecs.encode(text, "latin1"): how protocol 2 writes bytes. */
function encode([text, codec]: Args): Uint8Array {
  if (codec !== "latin1") throw malformed("bytes are written in a codec other than latin1");
  const characters = string(text, "the text of bytes");
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) {
    const code = characters.charCodeAt(i);
    if (code > 0xff) throw malformed("bytes are written with a character beyond latin1");
    bytes[i] = code;
  }
  return bytes;
}

function elementsOf([items]: Args, what: string): readonly PickleValue[] {
  if (items === undefined) return [];
  if (Array.isArray(items)) return items;
  if (isTuple(items)) return items.items;
  throw malformed(`${what} is made from something that is no list`);
}

/** collections.OrderedDict(), rarely OrderedDict([(key, value), ...]) */
function orderedDict(args: Args): Map<PickleValue, PickleValue> {
  const pairs = elementsOf(args, "a dict").map((pair): [PickleValue, PickleValue] => {
    const items = isTuple(pair) ? pair.items : Array.isArray(pair) ? pair : [];
    if (items.length !== 2) throw malformed("a dict is made from something other than pairs");
    return [items[0]!, items[1]!];
  });
  return new Map(pairs);
}

function device([type, index]: Args): PickleSlot {
  const [name = "", at] = string(type, "a device").split(":");
  const fromName = at === undefined ? null : Number(at);
  return {
    kind: "device",
    type: name,
    index: index === undefined || index === null ? fromName : integer(index, "a device"),
  };
}

function complex([re, im]: Args): PickleSlot {
  if (typeof re !== "number" || typeof im !== "number") throw malformed("a complex number has no parts");
  return { kind: "complex", re, im };
}

/** bytes() and bytearray(), of nothing, of bytes or of text in latin1. */
function bytesOf([first, ...rest]: Args): PickleSlot {
  if (first === undefined) return new Uint8Array(0);
  return first instanceof Uint8Array ? first : encode([first, ...rest]);
}

const functions: Readonly<Record<string, PickleCallable["call"]>> = {
  "torch._utils._rebuild_tensor_v2": rebuildTensorV2,
  "torch._utils._rebuild_tensor_v3": rebuildTensorV3,
  "torch._utils._rebuild_meta_tensor_no_storage": rebuildMeta,
  "torch._utils._rebuild_parameter": rebuildParameter,
  "torch._utils._rebuild_parameter_with_state": rebuildParameter,
  "torch._tensor._rebuild_from_type_v2": rebuildFromType,
  "torch._export.serde.serialize._reconstruct_fake_tensor": reconstructFake,
  "torch.serialization._get_layout": ([name]) => ({
    kind: "layout",
    name: string(name, "a layout").replace("torch.", ""),
  }),
  "torch.device": device,
  "torch.Size": (args) => ({ kind: "tuple", items: elementsOf(args, "a size") }),
  "collections.OrderedDict": orderedDict,
  "_codecs.encode": encode,
  "builtins.complex": complex,
  "builtins.set": (args) => new Set(elementsOf(args, "a set")),
  "builtins.frozenset": (args) => new Set(elementsOf(args, "a set")),
  "builtins.bytearray": bytesOf,
  "builtins.bytes": bytesOf,
  "builtins.tuple": (args) => ({ kind: "tuple", items: elementsOf(args, "a tuple") }),
  "builtins.list": (args) => [...elementsOf(args, "a list")],
  "builtins.dict": orderedDict,
};

/** The storage classes of torch, which also say the dtype of `_rebuild_tensor_v2`. */
const storageTypes: Readonly<Record<string, string | null>> = {
  "torch.ByteStorage": "uint8",
  "torch.CharStorage": "int8",
  "torch.ShortStorage": "int16",
  "torch.IntStorage": "int32",
  "torch.LongStorage": "int64",
  "torch.HalfStorage": "float16",
  "torch.FloatStorage": "float32",
  "torch.DoubleStorage": "float64",
  "torch.ComplexFloatStorage": "complex64",
  "torch.ComplexDoubleStorage": "complex128",
  "torch.BoolStorage": "bool",
  "torch.BFloat16Storage": "bfloat16",
  "torch.UntypedStorage": null,
  "torch.storage.UntypedStorage": null,
};

const tensorClasses = new Set(["torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"]);

/** What stands for the global `module.name`; everything that is not listed here is refused by its name. */
export function resolveGlobal(module: string, name: string): PickleSlot {
  // Protocols up to 2 use Python 2's name.
  const full = `${module === "__builtin__" ? "builtins" : module}.${name}`;
  if (Object.hasOwn(functions, full)) return { kind: "callable", name: full, call: functions[full]! };
  if (Object.hasOwn(storageTypes, full)) return { kind: "storage-type", dtype: storageTypes[full]! };
  if (tensorClasses.has(full)) return { kind: "class", name: full };
  if (module === "torch" && Object.hasOwn(scalarTypes, name)) return { kind: "dtype", name };
  throw archiveFault("archive/pickle", `the pickle asks for ${full}, which pt2lint does not execute`, {
    name: full,
  });
}

/** torch.save's persistent ids: ("storage", class, key, location, elements); torch.serialization.persistent_id. */
export function loadStorage(id: PickleSlot): PickleSlot {
  if (!isTuple(id) || id.items.length !== 5 || id.items[0] !== "storage")
    throw malformed("a persistent id is no storage");
  const [, type, key, location, elements] = id.items as readonly PickleSlot[];
  if (kindOf(type) !== "storage-type") throw malformed("a storage has no class");
  const dtype = (type as { dtype: string | null }).dtype;
  return {
    kind: "storage",
    dtype,
    key: string(key, "a storage's key"),
    device: string(location, "a storage's device"),
    bytes: integer(elements, "a storage's length") * elementSize(dtype),
  };
}
