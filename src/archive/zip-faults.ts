import type { InputError } from "../errors.ts";
import { archiveFault, faultsOf, gather } from "./faults.ts";
import { foldCase, isReadable, unreadable, type Zip, type ZipEntry } from "./zip.ts";

/** Whether unpacking a file of this name could write outside the folder it is unpacked to. */
export function isUnsafePath(name: string): boolean {
  // Unpackers on Windows read a backslash as a slash.
  const path = name.replaceAll("\\", "/");
  return (
    path.startsWith("/") || /^[A-Za-z]:/.test(path) || path.includes("\0") || path.split("/").includes("..")
  );
}

function unsafePath({ name }: ZipEntry): InputError {
  return archiveFault("archive/unsafe-path", `the entry ${JSON.stringify(name)} leads out of the archive`, {
    entry: name,
  });
}

type Pair = readonly [before: ZipEntry, after: ZipEntry];

/** Entries of one name, as torch compares names. */
function duplicates(zip: Zip): Pair[] {
  const seen = new Map<string, ZipEntry>();
  const pairs: Pair[] = [];
  for (const entry of zip.entries) {
    const folded = foldCase(entry.name);
    const before = seen.get(folded);
    if (before) pairs.push([before, entry]);
    seen.set(folded, entry);
  }
  return pairs;
}

function duplicate([{ name: first }, { name }]: Pair): InputError {
  const message =
    first === name
      ? `there are two entries ${name}`
      : `torch cannot tell the entries ${first} and ${name} apart`;
  return archiveFault("archive/duplicate-entry", message, { entry: name });
}

const encoder = new TextEncoder();

/** The least that an entry occupies; how long its local header's extra field is, only the header knows. */
function leastEnd(entry: ZipEntry): number {
  return entry.offset + 30 + encoder.encode(entry.name).length + entry.compressedSize;
}

/** Entries whose bytes overlap are how a small file says that it holds petabytes. */
function overlapping(zip: Zip): Pair[] {
  const sorted = [...zip.entries].sort((a, b) => a.offset - b.offset);
  const pairs: Pair[] = [];
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1]!, sorted[i]!];
    if (leastEnd(before) > after.offset && before.name !== after.name) pairs.push([before, after]);
  }
  return pairs;
}

function overlap([before, after]: Pair): InputError {
  const message = `the entries ${before.name} and ${after.name} overlap`;
  return archiveFault("archive/corrupt", message, { entry: after.name, offset: after.offset });
}

function outside({ name, offset }: ZipEntry): InputError {
  return archiveFault("archive/truncated", `the entry ${name} lies outside the file`, {
    entry: name,
    offset,
  });
}

/** Everything that is wrong with a zip and can be told from its central directory alone. */
export function zipFaults(zip: Zip): InputError[] {
  const those = (test: (entry: ZipEntry) => boolean) => zip.entries.filter(test);
  return [
    ...faultsOf(
      "archive/truncated",
      those((entry) => leastEnd(entry) > zip.size),
      outside,
    ),
    ...faultsOf("archive/corrupt", overlapping(zip), overlap),
    ...faultsOf(
      "archive/unsupported",
      those((entry) => !isReadable(entry)),
      unreadable,
    ),
    ...faultsOf("archive/duplicate-entry", duplicates(zip), duplicate),
    ...faultsOf(
      "archive/unsafe-path",
      those(({ name }) => isUnsafePath(name)),
      unsafePath,
    ),
  ];
}

/** Reads every entry once; `makeZip` keeps what differs. An entry that cannot be read is a fault of its own. */
export async function verifyChecksums(
  zip: Zip,
  progress: (done: number, total: number) => void = () => {},
): Promise<void> {
  const total = zip.entries.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const entry of zip.entries) {
    progress(done, total);
    const before = done;
    await gather(async () => {
      await zip.verify(entry, (read) => progress(before + read, total));
      return [];
    });
    done += entry.size;
  }
  progress(total, total);
}
