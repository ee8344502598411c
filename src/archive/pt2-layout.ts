import type { InputError } from "../errors.ts";
import { archiveFault, faultsOf, gather, missing } from "./faults.ts";
import type { Zip, ZipEntry } from "./zip.ts";
import { isUnsafePath } from "./zip-faults.ts";

/** The folder of a name with its slash; empty when it has none. */
const rootOf = (name: string): string => name.slice(0, name.indexOf("/") + 1);

const isMarker = (name: string): boolean => /^([^/]+\/)?archive_format$/.test(name);
const isModel = (name: string): boolean => /^([^/]+\/)?models\/.+\.json$/.test(name);

/**
 * The root folder of a .pt2, with its slash: the one that the file's stem had when it was saved, whatever the
 * file is called now. Empty when somebody packed the contents without it; undefined when this is no .pt2.
 */
export function findRoot(zip: Zip): string | undefined {
  const marker =
    zip.entries.find(({ name }) => isMarker(name)) ?? zip.entries.find(({ name }) => isModel(name));
  if (marker === undefined) return undefined;
  return isMarker(marker.name) ? rootOf(marker.name) : marker.name.slice(0, marker.name.indexOf("models/"));
}

/** torch takes the first entry's folder for the root and refuses an entry outside it (PyTorchStreamReader). */
function rootFault(zip: Zip, root: string): InputError | undefined {
  if (root === "")
    return archiveFault("archive/layout", "the entries have no root folder: torch finds none of them");
  const first = zip.entries[0]!.name;
  if (rootOf(first) !== root) {
    const message = `torch takes the folder of the first entry, ${JSON.stringify(first)}, for the root, which is ${root}`;
    return archiveFault("archive/layout", message, { entry: first });
  }
  const alien = zip.entries.find(({ name }) => !name.startsWith(root));
  if (alien === undefined) return undefined;
  const message = `the entry ${JSON.stringify(alien.name)} is outside the root folder ${root}, which torch refuses`;
  return archiveFault("archive/layout", message, { entry: alien.name });
}

/** torch asks for the names of all entries, as UTF-8. */
function garbledNames(zip: Zip): string[] {
  return zip.entries.map(({ name }) => name).filter((name) => name.includes("\uFFFD"));
}

const garbled = (name: string): InputError =>
  archiveFault("archive/corrupt", `the name of the entry ${JSON.stringify(name)} is no UTF-8`, {
    entry: name,
  });

/** torch loads every entry in models/ as a program, whatever it is called (_load_exported_programs). */
function strangers(zip: Zip, root: string): string[] {
  const folder = `${root}models/`;
  return zip.entries
    .map(({ name }) => name)
    .filter((name) => name.startsWith(folder) && !name.endsWith(".json") && !isUnsafePath(name));
}

function stranger(name: string): InputError {
  return archiveFault("archive/layout", `torch takes ${name} for an exported program`, { entry: name });
}

async function textOf(zip: Zip, name: string): Promise<string | undefined> {
  const entry = zip.find(name);
  if (entry === undefined) return undefined;
  return entry.size > 64 ? "something long" : new TextDecoder().decode(await zip.read(entry));
}

/** An entry that torch wants to have one value. */
async function markerFaults(zip: Zip, root: string, name: string, expected: string): Promise<InputError[]> {
  const text = await textOf(zip, root + name);
  if (text === undefined) return [missing(root + name)];
  if (text === expected) return [];
  const message = `${name} is ${JSON.stringify(text)}, and torch reads ${JSON.stringify(expected)} only`;
  return [archiveFault("archive/unsupported", message, { entry: root + name })];
}

/** The versions of the container that torch reads (caffe2/serialize/versions.h). */
const [OLDEST, NEWEST] = [1, 10];

/** The version of the container, a number (PyTorchStreamReader::init). */
async function versionFaults(zip: Zip, { name }: ZipEntry): Promise<InputError[]> {
  const text = (await textOf(zip, name)) ?? "";
  // std::stoull reads the digits that it begins with.
  const version = Number(/^\s*\d+/.exec(text)?.[0] ?? 0);
  if (version >= OLDEST && version <= NEWEST) return [];
  const message = `${name} is ${JSON.stringify(text)}, and torch reads ${OLDEST} to ${NEWEST}`;
  return [archiveFault("archive/unsupported", message, { entry: name })];
}

async function byteOrderFaults(zip: Zip, root: string): Promise<InputError[]> {
  if ((await textOf(zip, `${root}byteorder`)) !== "big") return [];
  const message =
    "it was saved on a big-endian machine: torch reads its weights as if they were little-endian";
  return [archiveFault("archive/unsupported", message, { entry: `${root}byteorder` })];
}

/** The entries that name the format, as load_pt2 and PyTorchStreamReader check them. */
async function formatFaults(zip: Zip, root: string): Promise<InputError[]> {
  const versioned = zip.find(`${root}.data/version`) ?? zip.find(`${root}version`);
  return [
    ...(await gather(() => markerFaults(zip, root, "archive_format", "pt2"))),
    ...(await gather(() => markerFaults(zip, root, "archive_version", "0"))),
    ...(versioned ? await gather(() => versionFaults(zip, versioned)) : [missing(`${root}.data/version`)]),
    ...(await gather(() => byteOrderFaults(zip, root))),
  ];
}

/** What is wrong with how a .pt2 is laid out. */
export async function layoutFaults(zip: Zip, root: string): Promise<InputError[]> {
  const fault = rootFault(zip, root);
  return [
    ...(fault ? [fault] : []),
    ...faultsOf("archive/corrupt", garbledNames(zip), garbled),
    ...faultsOf("archive/layout", strangers(zip, root), stranger),
    ...(await formatFaults(zip, root)),
  ];
}
