interface NativeZlib {
  crc32?(bytes: Uint8Array, before: number): number;
}

/** zlib's own, where there is one (Node >= 20.15): 4.7 GB/s, against 0.4 GB/s for the table below. */
const native: NativeZlib | undefined = globalThis.process?.getBuiltinModule?.("node:zlib");

let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  const made = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    made[n] = c >>> 0;
  }
  return made;
}

/** The checksum as ZIP defines it, without native help. */
export function crc32InScript(bytes: Uint8Array, before = 0): number {
  const t = (table ??= makeTable());
  let c = before ^ 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = t[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** The checksum as ZIP defines it: unsigned, 32 bits. `before` is that of the bytes before these. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return native?.crc32 ? native.crc32(bytes, before) : crc32InScript(bytes, before);
}
