import type { ByteSource } from "./source.ts";

/** A document's bytes, read by ranges and at once: the decoder cannot wait in the middle of a value. */
export interface DocumentSource {
  readonly size: number;
  /** True when reading costs nothing, since the bytes are in memory anyway. */
  readonly resident: boolean;
  /** The bytes from `offset`, `length` of them or fewer; none only at the end. They may be put into `into`. */
  read(offset: number, length: number, into?: Uint8Array): Uint8Array;
}

export function memorySource(bytes: Uint8Array): DocumentSource {
  return {
    size: bytes.length,
    resident: true,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** `onRead` sees the document's bytes once, in order, when it is read from the beginning to the end. */
export function toDocumentSource(
  source: ByteSource,
  onRead?: (bytes: Uint8Array, isLast: boolean) => void,
): DocumentSource {
  let seen = 0;
  return {
    size: source.size,
    resident: source.resident,
    read(offset, length, into) {
      const bytes = source.readNow(offset, Math.min(length, source.size - offset), into);
      if (onRead && offset === seen && seen < source.size) {
        seen += bytes.length;
        onRead(bytes, seen === source.size);
      }
      return bytes;
    },
  };
}
