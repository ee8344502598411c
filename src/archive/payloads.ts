import type { InputError } from "../errors.ts";
import type { ArchiveFile, Payload } from "./archive.ts";
import { archiveFault, faultsOf, missing } from "./faults.ts";
import {
  elementBytes,
  type PayloadMeta,
  type PayloadProblem,
  requiredBytes,
  type SymInt,
  scalarTypeName,
  scalarTypes,
} from "./payload.ts";
import { isTensor, type PickleTensor } from "./pickle-values.ts";
import { bytesSource, eachChunk } from "./source.ts";
import type { TorchSave } from "./torch-save.ts";

/** The weights or the constants of a model, and what is wrong with the list of them. */
export interface LoadedPayloads {
  /** The entry that lists them. */
  readonly list: string;
  readonly payloads: ReadonlyMap<string, Payload>;
  /** The rule that reports `problems`. */
  readonly rule: "archive/invalid-config" | "archive/pickle";
  readonly problems: readonly PayloadProblem[];
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

/** A payload whose bytes are the entry `file`, or nowhere. */
export class StoredPayload implements Payload {
  readonly config: PayloadMeta;
  readonly entry: string;
  readonly size: number | null;
  readonly #file: ArchiveFile | undefined;

  constructor(config: PayloadMeta, entry: string, file: ArchiveFile | undefined) {
    this.config = config;
    this.entry = entry;
    this.size = file?.size ?? null;
    this.#file = file;
  }

  async read(): Promise<Uint8Array> {
    return this.#stored().read();
  }

  async eachChunk(visit: (bytes: Uint8Array, offset: number) => void): Promise<void> {
    await eachChunk(await this.#stored().open(), visit);
  }

  #stored(): ArchiveFile {
    if (this.#file === undefined) throw missing(this.entry);
    return this.#file;
  }
}

const NOTHING = new Uint8Array(0);

function fromTensor(tensor: PickleTensor, save: TorchSave, outer: string): Payload {
  const empty: ArchiveFile = {
    entry: outer,
    size: 0,
    read: async () => NOTHING,
    open: async () => bytesSource(NOTHING),
  };
  const { storageKey: key } = tensor;
  const file = key === null ? empty : save.storages.get(key);
  return new StoredPayload(configOf(tensor), file?.entry ?? `${outer}!data/${key}`, file);
}

/** The tensors of a pickled dict, as a state dict of torch <= 2.8 holds them. */
export function payloadsOfSave(save: TorchSave, outer: string): LoadedPayloads {
  if (!(save.value instanceof Map)) {
    throw archiveFault("archive/corrupt", `${outer}: it holds no dict of tensors`, { entry: outer });
  }
  const payloads = new Map<string, Payload>();
  const problems: PayloadProblem[] = [];
  for (const [key, value] of save.value) {
    const name = typeof key === "string" ? key : "a key that is no string";
    if (name !== key || !isTensor(value)) problems.push({ name, problem: "there is no tensor" });
    else if (value.conj || value.neg)
      problems.push({ name, problem: "the values are a lazy conjugate or negative" });
    else payloads.set(name, fromTensor(value, save, outer));
  }
  return { list: outer, payloads, rule: "archive/pickle", problems };
}

type Sized = readonly [name: string, payload: Payload];

function elementOf({ config }: Payload): number | undefined {
  return config.tensor_meta === null ? undefined : elementBytes(config.tensor_meta.dtype);
}

/** What a payload has to hold; 0 where nothing is known. */
function requiredOf({ config }: Payload): number {
  return config.tensor_meta === null ? 0 : (requiredBytes(config.tensor_meta) ?? 0);
}

function isShort([, payload]: Sized): boolean {
  const { config, size } = payload;
  // torch makes zeros of an entry without bytes: a program may be saved with fake weights.
  if (config.use_pickle || size === null || size === 0) return false;
  return size % (elementOf(payload) ?? 1) !== 0 || requiredOf(payload) > size;
}

function short([name, payload]: Sized): InputError {
  const { entry } = payload;
  const size = payload.size ?? 0;
  const required = requiredOf(payload);
  if (required > size) {
    const message = `${name} spans ${required} bytes, but its entry ${entry} has ${size}`;
    return archiveFault("archive/short-payload", message, { entry, name, required, size });
  }
  const dtype = scalarTypeName(payload.config.tensor_meta?.dtype ?? 0);
  const message = `the ${size} bytes of ${name} (${entry}) are no whole number of ${dtype} elements`;
  return archiveFault("archive/short-payload", message, { entry, name, size });
}

/** What is wrong with payloads, told from their config and the archive's directory. */
export function payloadFaults({ list, payloads, rule, problems }: LoadedPayloads): InputError[] {
  const all = [...payloads];
  const gone = new Set(all.filter(([, { size }]) => size === null).map(([, { entry }]) => entry));
  const listed = ({ name, problem }: PayloadProblem) =>
    archiveFault(rule, `${list}: in ${name}, ${problem}`, { entry: list, name });
  return [
    ...faultsOf(rule, problems, listed),
    ...faultsOf("archive/missing-entry", [...gone], missing),
    ...faultsOf("archive/short-payload", all.filter(isShort), short),
  ];
}
