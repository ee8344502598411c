import { unzipRaw } from "unzipit";
import { InputError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { type DocumentSource, memorySource, toDocumentSource } from "./document-source.ts";
import { archiveFault } from "./faults.ts";
import { type ByteSource, bytesSource, eachChunk, MAX_ARRAY_BYTES, sliceSource } from "./source.ts";
import { utf8Checker } from "./utf8.ts";
import { findZipEnd } from "./zip-end.ts";

/** An entry as the central directory has it; torch leaves the sizes in its local headers zero. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes after decompression, as the directory says. */
  readonly size: number;
  readonly compressedSize: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  /** 0 also where the writer was told not to compute it (torch.serialization.set_crc32_options). */
  readonly crc32: number;
  /** Where the local header stands. */
  readonly offset: number;
}

export interface Zip {
  readonly size: number;
  readonly entries: readonly ZipEntry[];
  /** The last entry of that name, without regard to case, which is the one that torch's reader takes. */
  find(name: string): ZipEntry | undefined;
  /** All the bytes of an entry: one copy, and none where a stored entry is in memory already. */
  read(entry: ZipEntry): Promise<Uint8Array>;
  /** Like `read`, and compares the checksum; a difference is kept in `checksumFaults`. */
  readChecked(entry: ZipEntry): Promise<Uint8Array>;
  /** Compares the checksum, and keeps nothing of the bytes; `progress` gets how many have been read. */
  verify(entry: ZipEntry, progress: (done: number) => void): Promise<void>;
  /** Like `readChecked`, for what has to be UTF-8; what is not is among the faults too. */
  readText(entry: ZipEntry): Promise<Uint8Array>;
  /** Like `readText`, but a stored entry is read by ranges; it is compared when all has been read. */
  openText(entry: ZipEntry): Promise<DocumentSource>;
  /** A stored entry as a source of its own, without reading it; a deflated one is inflated first. */
  open(entry: ZipEntry): Promise<ByteSource>;
  /** What the entries that have been read turned out to be: their checksums, and their text. */
  readonly checksumFaults: readonly InputError[];
}

/** The largest central directory that is read: about 60,000 entries; real programs have a few thousand. */
export const MAX_DIRECTORY_BYTES = 2 ** 23;
/** What inflates to no more than this is inflated whatever its ratio. */
const FREE_INFLATED_BYTES = 2 ** 26;
/** Beyond `FREE_INFLATED_BYTES` an entry may inflate this many times; JSON of real programs does 20 to 40. */
const MAX_INFLATE_RATIO = 200;

const LOCAL_HEADER_SIZE = 30;
const LOCAL_SIGNATURE = 0x04034b50;

/** What torch compares names by: miniz folds ASCII capitals when it looks a name up. */
export function foldCase(name: string): string {
  return name.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

type RawZip = Awaited<ReturnType<typeof unzipRaw>>;
type RawZipEntry = RawZip["entries"][number];

async function readDirectory(source: ByteSource): Promise<RawZip> {
  const read = async (offset: number, length: number) => {
    if (length > MAX_DIRECTORY_BYTES) {
      throw archiveFault("archive/too-large", `the central directory is said to take ${length} bytes`, {
        length,
      });
    }
    return (await source.read(offset, length)) as Uint8Array<ArrayBuffer>;
  };
  try {
    return await unzipRaw({ getLength: async () => source.size, read });
  } catch (error) {
    if (error instanceof InputError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const rule = /multi-volume|strong encryption/.test(text) ? "archive/unsupported" : "archive/corrupt";
    throw archiveFault(rule, `the central directory cannot be read: ${text}`, {}, error);
  }
}

function toEntry(entry: RawZipEntry): ZipEntry {
  // unzipit keeps offset and checksum to itself; tsc and a test tell when a new version moves them.
  // biome-ignore lint/complexity/useLiteralKeys: a private field is reachable in brackets only
  const raw = entry["_rawEntry"];
  return {
    name: entry.name,
    size: entry.size,
    compressedSize: entry.compressedSize,
    method: entry.compressionMethod,
    encrypted: entry.encrypted,
    crc32: raw.crc32,
    offset: raw.relativeOffsetOfLocalHeader,
  };
}

/** Whether an entry is stored or compressed in a way that is read here and by torch. */
export function isReadable(entry: ZipEntry): boolean {
  return !entry.encrypted && (entry.method === 0 || entry.method === 8);
}

/** Says why an entry is not readable. */
export function unreadable(entry: ZipEntry): InputError {
  const data = { entry: entry.name };
  if (entry.encrypted)
    return archiveFault("archive/unsupported", `the entry ${entry.name} is encrypted`, data);
  const message = `the entry ${entry.name} is compressed in a way (method ${entry.method}) that torch does not read`;
  return archiveFault("archive/unsupported", message, { ...data, method: entry.method });
}

/** Why reading an entry would take more memory than the archive justifies; undefined when it would not. */
function oversized(entry: ZipEntry): InputError | undefined {
  const data = { entry: entry.name, size: entry.size, compressedSize: entry.compressedSize };
  if (entry.size > MAX_ARRAY_BYTES) {
    const message = `the entry ${entry.name} has ${entry.size} bytes, more than fit into one array`;
    return archiveFault("archive/too-large", message, data);
  }
  const limit = Math.max(FREE_INFLATED_BYTES, entry.compressedSize * MAX_INFLATE_RATIO);
  if (entry.method === 0 || entry.size <= limit) return undefined;
  const message = `the entry ${entry.name} is said to inflate from ${entry.compressedSize} to ${entry.size} bytes`;
  return archiveFault("archive/too-large", message, data);
}

/** The fault of an entry that torch decodes as UTF-8 and that is none. */
export function notText({ name }: ZipEntry): InputError {
  return archiveFault("archive/corrupt", `the entry ${name} is no UTF-8, which torch reads it as`, {
    entry: name,
  });
}

/** Where the bytes of an entry begin. The local header is asked for nothing but its own length. */
async function dataStart(source: ByteSource, entry: ZipEntry): Promise<number> {
  const outside = archiveFault("archive/truncated", `the entry ${entry.name} lies outside the file`, {
    entry: entry.name,
    offset: entry.offset,
  });
  if (entry.offset + LOCAL_HEADER_SIZE > source.size) throw outside;
  const bytes = await source.read(entry.offset, LOCAL_HEADER_SIZE);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw archiveFault("archive/corrupt", `there is no entry where the directory says ${entry.name} is`, {
      entry: entry.name,
      offset: entry.offset,
    });
  }
  const start = entry.offset + LOCAL_HEADER_SIZE + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.compressedSize > source.size) throw outside;
  return start;
}

