import { archiveFault } from "./faults.ts";

/** Bytes that are read by ranges: a file, an array in memory, or a part of either. */
export interface ByteSource {
  readonly size: number;
  /** The bytes [offset, offset + length): a view where the bytes are in memory already, else a new array. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The longest array that Node 20 can make: 4 GiB. */
export const MAX_ARRAY_BYTES = 2 ** 32;

/** One read(2) moves at most 2 GiB less a page. */
const MAX_READ_BYTES = 2 ** 30;

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
  return {
    size: bytes.byteLength,
    async read(offset, length) {
      checkRange(offset, length, bytes.byteLength);
      // Not bytes.subarray: a Buffer's subarray is a Buffer, and callers are promised no more than bytes.
      return new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
    },
    async close() {},
  };
}

/** A part of another source. Closing it leaves the whole open. */
export function sliceSource(source: ByteSource, start: number, size: number): ByteSource {
  checkRange(start, Math.min(size, MAX_ARRAY_BYTES), source.size);
  checkRange(start + size, 0, source.size);
  return {
    size,
    async read(offset, length) {
      checkRange(offset, length, size);
      return source.read(start + offset, length);
    },
    async close() {},
  };
}

/** An error as the file system throws it: with a `code`, for a path that is no fault of an archive. */
function systemError(code: string, message: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${message}, open '${path}'`), { code, path });
}

/**
 * Opens a file for reading by ranges. A path that cannot be read (ENOENT, EACCES, EISDIR) is an ordinary
 * error with a `code`, not an `InputError`: nothing is known of its contents.
 */
export async function fileSource(path: string): Promise<ByteSource> {
  // Not a static import: everything else in this folder also runs where there is no file system.
  const { open } = await import("node:fs/promises");
  // O_NONBLOCK, so that opening a pipe without a writer comes back instead of waiting for one.
  const { O_RDONLY, O_NONBLOCK = 0 } = (await import("node:fs")).constants;
  const handle = await open(path, O_RDONLY | O_NONBLOCK);
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    if (stat.isDirectory()) throw systemError("EISDIR", "illegal operation on a directory", path);
    throw systemError("EINVAL", "not a regular file", path);
  }
  return {
    size: stat.size,
    async read(offset, length) {
      checkRange(offset, length, stat.size);
      // Not zeroed and not from the pool: every byte is overwritten below, or this throws.
      const bytes = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length; ) {
        const want = Math.min(length - done, MAX_READ_BYTES);
        const { bytesRead } = await handle.read(bytes, done, want, offset + done);
        if (bytesRead === 0) {
          throw archiveFault("archive/truncated", "the file became shorter while it was read", { offset });
        }
        done += bytesRead;
      }
      return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
    },
    close: () => handle.close(),
  };
}
