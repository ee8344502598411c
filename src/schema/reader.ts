import { Raw } from "./raw.ts";

/** Where and why reading stopped. The decoder turns the offset into a JSON path. */
export class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Longer strings are seldom repeated, and hashing them would cost more than it saves. */
const LONGEST_INTERNED = 64;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor over JSON text in bytes. Equal short strings come out as one and the same string object. */
export class Reader {
  readonly bytes: Buffer;
  pos = 0;
  readonly #strings = new InternTable();

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves past white space and returns the byte there, or -1 at the end. */
  peek(): number {
    const { bytes } = this;
    let { pos } = this;
    while (pos < bytes.length) {
      const c = bytes[pos]!;
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) {
        this.pos = pos;
        return c;
      }
      pos++;
    }
    this.pos = pos;
    return -1;
  }

  expect(byte: number): void {
    if (this.peek() !== byte) this.fail(`expected '${String.fromCharCode(byte)}', found ${this.found()}`);
    this.pos++;
  }

  /** After an element: true when a comma says that another follows, false when `close` ends the list. */
  more(close: number): boolean {
    const c = this.peek();
    if (c === 0x2c) {
      this.pos++;
      return true;
    }
    if (c !== close) this.fail(`expected ',' or '${String.fromCharCode(close)}', found ${this.found()}`);
    this.pos++;
    return false;
  }

  /** True, and past it, when the bytes at the cursor are exactly `text`. */
  accept(text: Uint8Array): boolean {
    const { bytes, pos } = this;
    for (let i = 0; i < text.length; i++) if (bytes[pos + i] !== text[i]) return false;
    this.pos = pos + text.length;
    return true;
  }

  string(): string {
    if (this.peek() !== QUOTE) this.fail(`expected a string, found ${this.found()}`);
    const { bytes } = this;
    const start = this.pos + 1;
    let hash = 0x811c9dc5;
    let p = start;
    for (; p < bytes.length; p++) {
      const c = bytes[p]!;
      if (c === QUOTE) break;
      if (c === BACKSLASH || c >= 0x80 || c < 0x20) return this.#unusualString(start);
      hash = Math.imul(hash ^ c, 0x01000193);
    }
    if (p >= bytes.length) this.fail("the document ends inside a string");
    this.pos = p + 1;
    if (p - start > LONGEST_INTERNED) return bytes.toString("latin1", start, p);
    return this.#strings.get(bytes, start, p, hash);
  }

  /** A string with escapes or beyond ASCII. */
  #unusualString(start: number): string {
    const open = this.pos;
    this.skipString();
    try {
      const text = utf8.decode(this.bytes.subarray(start, this.pos - 1));
      return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : checkedControl(text);
    } catch {
      throw new Fault(open, "not a valid JSON string");
    }
  }

  skipString(): void {
    const { bytes } = this;
    let end = bytes.indexOf(QUOTE, this.pos + 1);
    while (end > 0 && this.#escaped(end)) end = bytes.indexOf(QUOTE, end + 1);
    if (end < 0) this.fail("the document ends inside a string");
    this.pos = end + 1;
  }

  #escaped(quote: number): boolean {
    let p = quote - 1;
    while (p > this.pos && this.bytes[p] === BACKSLASH) p--;
    return (quote - 1 - p) % 2 === 1;
  }

  /** The text of a number, or of a literal such as `NaN`, at the cursor; empty when there is none. */
  token(): string {
    this.peek();
    const { bytes, pos } = this;
    let p = pos;
    for (; p < bytes.length; p++) {
      const c = bytes[p]!;
      const word = (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a);
      if (!word && c !== 0x2d && c !== 0x2b && c !== 0x2e) break;
    }
    this.pos = p;
    return bytes.toString("latin1", pos, p);
  }

  /** The integer at the cursor when it is one of at most 9 digits without a sign; -1, and not past it, otherwise. */
  smallInt(): number {
    let c = this.peek();
    const { bytes, pos } = this;
    let value = 0;
    let p = pos;
    for (; c >= 0x30 && c <= 0x39; c = bytes[++p]!) value = value * 10 + c - 0x30;
    const digits = p - pos;
    const more = c === 0x2e || c === 0x65 || c === 0x45 || c === 0x2d || (c >= 0x61 && c <= 0x7a);
    if (digits === 0 || digits > 9 || more || (digits > 1 && bytes[pos] === 0x30)) return -1;
    this.pos = p;
    return value;
  }

  /** Skips `{"...: "...", ...}`, which is what node metadata is. */
  skipStringDict(): Raw {
    if (this.peek() !== 0x7b) this.fail(`expected an object of strings, found ${this.found()}`);
    const start = this.pos++;
    if (this.peek() === 0x7d) {
      this.pos++;
      return new Raw(start, this.pos);
    }
    do {
      if (this.peek() !== QUOTE) this.fail(`expected a key, found ${this.found()}`);
      this.skipString();
      this.expect(0x3a);
      if (this.peek() !== QUOTE) this.fail(`expected a string, found ${this.found()}`);
      this.skipString();
    } while (this.more(0x7d));
    return new Raw(start, this.pos);
  }

  /** Skips any JSON value, without recursion. */
  skipValue(): Raw {
    this.peek();
    const start = this.pos;
    const closers: number[] = [];
    do {
      const c = this.peek();
      if (c === 0x7b || c === 0x5b) {
        closers.push(c + 2);
        this.pos++;
      } else if (closers.length > 0 && c === closers[closers.length - 1]) {
        closers.pop();
        this.pos++;
      } else if (c === QUOTE) this.skipString();
      else if (closers.length > 0 && (c === 0x2c || c === 0x3a)) this.pos++;
      else if (this.token() === "") this.fail(`expected a value, found ${this.found()}`);
    } while (closers.length > 0);
    return new Raw(start, this.pos);
  }

  /** What stands at the cursor, in words, for an error. */
  found(): string {
    const c = this.peek();
    if (c < 0) return "the end of the document";
    if (c === 0x7b) return "an object";
    if (c === 0x5b) return "a list";
    if (c === QUOTE) return "a string";
    const { pos } = this;
    const token = this.token();
    this.pos = pos;
    return token === "" ? JSON.stringify(String.fromCharCode(c)) : token;
  }

  fail(message: string): never {
    throw new Fault(Math.min(this.pos, this.bytes.length), message);
  }
}

function checkedControl(text: string): string {
  if (/[\u0000-\u001f]/.test(text)) throw new Error("control character");
  return text;
}

/** Strings by their bytes: a hash table that compares with the place where a string was first seen. */
class InternTable {
  #slots = new Int32Array(1 << 12);
  #hashes: number[] = [0];
  #strings: string[] = [""];

  get(bytes: Buffer, start: number, end: number, hash: number): string {
    let mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const entry = this.#slots[slot]!;
      if (entry === 0) break;
      const known = this.#strings[entry]!;
      if (this.#hashes[entry] === hash && equals(bytes, start, end, known)) return known;
      slot = (slot + 1) & mask;
    }
    const text = bytes.toString("latin1", start, end);
    this.#slots[slot] = this.#strings.length;
    this.#strings.push(text);
    this.#hashes.push(hash);
    if (this.#strings.length * 2 > this.#slots.length) {
      const grown = new Int32Array(this.#slots.length * 4);
      mask = grown.length - 1;
      for (let entry = 1; entry < this.#strings.length; entry++) {
        const h = this.#hashes[entry]!;
        let at = (h ^ (h >>> 15)) & mask;
        while (grown[at] !== 0) at = (at + 1) & mask;
        grown[at] = entry;
      }
      this.#slots = grown;
    }
    return text;
  }
}

function equals(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
