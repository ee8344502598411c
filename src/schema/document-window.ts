import type { DocumentSource } from "../archive/document-source.ts";
import { makeScanner, type Scanner } from "./scanner.ts";

const SIZE = 1 << 18;
/** The scanner looks a little further. */
const MARGIN = 64;

/** The part of a document that is in the memory of a scanner. What has not been scanned of it stays when more is read. */
export class DocumentWindow {
  readonly scanner: Scanner = makeScanner();
  /** All of the scanner's memory. */
  bytes = Buffer.alloc(0);
  words = new Int32Array(0);
  /** Addresses: of what is scanned next, and of the end of what is read. */
  next: number;
  filled: number;
  /** Whether it reaches to the document's end. */
  isLast = false;
  /** Whether what has been read holds the word `pt2lint`: looked for now, since reading all again costs more. */
  namesTool = false;
  readonly #source: DocumentSource;
  /** Its address, size, and offset in the document. */
  #start: number;
  #room = SIZE;
  #base = 0;

  constructor(source: DocumentSource) {
    this.#source = source;
    this.#start = this.next = this.filled = this.scanner.allocate(SIZE + MARGIN);
    this.look();
  }

  /** To be called when the scanner may have taken more memory: then all of it is another buffer. */
  look(): void {
    const { buffer } = this.scanner.memory;
    if (this.words.buffer === buffer) return;
    this.words = new Int32Array(buffer);
    this.bytes = Buffer.from(buffer);
  }

  /** The offset in the document of an address. */
  offsetOf(address: number): number {
    return this.#base + address - this.#start;
  }

  /** Reads on behind what has not been scanned, which is the beginning of a token. False at the document's end. */
  readOn(): boolean {
    if (this.isLast) return false;
    const kept = this.filled - this.next;
    let target = this.#start;
    if (kept > this.#room / 2) {
      this.#room *= 2;
      target = this.scanner.allocate(this.#room + MARGIN);
    }
    this.look();
    this.bytes.copyWithin(target, this.next, this.filled);
    this.#base += this.next - this.#start;
    this.#start = this.next = target;
    const offset = this.#base + kept;
    const room = this.bytes.subarray(target + kept, target + this.#room);
    const more = this.#source.read(offset, room.length, room);
    if (more.buffer !== room.buffer) room.set(more);
    this.filled = target + kept + more.length;
    const unseen = target + Math.max(0, kept - TOOL.length + 1);
    this.namesTool ||= this.bytes.subarray(unseen, this.filled).includes(TOOL);
    this.isLast = more.length === 0 || offset + more.length >= this.#source.size;
    if (offset === 0 && this.bytes.compare(BYTE_ORDER_MARK, 0, 3, target, target + 3) === 0) this.next += 3;
    return true;
  }
}

const TOOL = Buffer.from("pt2lint");
const BYTE_ORDER_MARK = Buffer.from("\xef\xbb\xbf", "latin1");
