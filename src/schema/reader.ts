import type { DocumentSource } from "../archive/document-source.ts";
import { DocumentWindow } from "./document-window.ts";
import { Raw } from "./raw.ts";
import type { Scanner } from "./scanner.ts";

/** Where and why reading stopped. The decoder turns the offset into a JSON path. */
export class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Tokens that stand for several, as torch spaces them: a key with its colon, the strings that node metadata is,
 * a TensorMeta, `{"as_tensor": {"name": "x"}}`, `{"name": "x"}` and a Node. The rest goes by its first byte. scan.as has
 * them too.
 */
const KEY = 256;
const DICT = 257;
export const META = 258;
export const TENSOR = 259;
export const NAME = 260;
export const NODE = 261;

const QUOTE = 0x22;
/** No number in a document has nearly as many digits. */
const LONGEST_TOKEN = 4096;
/** Of the strings that have a number: see scan.as. */
const LONGEST_STRING = 64;
/** Tokens at once; of one that is taken apart, and of the document. */
const FEW = 256;
const MANY = 8192;
/** A token's kind, start, number and end. */
const SLOT = 4;
/** For the records of the nodes in a window. */
const RECORDS = 1 << 17;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A cursor over the tokens of JSON text, of which only a window is in memory: a document of gigabytes costs no more
 * than what is made of it. Equal short strings come out as one and the same string object.
 */
export class Reader {
  readonly #window: DocumentWindow;
  readonly #scanner: Scanner;
  /** By the scanner's numbers. */
  readonly #strings: (string | undefined)[] = [];
  /** All of the scanner's memory, as the window has it. */
  #words = new Int32Array(0);
  /** The cursor, and behind the tokens that have been scanned, as indices of `#words`. */
  #at = 0;
  #end = 0;
  readonly #tape: number;
  /** Where the tokens go of a token that is taken apart; what of it is not scanned; and where to go on then. */
  readonly #detour: number;
  #apartFrom = 0;
  #apartTo = 0;
  #resumeAt = 0;
  #resumeEnd = 0;

  /** Strings that are expected come out as the very objects of `expected`. */
  constructor(source: DocumentSource, expected: readonly string[] = []) {
    this.#window = new DocumentWindow(source);
    const { scanner } = this.#window;
    this.#scanner = scanner;
    this.#tape = scanner.allocate(MANY * SLOT * 4);
    this.#detour = scanner.allocate(FEW * SLOT * 4);
    scanner.recordTo(scanner.allocate(RECORDS), RECORDS);
    this.#look();
    for (const text of expected) {
      this.#strings[scanner.intern(this.#detour, this.#detour + this.#write(text))] = text;
      this.#look();
    }
    this.#window.readOn();
    this.#look();
  }

