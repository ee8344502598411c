import { Raw } from "./raw.ts";
import type { Reader } from "./reader.ts";
import type { Type } from "./table.ts";
import type { Argument, NamedArgument, Node } from "./types.generated.ts";

/** An item of a record, in bytes, and the record before its items: see scan.as. */
const ITEM = 16;
const RECORD = 32;

/**
 * A record as it is kept, in words: the numbers of target and name, `is_hop_single_tensor_return`, the shape, the
 * metadata's offset (its lower 32 bits, and the rest) and length, how many inputs and outputs; then three words an item.
 */
const HOP = 2;
const SHAPE = 3;
const OFFSET = 4;
const LENGTH = 6;
const INPUTS = 7;
const OUTPUTS = 8;
const HEADER = 9;
const KEPT_ITEM = 3;
/** Words of records that are kept in one array. */
const CHUNK = 1 << 14;
const TWO_32 = 2 ** 32;

/** What decodes by the tables: a value of that type that is all there is between two addresses. */
export type Decode = (type: Type, start: number, end: number) => { value: object; isShared: boolean };

/**
 * A node as the scanner has recorded it. Its arguments become objects when they are first asked for: of a large program
 * most never are.
 */
export class RecordedNode implements Node {
  readonly target: string;
  readonly name: string;
  readonly #records: NodeRecords;
  readonly #words: Int32Array;
  readonly #at: number;
  #inputs: readonly NamedArgument[] | undefined;
  #outputs: readonly Argument[] | undefined;

  constructor(target: string, name: string, records: NodeRecords, words: Int32Array, at: number) {
    this.target = target;
    this.name = name;
    this.#records = records;
    this.#words = words;
    this.#at = at;
  }

