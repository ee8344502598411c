import type { DocumentSource } from "../archive/document-source.ts";
import { InternTable } from "./intern.ts";
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
/** No number in a document has nearly as many digits. */
const LONGEST_TOKEN = 4096;
const WINDOW = 1 << 17;
const NOTHING = Buffer.alloc(0);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A cursor over JSON text in bytes, of which only a window is in memory: a document of gigabytes costs no more
 * than what is made of it. Equal short strings come out as one and the same string object.
 */
export class Reader {
  readonly #source: DocumentSource;
  readonly #strings = new InternTable();
  /** The window, the cursor in it, its end, and the offset of its first byte in the document. */
  #bytes: Buffer;
  #pos = 0;
  #end: number;
  #base: number;

  constructor(source: DocumentSource) {
    this.#source = source;
    this.#base = 0;
    this.#bytes = source.resident ? asBuffer(source.read(0, source.size)) : NOTHING;
    this.#end = this.#bytes.length;
  }

  /** The cursor's offset in the document. */
  get offset(): number {
    return this.#base + this.#pos;
  }

  /** Moves on to an offset; bytes between are not looked at. */
  skipTo(offset: number): void {
    this.#pos = offset - this.#base;
    if (this.#pos <= this.#end) return;
    this.#base = offset;
    this.#pos = this.#end = 0;
  }

  /**
   * Reads on, keeping the window from `from`. Positions in the window shrink by `from`; false at the document's end.
   */
  #grow(from: number): boolean {
    const next = this.#base + this.#end;
    if (next >= this.#source.size) return false;
    const kept = this.#end - from;
    let target = this.#bytes;
    if (target.length < kept + WINDOW) target = Buffer.allocUnsafeSlow(Math.max(2 * kept, 2 * WINDOW));
    this.#bytes.copy(target, 0, from, this.#end);
    const room = target.subarray(kept);
    const more = this.#source.read(next, room.length, room);
    if (more.buffer !== target.buffer) target.set(more, kept);
    this.#bytes = target;
    this.#end = kept + more.length;
    this.#base += from;
    this.#pos -= from;
    return more.length > 0;
  }

  /** Moves past white space and returns the byte there, or -1 at the end. */
  peek(): number {
    for (;;) {
      while (this.#pos < this.#end) {
        const c = this.#bytes[this.#pos]!;
        if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return c;
        this.#pos++;
      }
      if (!this.#grow(this.#pos)) return -1;
    }
  }

  /** Past the byte that `peek` returned. */
  next(): void {
    this.#pos++;
  }

  expect(byte: number): void {
    if (this.peek() !== byte) this.fail(`expected '${String.fromCharCode(byte)}', found ${this.found()}`);
    this.#pos++;
  }

  /** After an element: true when a comma says that another follows, false when `close` ends the list. */
  more(close: number): boolean {
    const c = this.peek();
    if (c !== 0x2c && c !== close) {
      this.fail(`expected ',' or '${String.fromCharCode(close)}', found ${this.found()}`);
    }
    this.#pos++;
    return c === 0x2c;
  }

  /** True, and past it, when the bytes at the cursor are exactly `text`. */
  accept(text: Uint8Array): boolean {
    while (this.#end - this.#pos < text.length) if (!this.#grow(this.#pos)) return false;
    const bytes = this.#bytes;
    const pos = this.#pos;
    for (let i = 0; i < text.length; i++) if (bytes[pos + i] !== text[i]) return false;
    this.#pos = pos + text.length;
    return true;
  }

  string(): string {
    if (this.peek() !== QUOTE) this.fail(`expected a string, found ${this.found()}`);
    let bytes = this.#bytes;
    let hash = 0x811c9dc5;
    let p = this.#pos + 1;
    for (; ; p++) {
      if (p >= this.#end) {
        p -= this.#pos;
        if (!this.#grow(this.#pos)) this.fail("the document ends inside a string");
        bytes = this.#bytes;
      }
      const c = bytes[p]!;
      if (c === QUOTE) break;
      if (c === BACKSLASH || c >= 0x80 || c < 0x20) return this.#unusualString();
      hash = Math.imul(hash ^ c, 0x01000193);
    }
    const start = this.#pos + 1;
    this.#pos = p + 1;
    if (p - start > LONGEST_INTERNED) return bytes.toString("latin1", start, p);
    return this.#strings.get(bytes, start, p, hash);
  }

  /**
   * The string between `before` and `after`, and past all three, when the bytes at the cursor are just that and the
   * string is plain and short; otherwise undefined, and the cursor stays.
   */
  quotedBetween(before: Uint8Array, after: Uint8Array): string | undefined {
    const bytes = this.#bytes;
    let p = this.#pos;
    if (p + before.length + LONGEST_INTERNED + after.length + 2 > this.#end) return undefined;
    for (let i = 0; i < before.length; i++) if (bytes[p++] !== before[i]) return undefined;
    if (bytes[p++] !== QUOTE) return undefined;
    const start = p;
    let hash = 0x811c9dc5;
    for (; bytes[p] !== QUOTE; p++) {
      const c = bytes[p]!;
      if (c === BACKSLASH || c >= 0x80 || c < 0x20 || p - start >= LONGEST_INTERNED) return undefined;
      hash = Math.imul(hash ^ c, 0x01000193);
    }
    const end = p++;
    for (let i = 0; i < after.length; i++) if (bytes[p++] !== after[i]) return undefined;
    this.#pos = p;
    return this.#strings.get(bytes, start, end, hash);
  }

  /** A string with escapes or beyond ASCII. */
  #unusualString(): string {
    const { offset } = this;
    const length = this.skipString();
    try {
      const text = utf8.decode(this.#bytes.subarray(this.#pos - length + 1, this.#pos - 1));
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw new Fault(offset, "not a valid JSON string");
    }
  }

  /** Past the string at the cursor, all of which is in the window then. Returns its length with the quotes. */
  skipString(): number {
    let from = 1;
    for (;;) {
      const quote = this.#bytes.indexOf(QUOTE, this.#pos + from);
      if (quote < 0 || quote >= this.#end) {
        from = this.#end - this.#pos;
        if (!this.#grow(this.#pos)) this.fail("the document ends inside a string");
      } else if (this.#isEscaped(quote)) from = quote + 1 - this.#pos;
      else {
        const length = quote + 1 - this.#pos;
        this.#pos = quote + 1;
        return length;
      }
    }
  }

  #isEscaped(quote: number): boolean {
    let p = quote - 1;
    while (p > this.#pos && this.#bytes[p] === BACKSLASH) p--;
    return (quote - 1 - p) % 2 === 1;
  }

  /** The integer at the cursor when it is one of at most 9 digits without a sign; -1, and not past it, otherwise. */
  smallInt(): number {
    this.peek();
    // Nine digits and what follows them; a document cannot end with a number, so less means that it is broken.
    while (this.#end - this.#pos < 10 && this.#grow(this.#pos));
    const bytes = this.#bytes;
    const pos = this.#pos;
    let value = 0;
    let p = pos;
    let c = bytes[p]!;
    for (; c >= 0x30 && c <= 0x39 && p - pos < 10; c = bytes[++p]!) value = value * 10 + c - 0x30;
    const digits = p - pos;
    if (digits === 0 || digits > 9 || isWordByte(c) || (digits > 1 && bytes[pos] === 0x30)) return -1;
    this.#pos = p;
    return value;
  }

  /** The text of a number, or of a literal such as `NaN`, at the cursor; empty when there is none. */
  token(): string {
    this.peek();
    let p = this.#pos;
    for (; ; p++) {
      if (p >= this.#end) {
        p -= this.#pos;
        if (!this.#grow(this.#pos)) {
          p += this.#pos;
          break;
        }
      }
      if (!isWordByte(this.#bytes[p]!)) break;
      if (p - this.#pos > LONGEST_TOKEN) this.fail("a number or word of thousands of characters");
    }
    const text = this.#bytes.toString("latin1", this.#pos, p);
    this.#pos = p;
    return text;
  }

  /**
   * The end and a hash of the object at the cursor, which stays there, found by its braces alone: a brace inside a
   * string ends it early. Returns the length, with the bytes in the window; 0 when the document ends before.
   */
  scanObject(): number {
    let depth = 0;
    let hash = 0x811c9dc5;
    for (let length = 0; ; length++) {
      if (this.#pos + length >= this.#end && !this.#grow(this.#pos)) return 0;
      const c = this.#bytes[this.#pos + length]!;
      hash = Math.imul(hash ^ c, 0x01000193);
      if (c === 0x7b) depth++;
      else if (c === 0x7d && --depth === 0) {
        this.hash = hash;
        return length + 1;
      }
    }
  }

  /** Of the object that `scanObject` looked at last. */
  hash = 0;

  /** True when the next bytes in the window are these. */
  startsWith(bytes: Uint8Array): boolean {
    const end = this.#pos + bytes.length;
    return end <= this.#end && this.#bytes.compare(bytes, 0, bytes.length, this.#pos, end) === 0;
  }

  /** A copy of the next bytes in the window. */
  copy(length: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, this.#pos, this.#pos + length);
  }

  /** Skips `{"...": "...", ...}`, which is what node metadata is. */
  skipStringDict(): Raw {
    if (this.peek() !== 0x7b) this.fail(`expected an object of strings, found ${this.found()}`);
    const start = this.offset;
    this.#pos++;
    if (this.peek() === 0x7d) this.#pos++;
    else
      do {
        if (this.peek() !== QUOTE) this.fail(`expected a key, found ${this.found()}`);
        this.skipString();
        this.expect(0x3a);
        if (this.peek() !== QUOTE) this.fail(`expected a string, found ${this.found()}`);
        this.skipString();
      } while (this.more(0x7d));
    return new Raw(start, this.offset);
  }

  /** Skips any JSON value, without recursion. Only the brackets are checked. */
  skipValue(): Raw {
    this.peek();
    const start = this.offset;
    const closers: number[] = [];
    do {
      const c = this.peek();
      if (c === 0x7b || c === 0x5b) {
        closers.push(c + 2);
        this.#pos++;
      } else if (closers.length > 0 && c === closers[closers.length - 1]) {
        closers.pop();
        this.#pos++;
      } else if (c === QUOTE) this.skipString();
      else if (closers.length > 0 && (c === 0x2c || c === 0x3a)) this.#pos++;
      else if (this.token() === "") this.fail(`expected a value, found ${this.found()}`);
    } while (closers.length > 0);
    return new Raw(start, this.offset);
  }

  /** What stands at the cursor, in words, for an error. */
  found(): string {
    const c = this.peek();
    if (c < 0) return "the end of the document";
    if (c === 0x7b) return "an object";
    if (c === 0x5b) return "a list";
    if (c === QUOTE) return "a string";
    const token = this.token();
    this.#pos -= token.length;
    return token === "" ? JSON.stringify(String.fromCharCode(c)) : token;
  }

  fail(message: string): never {
    throw new Fault(this.offset, message);
  }
}

/** Digits, letters and the signs and point of a number. */
function isWordByte(c: number): boolean {
  if (c >= 0x30 && c <= 0x39) return true;
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x2d || c === 0x2b || c === 0x2e;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