  /** To be called when the scanner may have taken more memory. */
  #look(): void {
    this.#window.look();
    this.#words = this.#window.words;
  }

  /** Puts a short text where the tokens go of what is taken apart, and gives its length in bytes. */
  #write(text: string): number {
    return this.#window.bytes.write(text, this.#detour);
  }

  /** Whether what has been read holds the word `pt2lint`. */
  get namesTool(): boolean {
    return this.#window.namesTool;
  }

  /** Scans on when the cursor is behind the last token. False at the document's end. */
  #refill(): boolean {
    const window = this.#window;
    while (this.#at >= this.#end) {
      if (this.#resumeEnd !== 0) {
        if (this.#scan(this.#apartFrom, this.#apartTo, true, this.#detour, FEW))
          this.#apartFrom = this.#scanner.stop();
        else {
          this.#at = this.#resumeAt;
          this.#end = this.#resumeEnd;
          this.#resumeEnd = 0;
        }
      } else if (this.#scan(window.next, window.filled, false, this.#tape, MANY))
        window.next = this.#scanner.stop();
      else if (!window.readOn()) return false;
    }
    return true;
  }

  #scan(from: number, to: number, isPlain: boolean, tape: number, most: number): boolean {
    const window = this.#window;
    const count = this.#scanner.scan(from, to, isPlain || window.isLast, isPlain, tape, most);
    this.#look();
    if (count === 0) return false;
    this.#at = tape >> 2;
    this.#end = this.#at + count * SLOT;
    return true;
  }

  /** Takes the token at the cursor, which stands for several, apart. */
  #apart(): number {
    const [start, end] = [this.#words[this.#at + 1]!, this.#words[this.#at + 3]!];
    this.#at += SLOT;
    this.enter(start, end);
    this.#refill();
    return this.#words[this.#at]!;
  }

  /** Reads the tokens between two addresses, one by one, before the one at the cursor. */
  enter(start: number, end: number): void {
    this.#apartFrom = start;
    this.#apartTo = end;
    this.#resumeAt = this.#at;
    this.#resumeEnd = this.#end;
    this.#at = this.#end;
  }

  /** Back to the cursor that `enter` has left, when all of its tokens have been read. */
  leave(): void {
    this.#at = this.#resumeAt;
    this.#end = this.#resumeEnd;
    this.#resumeEnd = 0;
  }

  /** A word of the scanner's memory. */
  word(address: number): number {
    return this.#words[address >> 2]!;
  }

  /** The offset in the document of an address in the window. */
  offsetOf(address: number): number {
    return this.#window.offsetOf(address);
  }

  /** The kind of the token at the cursor, a first byte; -1 at the end. */
  peek(): number {
    if (this.#at >= this.#end && !this.#refill()) return -1;
    const kind = this.#words[this.#at]!;
    return kind < KEY ? kind : this.#apart();
  }

  /** Whether the token at the cursor is this one byte; what stands for several stays whole. */
  isAt(byte: number): boolean {
    if (this.#at >= this.#end && !this.#refill()) return false;
    return this.#words[this.#at] === byte;
  }

  /** The number of the token at the cursor when it is of this kind, one that stands for several; otherwise -1. */
  whole(kind: number): number {
    if (this.#at >= this.#end && !this.#refill()) return -1;
    return this.#words[this.#at] === kind ? this.#words[this.#at + 2]! : -1;
  }

  /** The short string of a number that the scanner gave. */
  text(id: number): string {
    return this.#strings[id] ?? this.#makeText(id);
  }

  #makeText(id: number): string {
    const start = this.#scanner.bytesOf(id);
    // Without a hole, which would make it a dictionary.
    while (this.#strings.length <= id) this.#strings.push(undefined);
    return (this.#strings[id] = this.#window.bytes.toString(
      "latin1",
      start,
      start + this.#scanner.lengthOf(id),
    ));
  }

  /** The offset in the document of the token at the cursor, or of the end. */
  get offset(): number {
    if (this.#at >= this.#end && !this.#refill()) return this.offsetOf(this.#window.filled);
    return this.offsetOf(this.#words[this.#at + 1]!);
  }

  /** The offset behind the token at the cursor, which `peek` has returned. */
  #offsetBehind(): number {
    return this.offsetOf(this.#words[this.#at + 3]!);
  }

  /** Past the token that `peek` or `whole` returned. */
  next(): void {
    this.#at += SLOT;
  }

  expect(byte: number): void {
    if (this.peek() !== byte) this.fail(`expected '${String.fromCharCode(byte)}', found ${this.found()}`);
    this.#at += SLOT;
  }

  /** After an element: true when a comma says that another follows, false when `close` ends the list. */
  more(close: number): boolean {
    const c = this.peek();
    if (c !== 0x2c && c !== close) {
      this.fail(`expected ',' or '${String.fromCharCode(close)}', found ${this.found()}`);
    }
    this.#at += SLOT;
    return c === 0x2c;
  }

  /** The number of the key at the cursor; -1 when it has none. */
  keyNumber(): number {
    return this.whole(KEY);
  }

  /** The number of a text that has been read as a short plain string; -1 when none has. */
  numberOf(text: string): number {
    if (text.length > LONGEST_STRING) return -1;
    const number = this.#scanner.lookUp(this.#detour, this.#detour + this.#write(text));
    this.#look();
    return number;
  }

  /** A key, and past its colon. */
  key(): string {
    const id = this.whole(KEY);
    if (id >= 0) {
      this.#at += SLOT;
      return this.#strings[id] ?? this.#makeText(id);
    }
    if (this.peek() !== QUOTE) this.fail(`expected a key, found ${this.found()}`);
    const text = this.string();
    this.expect(0x3a);
    return text;
  }

  string(): string {
    if (this.peek() !== QUOTE) this.fail(`expected a string, found ${this.found()}`);
    const id = this.#words[this.#at + 2]!;
    if (id < 0) return this.#unusualString();
    this.#at += SLOT;
    return this.#strings[id] ?? this.#makeText(id);
  }

  /** A string that is long, has escapes or goes beyond ASCII. */
  #unusualString(): string {
    const { offset } = this;
    const [start, end] = [this.#words[this.#at + 1]! + 1, this.#words[this.#at + 3]! - 1];
    this.skipString();
    try {
      const text = utf8.decode(this.#window.bytes.subarray(start, end));
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw new Fault(offset, "not a valid JSON string");
    }
  }

  /** Past the string at the cursor, which `peek` has returned. */
  skipString(): void {
    if (this.#words[this.#at + 2] === -2) this.fail("the document ends inside a string");
    this.#at += SLOT;
  }

  /** The integer at the cursor when it is one of at most 9 digits without a sign; -1, and not past it, otherwise. */
  smallInt(): number {
    const c = this.peek();
    if (c < 0x30 || c > 0x39) return -1;
    const value = this.#words[this.#at + 2]!;
    if (value >= 0) this.#at += SLOT;
    return value;
  }

  /** The text of a number, or of a literal such as `NaN`, at the cursor; empty when there is none. */
  token(): string {
    if (!isWordByte(this.peek())) return "";
    const [start, end] = [this.#words[this.#at + 1]!, this.#words[this.#at + 3]!];
    if (end - start > LONGEST_TOKEN) this.fail("a number or word of thousands of characters");
    this.#at += SLOT;
    return this.#window.bytes.toString("latin1", start, end);
  }

  /** True, and past it, when the token at the cursor is a word of exactly these bytes. */
  accept(word: Uint8Array): boolean {
    if (this.peek() !== word[0]) return false;
    const start = this.#words[this.#at + 1]!;
    if (this.#words[this.#at + 3]! - start !== word.length) return false;
    for (let i = 1; i < word.length; i++) if (this.#window.bytes[start + i] !== word[i]) return false;
    this.#at += SLOT;
    return true;
  }

  /** Skips `{"...": "...", ...}`, which is what node metadata is. */
  skipStringDict(): Raw {
    const { offset } = this;
    if (this.#at < this.#end && this.#words[this.#at] === DICT) {
      const raw = new Raw(offset, this.#offsetBehind());
      this.#at += SLOT;
      return raw;
    }
    if (this.peek() !== 0x7b) this.fail(`expected an object of strings, found ${this.found()}`);
    this.#at += SLOT;
    if (this.peek() !== 0x7d) {
      for (;;) {
        if (this.peek() !== QUOTE) this.fail(`expected a key, found ${this.found()}`);
        this.skipString();
        this.expect(0x3a);
        if (this.peek() !== QUOTE) this.fail(`expected a string, found ${this.found()}`);
        this.skipString();
        if (this.peek() === 0x7d) break;
        this.more(0x7d);
      }
    }
    const raw = new Raw(offset, this.#offsetBehind());
    this.#at += SLOT;
    return raw;
  }

  /** Skips any JSON value, without recursion. Only the brackets are checked. */
  skipValue(): Raw {
    const start = this.offset;
    const closers: number[] = [];
    let end = start;
    do {
      const c = this.peek();
      if (c >= 0) end = this.#offsetBehind();
      if (c === 0x7b || c === 0x5b) {
        closers.push(c + 2);
        this.#at += SLOT;
      } else if (closers.length > 0 && c === closers[closers.length - 1]) {
        closers.pop();
        this.#at += SLOT;
      } else if (c === QUOTE) this.skipString();
      else if (closers.length > 0 && (c === 0x2c || c === 0x3a)) this.#at += SLOT;
      else if (this.token() === "") this.fail(`expected a value, found ${this.found()}`);
    } while (closers.length > 0);
    return new Raw(start, end);
  }

  /** What stands at the cursor, in words, for an error. */
  found(): string {
    const c = this.peek();
    if (c < 0) return "the end of the document";
    if (c === 0x7b) return "an object";
    if (c === 0x5b) return "a list";
    if (c === QUOTE) return "a string";
    const token = this.token();
    if (token !== "") this.#at -= SLOT;
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
