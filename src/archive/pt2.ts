import type { InputError } from "../errors.ts";
import { decodePayloadConfig } from "../schema/decoder.ts";
import { type Archive, type ArchiveFile, lazy, type Model, type Payload } from "./archive.ts";
import { type ArchiveFault, archiveFault, archiveFaults, faultsOf, gather, missing } from "./faults.ts";
import { checkPayloads, type PayloadConfig, type PayloadMeta, parsePayloadConfig } from "./payload.ts";
import { type LoadedPayloads, payloadFaults, payloadsOfSave, StoredPayload } from "./payloads.ts";
import { layoutFaults } from "./pt2-layout.ts";
import { isZip, SNIFF_BYTES } from "./sniff.ts";
import { type ByteSource, eachChunk } from "./source.ts";
import { openTorchSave, type TorchSave } from "./torch-save.ts";
import { utf8Checker } from "./utf8.ts";
import { notText, type Zip, type ZipEntry } from "./zip.ts";
import { verifyChecksums, zipFaults } from "./zip-faults.ts";

/** The longest list of weights that is read: about 150,000 of them. */
const MAX_CONFIG_BYTES = 2 ** 26;

/** From here on, bytes, decoding a list by the schema pays: it takes half the time and a fifth of the memory. */
const LONG_CONFIG = 2 ** 20;

/** What the names of payloads begin with; torch refuses a constant of any other (_load_constants). */
const constantPrefixes = ["tensor_", "custom_obj_", "opaque_obj_"];

/** A model with what only the archive itself asks of it. */
export interface LoadableModel extends Model {
  readonly loaders: readonly (() => Promise<LoadedPayloads>)[];
  /** Entries that torch needs and that are not there. */
  readonly absent: readonly string[];
}

/** A class, since a large program has tens of thousands. */
class ZippedFile implements ArchiveFile {
  readonly #zip: Zip;
  readonly #entry: ZipEntry;

  constructor(zip: Zip, entry: ZipEntry) {
    this.#zip = zip;
    this.#entry = entry;
  }

  get entry(): string {
    return this.#entry.name;
  }

  get size(): number {
    return this.#entry.size;
  }

  read(): Promise<Uint8Array> {
    return this.#zip.read(this.#entry);
  }

  open(): Promise<ByteSource> {
    return this.#zip.open(this.#entry);
  }
}

/** Reads a list of payloads. A file that is none throws `archive/invalid-config`. */
async function readConfig(zip: Zip, name: string): Promise<PayloadConfig> {
  const entry = zip.find(name);
  if (entry === undefined) {
    throw missing(name);
  }
  if (entry.size > MAX_CONFIG_BYTES) {
    throw archiveFault("archive/too-large", `${name} has ${entry.size} bytes`, {
      entry: name,
      size: entry.size,
    });
  }
  const usual = entry.size < LONG_CONFIG ? undefined : decodePayloadConfig(await zip.openText(entry));
  return usual ? checkPayloads(usual.config) : parsePayloadConfig(await zip.readChecked(entry), name);
}

function isUnknownConstant(folder: string, { path_name }: PayloadMeta): boolean {
  return folder === "constants" && !constantPrefixes.some((prefix) => path_name.startsWith(prefix));
}

/** `data/weights/` or `data/constants/`: a list with payloads, or the one pickle of torch 2.7 and 2.8. */
async function loadPayloads(zip: Zip, root: string, model: string, folder: string): Promise<LoadedPayloads> {
  const base = `${root}data/${folder}/`;
  // torch looks for the pickle first (_load_state_dict).
  const pickle = zip.find(`${base}${model}.pt`);
  if (pickle) return payloadsOfSave(await openTorchSave(await zip.open(pickle), pickle.name), pickle.name);
  const name = `${base}${model}_${folder}_config.json`;
  const config = await readConfig(zip, name);
  const payloads = new Map<string, Payload>();
  const problems = [...config.problems];
  for (const [key, meta] of config.payloads) {
    const entry = zip.find(base + meta.path_name);
    payloads.set(
      key,
      new StoredPayload(meta, entry?.name ?? base + meta.path_name, entry && new ZippedFile(zip, entry)),
    );
    if (isUnknownConstant(folder, meta)) {
      problems.push({
        name: key,
        problem: `${meta.path_name} is a kind of constant that torch does not know`,
      });
    }
  }
  for (const [key, { config: meta, entry }] of payloads) {
    const file = meta.use_pickle && !meta.path_name.startsWith("custom_obj_") ? zip.find(entry) : undefined;
    if (file && !(await isPickle(zip, file))) problems.push({ name: key, problem: `${entry} is no pickle` });
  }
  return { list: name, payloads, rule: "archive/invalid-config", problems };
}

/** Whether an entry begins as what torch.save or pickle.dump writes; an empty one is none. */
async function isPickle(zip: Zip, entry: ZipEntry): Promise<boolean> {
  const source = await zip.open(entry);
  const head = await source.read(0, Math.min(source.size, SNIFF_BYTES));
  return isZip(head) || head[0] === PICKLE_PROTO;
}