  get inputs(): readonly NamedArgument[] {
    return (this.#inputs ??= this.#records.inputs(this.#words, this.#at));
  }

  get outputs(): readonly Argument[] {
    return (this.#outputs ??= this.#records.outputs(this.#words, this.#at));
  }

  get metadata(): Raw {
    const start = (this.#words[this.#at + OFFSET]! >>> 0) + this.#words[this.#at + OFFSET + 1]! * TWO_32;
    return new Raw(start, start + this.#words[this.#at + LENGTH]!);
  }

  get is_hop_single_tensor_return(): boolean | null {
    const hop = this.#words[this.#at + HOP]!;
    return hop < 0 ? null : hop === 1;
  }

  /** As console.log shows it. */
  [Symbol.for("nodejs.util.inspect.custom")](): Node {
    const { target, inputs, outputs, metadata, is_hop_single_tensor_return, name } = this;
    return { target, inputs, outputs, metadata, is_hop_single_tensor_return, name };
  }

  /**
   * The number of its shape: nodes with the same one differ only in which tensors they name, in their own name and in
   * their metadata. -1 for a node that names values otherwise than as arguments and results that are one tensor each.
   */
  get shape(): number {
    return this.#words[this.#at + SHAPE]!;
  }

  /** Calls `visit` with each tensor that is an argument, in order. Only where there is a `shape`. */
  visitOperands(visit: (name: string, kind: "tensor", number: number) => void): void {
    const words = this.#words;
    let at = this.#at + HEADER;
    for (let i = words[this.#at + INPUTS]!; i > 0; i--, at += KEPT_ITEM) {
      const number = words[at + 1]!;
      if (words[at]! >= 0) visit(this.#records.text(number), "tensor", number);
    }
  }

  /** The place among its operands of the tensor that the argument of that name is; -1 when it is none, or no `shape`. */
  operandOf(argument: string): number {
    const words = this.#words;
    if (words[this.#at + SHAPE]! < 0) return -1;
    let place = 0;
    let at = this.#at + HEADER;
    for (let i = words[this.#at + INPUTS]!; i > 0; i--, at += KEPT_ITEM) {
      if (words[at]! < 0) continue;
      if (this.#records.text(words[at]!) === argument) return place;
      place++;
    }
    return -1;
  }

  /** True when it calls the same operator with the same arguments and names its results the same; false says nothing. */
  callsAs(other: RecordedNode): boolean {
    const [a, b, from, to] = [this.#words, other.#words, this.#at, other.#at];
    if (this.#records !== other.#records || a[from] !== b[to]) return false;
    const items = a[from + INPUTS]! + a[from + OUTPUTS]!;
    for (let k = INPUTS; k < HEADER + items * KEPT_ITEM; k++) if (a[from + k] !== b[to + k]) return false;
    return true;
  }

  /** The number of its one result's name, where that is a tensor and there is a `shape`. */
  get result(): number | undefined {
    const words = this.#words;
    if (words[this.#at + SHAPE]! < 0 || words[this.#at + OUTPUTS] !== 1) return undefined;
    return words[this.#at + HEADER + words[this.#at + INPUTS]! * KEPT_ITEM + 1]!;
  }

  /** The name of a number of the document. */
  text(number: number): string {
    return this.#records.text(number);
  }
}

/**
 * Keeps what the scanner records of nodes. Arguments that are equal byte by byte become one and the same object.
 */
export class NodeRecords {
  readonly #reader: Reader;
  readonly #decode: Decode;
  readonly #named: Type;
  readonly #argument: Type;
  /** By the scanner's numbers: arguments that are a tensor. Without holes, as the next one. */
  readonly #tensors: (Argument | undefined)[] = [];
  /** What else has been decoded, and by the scanner's numbers its place there; -1 where there is none. */
  readonly #others: object[] = [];
  readonly #placeOf: number[] = [];
  #words = new Int32Array(CHUNK);
  #length = 0;

  constructor(reader: Reader, decode: Decode, named: Type, argument: Type) {
    this.#reader = reader;
    this.#decode = decode;
    this.#named = named;
    this.#argument = argument;
  }

  text(id: number): string {
    return this.#reader.text(id);
  }

  /** The argument that is the tensor of that name, by its number. */
  tensor(id: number): Argument {
    const known = this.#tensors[id];
    if (known !== undefined) return known;
    while (this.#tensors.length <= id) this.#tensors.push(undefined);
    return (this.#tensors[id] = { as_tensor: { name: this.#reader.text(id) } });
  }

  /** The node of a record, by its address. */
  make(record: number): Node {
    const reader = this.#reader;
    const [inputs, outputs] = [reader.word(record + 20), reader.word(record + 24)];
    const at = this.#allocate(HEADER + (inputs + outputs) * KEPT_ITEM);
    const words = this.#words;
    const metadata = reader.offsetOf(reader.word(record + 12));
    words[at] = reader.word(record);
    words[at + 1] = reader.word(record + 4);
    words[at + HOP] = reader.word(record + 8);
    words[at + SHAPE] = reader.word(record + 28);
    words[at + OFFSET] = metadata;
    words[at + OFFSET + 1] = metadata / TWO_32;
    words[at + LENGTH] = reader.word(record + 16) - reader.word(record + 12);
    words[at + INPUTS] = inputs;
    words[at + OUTPUTS] = outputs;
    for (let i = 0, from = record + RECORD, to = at + HEADER; i < inputs + outputs; i++) {
      const first = reader.word(from);
      words[to] = first;
      if (first < 0) words[to + 1] = this.#keep(i < inputs ? this.#named : this.#argument, from);
      else {
        words[to + 1] = reader.word(from + 4);
        words[to + 2] = reader.word(from + 8);
      }
      from += ITEM;
      to += KEPT_ITEM;
    }
    return new RecordedNode(reader.text(words[at]!), reader.text(words[at + 1]!), this, words, at);
  }

  #allocate(size: number): number {
    if (this.#length + size > this.#words.length) {
      this.#words = new Int32Array(Math.max(CHUNK, size));
      this.#length = 0;
    }
    const at = this.#length;
    this.#length += size;
    return at;
  }

  /** Decodes what is no tensor, while its bytes are there, and returns its place among the others. */
  #keep(type: Type, item: number): number {
    const id = this.#reader.word(item + 4);
    const known = this.#placeOf[id];
    if (known !== undefined && known >= 0) return known;
    const { value, isShared } = this.#decode(type, this.#reader.word(item + 8), this.#reader.word(item + 12));
    const place = this.#others.push(value) - 1;
    if (!isShared) return place;
    while (this.#placeOf.length <= id) this.#placeOf.push(-1);
    return (this.#placeOf[id] = place);
  }

  inputs(words: Int32Array, record: number): NamedArgument[] {
    const inputs: NamedArgument[] = [];
    let at = record + HEADER;
    for (let i = words[record + INPUTS]!; i > 0; i--, at += KEPT_ITEM) {
      if (words[at]! < 0) inputs.push(this.#others[words[at + 1]!] as NamedArgument);
      else {
        const [name, arg] = [this.text(words[at]!), this.tensor(words[at + 1]!)];
        inputs.push({ name, arg, kind: words[at + 2] as NamedArgument["kind"] });
      }
    }
    return inputs;
  }

  outputs(words: Int32Array, record: number): Argument[] {
    const outputs: Argument[] = [];
    let at = record + HEADER + words[record + INPUTS]! * KEPT_ITEM;
    for (let i = words[record + OUTPUTS]!; i > 0; i--, at += KEPT_ITEM) {
      const place = words[at + 1]!;
      outputs.push(words[at]! < 0 ? (this.#others[place] as Argument) : this.tensor(place));
    }
    return outputs;
  }
}
