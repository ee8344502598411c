import { isUtf8 } from "node:buffer";

/** How many bytes at the end begin a character that they do not finish: three at most. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}

/** Tells whether bytes that come in pieces are UTF-8 so far; it is given each piece, in order. */
export function utf8Checker(): (bytes: Uint8Array, isLast: boolean) => boolean {
  let isText = true;
  let rest: Uint8Array = new Uint8Array(0);
  return (bytes, isLast) => {
    const whole = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const end = whole.length - (isLast ? 0 : unfinished(whole));
    isText &&= isUtf8(whole.subarray(0, end));
    rest = whole.slice(end);
    return isText;
  };
}
