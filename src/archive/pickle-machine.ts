import { archiveFault } from "./faults.ts";
import { malformed } from "./pickle-globals.ts";
import { isTuple, type PickleSlot, type PickleTuple, type PickleValue } from "./pickle-values.ts";

/** How many characters, bytes and items all calls of a pickle together may be handed. */
const MAX_PICKLE_WORK = 2 ** 23;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The state of a pickle that is being read: where it stands, its stack, its marks and its memo. */
export class PickleMachine {
  position = 0;
  readonly stack: PickleSlot[] = [];
  readonly memo = new Map<number, PickleSlot>();
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #marks: number[] = [];
  #work = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Steps over `length` bytes and says where they begin. */
  #advance(length: number): number {
    const at = this.position;
    if (length > this.#bytes.length - at) throw malformed("it ends too early");
    this.position = at + length;
    return at;
  }

  byte(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A length of eight bytes; one beyond 2^53 is too long for any input, and stays so as a number. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** Protocol 1 and up write floats big-endian. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A view of the input. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A line of a text opcode, without its end, each byte a character. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw malformed("it ends too early");
    const bytes = this.bytes(end - this.position);
    this.position++;
    return latin1(bytes);
  }

  text(length: number): string {
    try {
      return utf8.decode(this.bytes(length));
    } catch (error) {
      if (error instanceof TypeError) throw malformed("a string is not UTF-8");
      throw error;
    }
  }

  push(value: PickleSlot): void {
    this.stack.push(value);
  }

  /** The lowest place that the current opcode may touch. */
  get #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  pop(): PickleSlot {
    if (this.stack.length <= this.#floor) throw malformed("it takes more from its stack than it put there");
    return this.stack.pop()!;
  }

  top(): PickleSlot {
    if (this.stack.length <= this.#floor) throw malformed("it takes more from its stack than it put there");
    return this.stack.at(-1)!;
  }

  mark(): void {
    this.#marks.push(this.stack.length);
  }

  /** A call copies what it is handed, and a remembered list can be handed to a million calls. */
  spend(units: number): void {
    this.#work += units;
    if (this.#work > MAX_PICKLE_WORK) {
      throw archiveFault("archive/too-large", "the pickle handles more data than its length justifies");
    }
  }

  /** Everything above the last mark, which goes. */
  popMark(): PickleSlot[] {
    const at = this.#marks.pop();
    if (at === undefined) throw malformed("a mark is missing");
    return this.stack.splice(at);
  }

  /** Whether the top of the stack is a mark: POP then drops the mark. */
  dropMark(): boolean {
    if (this.#marks.at(-1) !== this.stack.length) return false;
    this.#marks.pop();
    return true;
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw malformed(`nothing is remembered as ${index}`);
    this.push(value);
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }
}

/** One character for each byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}

/** How much there is to copy of a value, itself included; for a tuple, one level down. */
export function extentOf(value: PickleSlot): number {
  if (typeof value === "string" || value instanceof Uint8Array || Array.isArray(value))
    return 1 + value.length;
  if (value instanceof Map || value instanceof Set) return 1 + value.size;
  return isTuple(value) ? 1 + value.items.length : 1;
}

/** Storages and functions may stand in tuples while a tensor is built; the result is checked for them. */
export function tupleOf(items: readonly PickleSlot[]): PickleTuple {
  return { kind: "tuple", items: items as readonly PickleValue[] };
}