async function inflate(raw: RawZipEntry): Promise<Uint8Array> {
  try {
    // In chunks, and it gives up when more comes out than the directory says.
    return new Uint8Array(await raw.arrayBuffer());
  } catch (error) {
    if (error instanceof InputError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw archiveFault(
      "archive/corrupt",
      `the entry ${raw.name} cannot be decompressed: ${text}`,
      { entry: raw.name },
      error,
    );
  }
}

/** Reads the central directory of a zip, and no entry. */
export async function openZip(whole: ByteSource): Promise<Zip> {
  const found = await findZipEnd(whole);
  if (found === undefined) {
    throw archiveFault("archive/truncated", "the file begins as a zip but has no central directory", {
      size: whole.size,
    });
  }
  if (found.fault) throw found.fault;
  const source = found.end === whole.size ? whole : sliceSource(whole, 0, found.end);
  const raws = new Map<ZipEntry, RawZipEntry>();
  const byName = new Map<string, ZipEntry>();
  for (const raw of (await readDirectory(source)).entries) {
    const entry = toEntry(raw);
    raws.set(entry, raw);
    byName.set(foldCase(entry.name), entry);
  }
  return makeZip(source, raws, byName);
}

function makeZip(source: ByteSource, raws: Map<ZipEntry, RawZipEntry>, byName: Map<string, ZipEntry>): Zip {
  const checksumFaults = new Map<ZipEntry, InputError>();
  const read = async (entry: ZipEntry): Promise<Uint8Array> => {
    if (!isReadable(entry)) throw unreadable(entry);
    const refused = oversized(entry);
    if (refused) throw refused;
    const start = await dataStart(source, entry);
    return entry.method === 0 ? source.read(start, entry.size) : inflate(raws.get(entry)!);
  };
  const compare = (entry: ZipEntry, checksum: number): void => {
    if (entry.crc32 === 0 || checksum === entry.crc32) return;
    const message = `the checksum of the entry ${entry.name} does not match its bytes`;
    checksumFaults.set(entry, archiveFault("archive/checksum", message, { entry: entry.name }));
  };
  const textFaults = new Map<ZipEntry, InputError>();
  const requireText = (entry: ZipEntry, isText: boolean): void => {
    if (!isText) textFaults.set(entry, notText(entry));
  };
  return {
    size: source.size,
    entries: [...raws.keys()],
    find: (name) => byName.get(foldCase(name)),
    read,
    async readChecked(entry) {
      const bytes = await read(entry);
      compare(entry, crc32(bytes));
      return bytes;
    },
    async verify(entry, progress) {
      let checksum = 0;
      await eachChunk(await this.open(entry), (bytes, offset) => {
        checksum = crc32(bytes, checksum);
        progress(offset + bytes.length);
      });
      compare(entry, checksum);
    },
    async readText(entry) {
      const bytes = await this.readChecked(entry);
      requireText(entry, utf8Checker()(bytes, true));
      return bytes;
    },
    async openText(entry) {
      if (!isReadable(entry)) throw unreadable(entry);
      if (entry.method !== 0) return memorySource(await this.readText(entry));
      let checksum = 0;
      const isText = utf8Checker();
      return toDocumentSource(
        sliceSource(source, await dataStart(source, entry), entry.size),
        (bytes, isLast) => {
          checksum = crc32(bytes, checksum);
          requireText(entry, isText(bytes, isLast));
          if (isLast) compare(entry, checksum);
        },
      );
    },
    async open(entry) {
      if (!isReadable(entry)) throw unreadable(entry);
      if (entry.method !== 0) return bytesSource(await read(entry));
      return sliceSource(source, await dataStart(source, entry), entry.size);
    },
    get checksumFaults() {
      return [...checksumFaults.values(), ...textFaults.values()];
    },
  };
}
