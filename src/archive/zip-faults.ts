import type { InputError } from "../errors.ts";
import { archiveFault, limitFaults } from "./faults.ts";
import { foldCase, unreadable, type Zip, type ZipEntry } from "./zip.ts";

/** Whether unpacking a file of this name could write outside the folder it is unpacked to. */
export function isUnsafePath(name: string): boolean {
  // Unpackers on Windows read a backslash as a slash.
  const path = name.replaceAll("\\", "/");
  return (
    path.startsWith("/") || /^[A-Za-z]:/.test(path) || path.includes("\0") || path.split("/").includes("..")
  );
}

function unsafePaths(zip: Zip): InputError[] {
  return zip.entries
    .filter((entry) => isUnsafePath(entry.name))
    .map((entry) => {
      const name = JSON.stringify(entry.name);
      return archiveFault("archive/unsafe-path", `the entry ${name} leads out of the archive`, {
        entry: entry.name,
      });
    });
}

function duplicates(zip: Zip): InputError[] {
  const seen = new Map<string, string>();
  const faults: InputError[] = [];
  for (const { name } of zip.entries) {
    const first = seen.get(foldCase(name));
    seen.set(foldCase(name), name);
    if (first === undefined) continue;
    const message =
      first === name
        ? `there are two entries ${name}`
        : `torch cannot tell the entries ${first} and ${name} apart`;
    faults.push(archiveFault("archive/duplicate-entry", message, { entry: name }));
  }
  return faults;
}

/** The least that an entry occupies; how long its local header's extra field is, only the header knows. */
function leastEnd(entry: ZipEntry): number {
  return entry.offset + 30 + new TextEncoder().encode(entry.name).length + entry.compressedSize;
}

/** Entries whose bytes overlap are how a small file says that it holds petabytes. */
function overlaps(zip: Zip): InputError[] {
  const sorted = [...zip.entries].sort((a, b) => a.offset - b.offset);
  const faults: InputError[] = [];
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1]!, sorted[i]!];
    if (leastEnd(before) <= after.offset || before.name === after.name) continue;
    const message = `the entries ${before.name} and ${after.name} overlap`;
    faults.push(archiveFault("archive/corrupt", message, { entry: after.name, offset: after.offset }));
  }
  return faults;
}

function outside(zip: Zip): InputError[] {
  return zip.entries
    .filter((entry) => leastEnd(entry) > zip.size)
    .map((entry) => {
      const message = `the entry ${entry.name} lies outside the file`;
      return archiveFault("archive/truncated", message, { entry: entry.name, offset: entry.offset });
    });
}

/** Everything that is wrong with a zip and can be told from its central directory alone. */
export function zipFaults(zip: Zip): InputError[] {
  const unread = zip.entries.map(unreadable).filter((fault) => fault !== undefined);
  return [
    ...limitFaults("archive/truncated", outside(zip)),
    ...limitFaults("archive/corrupt", overlaps(zip)),
    ...limitFaults("archive/unsupported", unread),
    ...limitFaults("archive/duplicate-entry", duplicates(zip)),
    ...limitFaults("archive/unsafe-path", unsafePaths(zip)),
  ];
}