/** The opcode that a pickle of protocol 2 or newer begins with. */
const PICKLE_PROTO = 0x80;

async function loadSample(zip: Zip, name: string): Promise<TorchSave | undefined> {
  const entry = zip.find(name);
  if (entry === undefined || entry.size === 0) return undefined;
  return openTorchSave(await zip.open(entry), entry.name);
}

function makeModel(zip: Zip, root: string, entry: ZipEntry): LoadableModel {
  const name = entry.name.slice(`${root}models/`.length, -".json".length);
  const sample = `${root}data/sample_inputs/${name}.pt`;
  const weights = lazy(() => loadPayloads(zip, root, name, "weights"));
  const constants = lazy(() => loadPayloads(zip, root, name, "constants"));
  return {
    name,
    entry: entry.name,
    document: () => zip.readText(entry),
    documentSource: () => zip.openText(entry),
    weights: async () => (await weights()).payloads,
    constants: async () => (await constants()).payloads,
    sampleInputs: lazy(() => loadSample(zip, sample)),
    loaders: [weights, constants],
    absent: zip.find(sample) ? [] : [sample],
  };
}

/** The faults of all models: their lists and the pickle of their inputs are read, their payloads are not. */
export async function modelFaults(models: readonly LoadableModel[]): Promise<InputError[]> {
  const absent = models.flatMap((model) => model.absent);
  const faults = faultsOf("archive/missing-entry", absent, missing);
  for (const load of models.flatMap((model) => model.loaders)) {
    faults.push(...(await gather(async () => payloadFaults(await load()))));
  }
  for (const model of models) faults.push(...(await sampleFaults(model)));
  return faults;
}

/** torch reads the inputs together with the program. What a pickle of them calls is for who loads it to trust. */
async function sampleFaults(model: Model): Promise<InputError[]> {
  const faults = await gather(async () => {
    await model.sampleInputs();
    return [];
  });
  return faults.filter(({ rule }) => archiveFaults[rule as ArchiveFault].severity === "error");
}

/** Files in a folder of the archive, by their name in that folder. */
export function filesBelow(zip: Zip, folder: string): Map<string, ArchiveFile> {
  const files = new Map<string, ArchiveFile>();
  for (const entry of zip.entries) {
    const name = entry.name.startsWith(folder) ? entry.name.slice(folder.length) : "";
    if (name !== "" && !name.endsWith("/")) files.set(name, new ZippedFile(zip, entry));
  }
  return files;
}

/** torch decodes the user's own files when it loads a program, whatever they are. */
export async function extraFaults(zip: Zip, folder: string): Promise<InputError[]> {
  const faults: InputError[] = [];
  for (const entry of zip.entries) {
    if (!entry.name.startsWith(folder) || entry.name.endsWith("/")) continue;
    const isText = utf8Checker();
    const check = async (): Promise<readonly InputError[]> => {
      let isGood = true;
      await eachChunk(await zip.open(entry), (bytes, offset) => {
        isGood = isText(bytes, offset + bytes.length === entry.size);
      });
      return isGood ? [] : [notText(entry)];
    };
    faults.push(...(await gather(check)));
  }
  return faultsOf("archive/corrupt", faults, (fault) => fault);
}

/** Why an archive without models has none. */
function nothingToLint(zip: Zip, root: string): InputError {
  const compiled = new Set(
    [...filesBelow(zip, `${root}data/aotinductor/`).keys()].map((name) => name.split("/")[0]!),
  );
  if (compiled.size > 0) {
    const names = [...compiled].join(", ");
    const message = `this is a compiled AOTInductor package (${names}): it holds machine code and no graph`;
    return archiveFault("archive/compiled-package", message, { models: names });
  }
  return archiveFault("archive/no-model", `there is no document ${root}models/*.json in it`);
}

/** What an archive says of an entry. */
export function describeEntry(entry: ZipEntry): Archive["entries"][number] {
  const { name, size, compressedSize, method } = entry;
  return { name, size, compressedSize, compressed: method !== 0 };
}

/** A .pt2 as torch >= 2.8 saves it, whose root folder is `root`. */
export function openPt2(zip: Zip, root: string, close: () => Promise<void>): Archive {
  const folder = `${root}models/`;
  const documents = new Map(
    zip.entries
      .filter(
        ({ name }) => name.startsWith(folder) && name.length > folder.length + 5 && name.endsWith(".json"),
      )
      .map(({ name }) => [name, zip.find(name)!]),
  );
  if (documents.size === 0) throw nothingToLint(zip, root);
  const models = [...documents.values()].map((entry) => makeModel(zip, root, entry));
  const faults = lazy(async () => [
    ...zipFaults(zip),
    ...(await layoutFaults(zip, root)),
    ...(await modelFaults(models)),
    ...(await extraFaults(zip, `${root}extra/`)),
  ]);
  return {
    format: "pt2",
    entries: zip.entries.map(describeEntry),
    models,
    extraFiles: () => filesBelow(zip, `${root}extra/`),
    faults: async () => [...(await faults()), ...zip.checksumFaults],
    verifyChecksums: (progress) => verifyChecksums(zip, progress),
    close,
  };
}
