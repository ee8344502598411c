import type { InputError } from "../errors.ts";
import { type Archive, lazy } from "./archive.ts";
import { archiveFault, faultsOf, gather, missing } from "./faults.ts";
import { type LoadedPayloads, payloadsOfSave } from "./payloads.ts";
import { describeEntry, extraFaults, filesBelow, type LoadableModel, modelFaults } from "./pt2.ts";
import { openTorchSave, type TorchSave } from "./torch-save.ts";
import type { Zip, ZipEntry } from "./zip.ts";
import { verifyChecksums, zipFaults } from "./zip-faults.ts";

/** The document of a legacy archive. */
export const LEGACY_DOCUMENT = "serialized_exported_program.json";

/** The first versions called the tensors `.json` although they were, as later, what torch.save writes. */
function partOf(zip: Zip, name: string): ZipEntry | undefined {
  // torch.export.load knows no other name for the inputs.
  if (name === "example_inputs") return zip.find("serialized_example_inputs.pt");
  return zip.find(`serialized_${name}.pt`) ?? zip.find(`serialized_${name}.json`);
}

async function openPart(zip: Zip, name: string): Promise<TorchSave | undefined> {
  const entry = partOf(zip, name);
  // torch reads no bytes as an empty dict (deserialize_torch_artifact).
  if (entry === undefined || entry.size === 0) return undefined;
  return openTorchSave(await zip.open(entry), entry.name);
}

async function loadPart(zip: Zip, name: string): Promise<LoadedPayloads> {
  const save = await openPart(zip, name);
  if (save) return payloadsOfSave(save, partOf(zip, name)!.name);
  return { list: name, payloads: new Map(), rule: "archive/pickle", problems: [] };
}

/** torch reads a legacy archive when its version has two numbers of which the first is 8. */
async function versionFaults(zip: Zip): Promise<InputError[]> {
  const entry = zip.find("version");
  const data = { entry: "version" };
  if (entry === undefined) return [missing("version")];
  const text = entry.size > 64 ? "something long" : new TextDecoder().decode(await zip.read(entry));
  if (/^8\.[^.]*$/.test(text)) return [];
  return [
    archiveFault(
      "archive/unsupported",
      `its version is ${JSON.stringify(text)}, and torch reads 8.x only`,
      data,
    ),
  ];
}

function makeModel(zip: Zip, document: ZipEntry): LoadableModel {
  const weights = lazy(() => loadPart(zip, "state_dict"));
  const constants = lazy(() => loadPart(zip, "constants"));
  const parts = ["state_dict", "constants", "example_inputs"];
  return {
    // torch has no name for it; torch.export.save calls the only program of an archive so.
    name: "model",
    entry: document.name,
    document: () => zip.readText(document),
    documentSource: () => zip.openText(document),
    weights: async () => (await weights()).payloads,
    constants: async () => (await constants()).payloads,
    sampleInputs: lazy(() => openPart(zip, "example_inputs")),
    loaders: [weights, constants],
    absent: parts.filter((name) => partOf(zip, name) === undefined).map((name) => `serialized_${name}.pt`),
  };
}

/** Compares the checksums of all that is read when the program is linted: everything but the weights. */
async function readFaults(zip: Zip): Promise<InputError[]> {
  const weights = partOf(zip, "state_dict");
  const faults: InputError[] = [];
  for (const entry of zip.entries) {
    if (entry === weights || entry.name === LEGACY_DOCUMENT) continue;
    faults.push(
      ...(await gather(async () => {
        await zip.verify(entry, () => {});
        return [];
      })),
    );
  }
  return faultsOf("archive/corrupt", faults, (fault) => fault);
}

/** torch reads a legacy archive with Python's zipfile, which compares the checksums. */
function refused(fault: InputError): InputError {
  if (fault.rule !== "archive/checksum") return fault;
  const { entry = "" } = fault.data;
  return archiveFault("archive/corrupt", `${fault.message}: torch refuses to read it`, {
    entry: String(entry),
  });
}

/** The zip that torch <= 2.7 saved; `document` is its `serialized_exported_program.json`. */
export function openLegacy(zip: Zip, document: ZipEntry, close: () => Promise<void>): Archive {
  const models = [makeModel(zip, document)];
  const faults = lazy(async () => [
    ...zipFaults(zip),
    ...(await gather(() => versionFaults(zip))),
    ...(await modelFaults(models)),
    ...(await extraFaults(zip, "extra_files/")),
    ...(await readFaults(zip)),
  ]);
  return {
    format: "legacy",
    entries: zip.entries.map(describeEntry),
    models,
    extraFiles: () => filesBelow(zip, "extra_files/"),
    faults: async () => [...(await faults()), ...zip.checksumFaults.map(refused)],
    verifyChecksums: (progress) => verifyChecksums(zip, progress),
    close,
  };
}
