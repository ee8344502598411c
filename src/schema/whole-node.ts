import type { Reader } from "./reader.ts";
import type { Type } from "./table.ts";
import type { Argument, NamedArgument, Node } from "./types.generated.ts";

/** An item of a record, in bytes, and the record before its items: see scan.as. */
const ITEM = 16;
const RECORD = 28;

/** What decodes by the tables: a value of that type that is all there is between two addresses. */
export type Decode = (type: Type, start: number, end: number) => { value: object; isShared: boolean };

/**
 * Makes nodes of the records that the scanner writes of them. Arguments that are equal byte by byte become one and the
 * same object.
 */
export class NodeMaker {
  readonly #reader: Reader;
  readonly #decode: Decode;
  readonly #named: Type;
  readonly #argument: Type;
  /** By the scanner's numbers: arguments that are a tensor, and what else has been decoded. Without holes. */
  readonly #tensors: (Argument | undefined)[] = [];
  readonly #others: (object | undefined)[] = [];

  constructor(reader: Reader, decode: Decode, named: Type, argument: Type) {
    this.#reader = reader;
    this.#decode = decode;
    this.#named = named;
    this.#argument = argument;
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
    const target = reader.text(reader.word(record));
    const name = reader.text(reader.word(record + 4));
    const hop = reader.word(record + 8);
    const metadata = reader.raw(reader.word(record + 12), reader.word(record + 16));
    const inputCount = reader.word(record + 20);
    const outputCount = reader.word(record + 24);
    const inputs: NamedArgument[] = [];
    let at = record + RECORD;
    for (let i = 0; i < inputCount; i++, at += ITEM) inputs.push(this.#input(at));
    const outputs: Argument[] = [];
    for (let i = 0; i < outputCount; i++, at += ITEM) outputs.push(this.#output(at));
    const single = hop < 0 ? null : hop === 1;
    return { target, inputs, outputs, metadata, is_hop_single_tensor_return: single, name };
  }

  #input(at: number): NamedArgument {
    const reader = this.#reader;
    const name = reader.word(at);
    if (name < 0) return this.#other(this.#named, at) as NamedArgument;
    return {
      name: reader.text(name),
      arg: this.tensor(reader.word(at + 4)),
      kind: reader.word(at + 8) as NamedArgument["kind"],
    };
  }

  #output(at: number): Argument {
    const reader = this.#reader;
    if (reader.word(at) < 0) return this.#other(this.#argument, at) as Argument;
    return this.tensor(reader.word(at + 4));
  }

  #other(type: Type, at: number): object {
    const id = this.#reader.word(at + 4);
    const known = this.#others[id];
    if (known !== undefined) return known;
    const { value, isShared } = this.#decode(type, this.#reader.word(at + 8), this.#reader.word(at + 12));
    if (!isShared) return value;
    while (this.#others.length <= id) this.#others.push(undefined);
    return (this.#others[id] = value);
  }
}
