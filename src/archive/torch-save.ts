import type { ArchiveFile } from "./archive.ts";
import { archiveFault, within } from "./faults.ts";
import { MAX_PICKLE_BYTES, readPickle } from "./pickle.ts";
import type { PickleValue } from "./pickle-values.ts";
import { describeFile, isZip, SNIFF_BYTES } from "./sniff.ts";
import type { ByteSource } from "./source.ts";
import { openZip, type Zip } from "./zip.ts";

/** What torch.save wrote: a value whose tensors point into storages by their `storageKey`. */
export interface TorchSave {
  readonly value: PickleValue;
  /** The storages by key; each is read when it is asked for. */
  readonly storages: ReadonlyMap<string, ArchiveFile>;
}

async function requireZip(source: ByteSource): Promise<Zip> {
  const head = await source.read(0, Math.min(source.size, SNIFF_BYTES));
  if (isZip(head)) return openZip(source);
  const what = describeFile(head) ?? "something else";
  throw archiveFault(
    "archive/unsupported",
    `it should be what torch.save of torch >= 1.6 writes, but is ${what}`,
  );
}

async function requireLittleEndian(zip: Zip, root: string): Promise<void> {
  const entry = zip.find(`${root}byteorder`);
  if (entry === undefined || entry.size !== 3) return;
  if (new TextDecoder().decode(await zip.read(entry)) === "big") {
    throw archiveFault("archive/unsupported", "it was saved on a big-endian machine");
  }
}

function storagesOf(zip: Zip, root: string, outer: string): Map<string, ArchiveFile> {
  const prefix = `${root}data/`;
  const storages = new Map<string, ArchiveFile>();
  for (const entry of zip.entries) {
    if (!entry.name.startsWith(prefix)) continue;
    storages.set(entry.name.slice(prefix.length), {
      entry: `${outer}!${entry.name}`,
      size: entry.size,
      read: () => within(outer, () => zip.read(entry)),
      open: () => within(outer, () => zip.open(entry)),
    });
  }
  return storages;
}

/** As PyTorchStreamReader opens it: the first entry's folder is the root of all, and holds the version. */
async function requireLayout(zip: Zip, root: string): Promise<void> {
  const alien = zip.entries.find(({ name }) => !name.startsWith(root));
  if (alien !== undefined) {
    const message = `the entry ${JSON.stringify(alien.name)} is outside the root folder ${root}, which torch refuses`;
    throw archiveFault("archive/layout", message);
  }
  const version = zip.find(`${root}.data/version`) ?? zip.find(`${root}version`);
  if (version === undefined) throw archiveFault("archive/missing-entry", "it has no version");
  await zip.read(version);
}

/** Opens a torch.save file inside an archive, whose name `outer` is for messages. Reads its pickle alone. */
export function openTorchSave(source: ByteSource, outer: string): Promise<TorchSave> {
  return within(outer, async () => {
    const zip = await requireZip(source);
    // The root folder is mostly `archive`, or named after the file that was saved.
    const first = zip.entries[0]?.name ?? "";
    const root = first.slice(0, first.indexOf("/") + 1);
    const pickle = zip.find(`${root}data.pkl`);
    if (root === "" || pickle === undefined)
      throw archiveFault("archive/missing-entry", "it has no data.pkl");
    if (pickle.size > MAX_PICKLE_BYTES) {
      throw archiveFault("archive/too-large", `its pickle has ${pickle.size} bytes`, { size: pickle.size });
    }
    await requireLayout(zip, root);
    await requireLittleEndian(zip, root);
    return { value: readPickle(await zip.read(pickle)), storages: storagesOf(zip, root, outer) };
  });
}
