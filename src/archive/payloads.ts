import type { InputError } from "../errors.ts";
import type { ArchiveFile, Payload } from "./archive.ts";
import { archiveFault, limitFaults } from "./faults.ts";
import {
  elementBytes,
  type PayloadMeta,
  requiredBytes,
  type SymInt,
  scalarTypeName,
  scalarTypes,
} from "./payload.ts";
import { isTensor, type PickleTensor } from "./pickle-values.ts";
import type { TorchSave } from "./torch-save.ts";

/** The weights or the constants of a model, and what is wrong with their list. */
export interface LoadedPayloads {
  readonly payloads: ReadonlyMap<string, Payload>;
  readonly faults: readonly InputError[];
}

const symInts = (values: readonly number[]): SymInt[] => values.map((value) => ({ as_int: value }));

/** What the config of a current archive would say of a tensor in a pickle. */
function configOf(tensor: PickleTensor): PayloadMeta {
  const [type = "cpu", index] = tensor.storageDevice.split(":");
  return {
    path_name: tensor.storageKey === null ? "" : `data/${tensor.storageKey}`,
    is_param: tensor.isParameter,
    use_pickle: false,
    tensor_meta: {
      dtype: scalarTypes[tensor.dtype]!.code,
      sizes: symInts(tensor.sizes),
      requires_grad: tensor.requiresGrad,
      device: { type, index: index === undefined ? null : Number(index) },
      strides: symInts(tensor.strides),
      storage_offset: { as_int: tensor.offset },
      layout: 7,
    },
  };
}

function missing(entry: string): InputError {
  return archiveFault("archive/missing-entry", `the entry ${entry} is missing`, { entry });
}

/** A payload whose bytes are the entry `file`, or nowhere. */
export function makePayload(config: PayloadMeta, entry: string, file: ArchiveFile | undefined): Payload {
  return {
    config,
    entry,
    size: file?.size ?? null,
    async read() {
      if (file === undefined) throw missing(entry);
      return file.read();
    },
  };
}

function fromTensor(tensor: PickleTensor, save: TorchSave, outer: string): Payload {
  const empty: ArchiveFile = { entry: outer, size: 0, read: async () => new Uint8Array(0) };
  const { storageKey: key } = tensor;
  const file = key === null ? empty : save.storages.get(key);
  return makePayload(configOf(tensor), file?.entry ?? `${outer}!data/${key}`, file);
}

/** The tensors of a pickled dict, as a state dict of torch <= 2.8 holds them. */
export function payloadsOfSave(save: TorchSave, outer: string): LoadedPayloads {
  if (!(save.value instanceof Map)) {
    throw archiveFault("archive/corrupt", `${outer}: it holds no dict of tensors`, { entry: outer });
  }
  const payloads = new Map<string, Payload>();
  const faults: InputError[] = [];
  for (const [name, value] of save.value) {
    if (typeof name === "string" && isTensor(value)) payloads.set(name, fromTensor(value, save, outer));
    else
      faults.push(archiveFault("archive/pickle", `${outer}: ${String(name)} is no tensor`, { entry: outer }));
  }
  return { payloads, faults };
}

function sizeFault(name: string, { config, entry, size }: Payload): InputError | undefined {
  // torch makes zeros of an entry without bytes: a program may be saved with fake weights.
  if (config.use_pickle || config.tensor_meta === null || size === null || size === 0) return undefined;
  const element = elementBytes(config.tensor_meta.dtype);
  if (element !== undefined && size % element !== 0) {
    const dtype = scalarTypeName(config.tensor_meta.dtype);
    const message = `the ${size} bytes of ${name} (${entry}) are no whole number of ${dtype} elements`;
    return archiveFault("archive/short-payload", message, { entry, name, size });
  }
  const required = requiredBytes(config.tensor_meta);
  if (required === null || required <= size) return undefined;
  const message = `${name} spans ${required} bytes, but its entry ${entry} has ${size}`;
  return archiveFault("archive/short-payload", message, { entry, name, required, size });
}

/** What is wrong with payloads, told from their config and the archive's directory. */
export function payloadFaults({ payloads, faults }: LoadedPayloads): InputError[] {
  const gone = new Set<string>();
  const short: InputError[] = [];
  for (const [name, payload] of payloads) {
    if (payload.size === null) gone.add(payload.entry);
    const fault = sizeFault(name, payload);
    if (fault) short.push(fault);
  }
  return [
    ...limitFaults("archive/invalid-config", faults),
    ...limitFaults("archive/missing-entry", [...gone].map(missing)),
    ...limitFaults("archive/short-payload", short),
  ];
}
