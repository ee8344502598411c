import { archiveFault } from "./faults.ts";

/** Bytes that are read by ranges: a file, an array in memory, or a part of either. */
export interface ByteSource {
  readonly size: number;
  /** True when the bytes are in memory, so that reading them costs nothing. */
  readonly resident: boolean;
  /** The bytes [offset, offset + length): a view where the bytes are in memory already, else a new array. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same without waiting. A source that copies puts the bytes into `into`, which must have room for them. */
  readNow(offset: number, length: number, into?: Uint8Array): Uint8Array;
  close(): Promise<void>;
}

/** The longest array that Node 20 can make: 4 GiB. */
export const MAX_ARRAY_BYTES = 2 ** 32;

/** How much of a weight is in memory at a time when it is gone through; a multiple of every element's size. */
const CHUNK_BYTES = 2 ** 24;

/** Goes through a source from its beginning to its end, and hands over one stretch after another with its offset. */
export async function eachChunk(
  source: ByteSource,
  visit: (bytes: Uint8Array, offset: number) => void,
): Promise<void> {
  for (let offset = 0; offset < source.size; offset += CHUNK_BYTES) {
    visit(await source.read(offset, Math.min(CHUNK_BYTES, source.size - offset)), offset);
  }
}

/** One read(2) moves at most 2 GiB less a page. */
const MAX_READ_BYTES = 2 ** 30;

/** Less is there sooner than another thread can be asked for it. */
const MAX_READ_AT_ONCE = 2 ** 20;

function checkRange(offset: number, length: number, size: number): void {
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0) {
    if (offset + length > size) {
      throw archiveFault(
        "archive/truncated",
        `bytes ${offset} to ${offset + length} are needed, but there are only ${size}`,
        { offset, length, size },
      );
    }
    if (length > MAX_ARRAY_BYTES) {
      throw archiveFault("archive/too-large", `${length} bytes do not fit into one array`, {
        offset,
        length,
      });
    }
    return;
  }
  throw archiveFault("archive/corrupt", `a range of ${length} bytes at ${offset} makes no sense`);
}

/** A source over bytes in memory; what it reads are views, never copies. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  const readNow = (offset: number, length: number): Uint8Array => {
    checkRange(offset, length, bytes.byteLength);
    // Not bytes.subarray: a Buffer's subarray is a Buffer, and callers are promised no more than bytes.
    return new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
  };
  return {
    size: bytes.byteLength,
    resident: true,
    read: async (offset, length) => readNow(offset, length),
    readNow,
    async close() {},
  };
}

/** A part of another source. Closing it leaves the whole open. */
export function sliceSource(source: ByteSource, start: number, size: number): ByteSource {
  checkRange(start, Math.min(size, MAX_ARRAY_BYTES), source.size);
  checkRange(start + size, 0, source.size);
  return {
    size,
    resident: source.resident,
    async read(offset, length) {
      checkRange(offset, length, size);
      return source.read(start + offset, length);
    },
    readNow(offset, length, into) {
      checkRange(offset, length, size);
      return source.readNow(start + offset, length, into);
    },
    async close() {},
  };
}

/** An error as the file system throws it: with a `code`, for a path that is no fault of an archive. */
function systemError(code: string, message: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${message}, open '${path}'`), { code, syscall: "open", path });
}

/**
 * Opens a file for reading by ranges. A path that cannot be read (ENOENT, EACCES, EISDIR) is an ordinary
 * error with a `code`, not an `InputError`: nothing is known of its contents.
 */
export async function fileSource(path: string): Promise<ByteSource> {
  // Not an import: everything else in this folder also runs where there is no file system.
  const fs = process.getBuiltinModule("node:fs");
  const { closeSync, constants, fstatSync, openSync, readSync } = fs;
  // O_NONBLOCK, so that opening a pipe without a writer comes back instead of waiting for one.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stat = fstatSync(fd);
  if (!stat.isFile()) {
    closeSync(fd);
    if (stat.isDirectory()) throw systemError("EISDIR", "illegal operation on a directory", path);
    throw systemError("EINVAL", "not a regular file", path);
  }
  let isOpen = true;
  // The system gives the number of a closed file to the next one that is opened.
  const checkOpen = (): void => {
    if (!isOpen) throw new Error(`${path} is closed: what is read on demand is not there any more`);
  };
  const readNow: ByteSource["readNow"] = (offset, length, into) => {
    checkOpen();
    checkRange(offset, length, stat.size);
    const bytes = into?.subarray(0, length) ?? allocate(length);
    for (let done = 0; done < length; ) {
      done += someRead(readSync(fd, bytes, done, portion(length - done), offset + done), offset);
    }
    return plain(bytes);
  };
  const readSome = (bytes: Buffer, done: number, offset: number): Promise<number> =>
    new Promise((resolve, reject) => {
      fs.read(fd, bytes, done, portion(bytes.length - done), offset + done, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  return {
    size: stat.size,
    resident: false,
    async read(offset, length) {
      if (length <= MAX_READ_AT_ONCE) return readNow(offset, length);
      checkOpen();
      checkRange(offset, length, stat.size);
      const bytes = allocate(length);
      for (let done = 0; done < length; ) done += someRead(await readSome(bytes, done, offset), offset);
      return plain(bytes);
    },
    readNow,
    async close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** Not zeroed and not from the pool: whoever asks overwrites every byte or throws. */
const allocate = (length: number): Buffer => Buffer.allocUnsafeSlow(length);
const portion = (length: number): number => Math.min(length, MAX_READ_BYTES);
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

function someRead(bytesRead: number, offset: number): number {
  if (bytesRead > 0) return bytesRead;
  throw archiveFault("archive/truncated", "the file became shorter while it was read", { offset });
}
