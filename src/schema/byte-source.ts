/** Bytes that are read by ranges, synchronously: a document in memory or in a file. */
export interface ByteSource {
  readonly size: number;
  /** True when reading costs nothing, since the bytes are in memory anyway. */
  readonly resident: boolean;
  /** The bytes from `offset`, `length` of them or fewer; none only at the end. */
  read(offset: number, length: number): Uint8Array;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    resident: true,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}
