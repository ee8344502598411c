import type { DocumentSource } from "../archive/document-source.ts";
import type { Fidelity, Oddity } from "./document.ts";
import { ABSENT_DICT, ABSENT_LIST, isLegacyNone } from "./drift.ts";
import { IntTable } from "./int-table.ts";
import { NON_FINITE, parseFloatToken, parseIntToken, pythonFloat } from "./numbers.ts";
import { OrderedDict } from "./ordered-dict.ts";
import type { Raw } from "./raw.ts";
import { Fault, META, NAME, NODE, Reader, TENSOR } from "./reader.ts";
import { NodeRecords } from "./recorded-node.ts";
import type { Alternative, EnumTable, StructTable, Type, UnionTable } from "./table.ts";
import { tables } from "./tables.generated.ts";

/** Structs within structs; an exported program with 50 nested higher-order operators needs 500. */
const DEEPEST = 1000;

/** Decodes a value of any type of the schema, by its table. Where it cannot, it throws a `Fault`. */
export class ValueDecoder {
  readonly oddities: Oddity[] = [];
  readonly fidelity: Fidelity = { tokens: new Map(), extras: new Map() };
  readonly #reader: Reader;
  readonly #nodes: NodeRecords;
  /** Values of type TensorMeta, by the scanner's numbers. */
  readonly #metas = new Map<number, object>();
  readonly #scratches: unknown[][] = [];
  /** By the scanner's number of a key, the last dict of tensors that has it, and how many of them there were. */
  readonly #dictOf = new IntTable();
  #dicts = 0;
  #depth = 0;
  /** The text of the scalar just read when it is not what the writer would write; its owner keeps it. */
  #oddToken: string | undefined;

  constructor(source: DocumentSource) {
    this.#reader = new Reader(source, FIELD_NAMES);
    const decode = (type: Type, start: number, end: number) => this.#part(type, start, end);
    this.#nodes = new NodeRecords(this.#reader, decode, NAMED_ARGUMENT, ARGUMENT);
  }

  numberOf(text: string): number {
    return this.#reader.numberOf(text);
  }

  get namesTool(): boolean {
    return this.#reader.namesTool;
  }

  root(type: Type): unknown {
    const reader = this.#reader;
    const value = this.#value(type);
    if (reader.peek() >= 0) reader.fail("unexpected data after the document");
    return value;
  }

  #value(type: Type): unknown {
    switch (type.kind) {
      case "struct":
        if (type === TENSOR_META) return this.#tensorMeta(type);
        if (type === NODE_TABLE) return this.#node() ?? this.#struct(type);
        return (type === TENSOR_ARGUMENT && this.#tensorArgument()) || this.#struct(type);
      case "union":
        return (type === ARGUMENT && this.#tensor()) || this.#union(type);
      case "str":
        return this.#reader.string();
      case "list":
        return this.#list(type.of);
      case "optional":
        return this.#reader.isAt(0x6e) ? this.#literal(NULL, null) : this.#value(type.of);
      case "int":
        return this.#int();
      case "bool":
        return this.#bool();
      case "enum":
        return this.#enum(type);
      case "float":
        return this.#float();
      case "dict":
        return type.of === TENSOR_META ? this.#tensorValues() : this.#dict(type.of);
      case "lazy":
        return this.#reader.skipStringDict();
    }
  }

  #struct(table: StructTable): object {
    const reader = this.#reader;
    const { fields } = table;
    const values = this.#scratch(this.#depth);
    let tokens: Map<string | number, string> | undefined;
    let extras: [string, Raw][] | undefined;
    let seen = 0;
    let next = 0;
    this.#enter(table.name);
    if (reader.isAt(0x7d)) reader.next();
    else
      do {
        const at = reader.offset;
        const key = reader.key();
        // torch writes the keys in the order of the table, so the next one is nearly always the one expected.
        const index = fields[next]?.name === key ? next : fields.findIndex(({ name }) => name === key);
        if (index < 0) {
          (extras ??= []).push(this.#extra(table.name, key, at));
          continue;
        }
        if (seen & (1 << index)) this.#note("duplicate-key", fields[index]!.name, table.name, at);
        seen |= 1 << index;
        next = index + 1;
        values[index] = this.#value(fields[index]!.type);
        if (this.#oddToken !== undefined) tokens = this.#keep(tokens, fields[index]!.name);
      } while (reader.more(0x7d));
    this.#depth--;
    if (seen !== (1 << fields.length) - 1) this.#fillAbsent(table, values, seen);
    const result = table.create(values);
    if (tokens) this.fidelity.tokens.set(result, tokens);
    if (extras) this.fidelity.extras.set(result, extras);
    return result;
  }

  /** Where the values of a struct are gathered: one array a depth, since `create` copies them out. */
  #scratch(depth: number): unknown[] {
    return (this.#scratches[depth] ??= []);
  }

  #enter(name: string): void {
    if (this.#reader.peek() !== 0x7b)
      this.#reader.fail(`expected an object (${name}), found ${this.#reader.found()}`);
    if (++this.#depth > DEEPEST) this.#reader.fail("nested too deep");
    this.#reader.next();
  }

  #extra(within: string, key: string, at: number): [string, Raw] {
    this.#note("unknown-key", key, within, at);
    return [key, this.#reader.skipValue()];
  }

  #fillAbsent(table: StructTable, values: unknown[], seen: number): void {
    for (const [i, field] of table.fields.entries()) {
      if (seen & (1 << i)) continue;
      if (!field.mayBeAbsent) this.#reader.fail(`${table.name} lacks '${field.name}'`);
      values[i] = undefined;
      if (field.type.kind === "dict") values[i] = ABSENT_DICT;
      if (field.type.kind === "list") values[i] = ABSENT_LIST;
    }
  }

  #union(table: UnionTable): object {
    const reader = this.#reader;
    this.#enter(table.name);
    if (reader.isAt(0x7d)) reader.fail(`${table.name} is empty; it needs one of ${names(table)}`);
    const at = reader.offset;
    const key = reader.key();
    const alternative = alternativeOf(table, key);
    if (alternative === undefined) throw new Fault(at, `unknown alternative '${key}' of ${table.name}`);
    const none = isLegacyNone(key, reader);
    const value = none ? true : this.#value(alternative.type);
    if (none) this.#oddToken = "[]";
    if (reader.peek() === 0x2c) reader.fail(`${table.name} has more than one key; it needs exactly one`);
    reader.expect(0x7d);
    this.#depth--;
    const result = alternative.create(value);
    if (this.#oddToken !== undefined) this.fidelity.tokens.set(result, this.#keep(undefined, key));
    return result;
  }

  /** Most arguments are a tensor's name, and most names come more than once: equal ones become one object. */
  #tensor(): object | undefined {
    const id = this.#reader.whole(TENSOR);
    if (id < 0) return undefined;
    this.#reader.next();
    return this.#nodes.tensor(id);
  }

  #node(): object | undefined {
    const record = this.#reader.whole(NODE);
    if (record < 0) return undefined;
    this.#reader.next();
    return this.#nodes.make(record);
  }

  /** A value that is all there is between two addresses, and whether every equal one may be the same object. */
  #part(type: Type, start: number, end: number): { value: object; isShared: boolean } {
    const { oddities } = this;
    const before = oddities.length;
    this.#reader.enter(start, end);
    const value = this.#value(type) as object;
    this.#reader.leave();
    return { value, isShared: oddities.length === before };
  }

  #tensorArgument(): object | undefined {
    const id = this.#reader.whole(NAME);
    if (id < 0) return undefined;
    this.#reader.next();
    return { name: this.#reader.text(id) };
  }

  /** Past the bracket that opens a list or dict; false, and past the closing one, when nothing is in it. */
  #opens(open: number, close: number, what: string): boolean {
    const reader = this.#reader;
    if (reader.peek() !== open) reader.fail(`expected ${what}, found ${reader.found()}`);
    reader.next();
    if (!reader.isAt(close)) return true;
    reader.next();
    return false;
  }

  #list(of: Type): unknown[] {
    const reader = this.#reader;
    if (!this.#opens(0x5b, 0x5d, "a list")) return [];
    const items: unknown[] = [];
    let tokens: Map<string | number, string> | undefined;
    do {
      items.push(this.#value(of));
      if (this.#oddToken !== undefined) tokens = this.#keep(tokens, items.length - 1);
    } while (reader.more(0x5d));
    // A copy has no room for more, which most lists of a document would leave empty.
    const result = items.slice();
    if (tokens) this.fidelity.tokens.set(result, tokens);
    return result;
  }

  #dict(of: Type): ReadonlyMap<string, unknown> {
    const reader = this.#reader;
    const result = new Map<string, unknown>();
    if (!this.#opens(0x7b, 0x7d, "an object")) return result;
    let tokens: Map<string | number, string> | undefined;
    do {
      const at = reader.offset;
      const key = reader.key();
      if (result.has(key)) this.#note("duplicate-key", key, "dict", at);
      result.set(key, this.#value(of));
      if (this.#oddToken !== undefined) tokens = this.#keep(tokens, key);
    } while (reader.more(0x7d));
    if (tokens) this.fidelity.tokens.set(result, tokens);
    return result;
  }

  /** The metadata of a graph's tensors: most keys of a large document are here, and all differ. */
  #tensorValues(): ReadonlyMap<string, unknown> {
    const reader = this.#reader;
    const keys: string[] = [];
    const values: unknown[] = [];
    if (!this.#opens(0x7b, 0x7d, "an object")) return new OrderedDict(keys, values);
    this.#dicts++;
    const unnumbered = new Set<string>();
    /** Of the keys, when one is there twice: then the last value counts, as everywhere. */
    let places: Map<string, number> | undefined;
    do {
      const at = reader.offset;
      const number = reader.keyNumber();
      const key = reader.key();
      if (number < 0 ? unnumbered.has(key) : this.#dictOf.get(number) === this.#dicts) {
        this.#note("duplicate-key", key, "dict", at);
        places ??= new Map(keys.map((known, i) => [known, i]));
        values[places.get(key)!] = this.#value(TENSOR_META!);
        continue;
      }
      if (number < 0) unnumbered.add(key);
      else this.#dictOf.set(number, this.#dicts);
      places?.set(key, keys.length);
      keys.push(key);
      values.push(this.#value(TENSOR_META!));
    } while (reader.more(0x7d));
    return new OrderedDict(keys.slice(), values.slice());
  }

  /** Many values of a program have the same metadata: equal bytes become one and the same object. */
  #tensorMeta(table: StructTable): object {
    const id = this.#reader.whole(META);
    const known = this.#metas.get(id);
    if (known !== undefined) {
      this.#reader.next();
      return known;
    }
    const value = this.#struct(table);
    if (id >= 0) this.#metas.set(id, value);
    return value;
  }

  #int(): number | bigint {
    const small = this.#reader.smallInt();
    if (small >= 0) return small;
    const { offset } = this.#reader;
    const token = this.#reader.peek() === 0x22 ? "" : this.#reader.token();
    const value = parseIntToken(token) ?? this.#expected(offset, "an integer", token);
    if (Object.is(value, -0)) {
      this.#oddToken = token;
      return 0;
    }
    return value;
  }

  #float(): number {
    const reader = this.#reader;
    const quoted = reader.peek() === 0x22;
    const { offset } = reader;
    const token = quoted ? reader.string() : reader.token();
    const usual = quoted ? Number.NaN : Number(token);
    // As torch writes it, so it needs no closer look and no note.
    if (Number.isFinite(usual) && pythonFloat(usual) === token) return usual;
    const value =
      (quoted ? NON_FINITE.get(token) : parseFloatToken(token)) ?? this.#expected(offset, "a number", token);
    if (!quoted) this.#oddToken = token;
    return value;
  }

  #bool(): boolean {
    const reader = this.#reader;
    const c = reader.peek();
    if (c === 0x74) return this.#literal(TRUE, true);
    if (c === 0x66) return this.#literal(FALSE, false);
    return reader.fail(`expected true or false, found ${reader.found()}`);
  }

  #enum(table: EnumTable): number {
    this.#reader.peek();
    const { offset } = this.#reader;
    const value = this.#int();
    if (!table.values.has(Number(value))) throw new Fault(offset, `${value} is not a ${table.name}`);
    return Number(value);
  }

  #literal<T>(text: Uint8Array, value: T): T {
    if (!this.#reader.accept(text)) this.#reader.fail(`unexpected ${this.#reader.found()}`);
    return value;
  }

  #keep(
    tokens: Map<string | number, string> | undefined,
    key: string | number,
  ): Map<string | number, string> {
    const result = tokens ?? new Map<string | number, string>();
    result.set(key, this.#oddToken!);
    this.#oddToken = undefined;
    return result;
  }

  #note(kind: Oddity["kind"], key: string, within: string, offset: number): void {
    this.oddities.push({ kind, key, within, offset });
  }

  #expected(offset: number, what: string, token: string): never {
    throw new Fault(offset, `expected ${what}, found ${token === "" ? this.#reader.found() : token}`);
  }
}

const encode = (text: string): Uint8Array => Buffer.from(text, "latin1");
const NULL = encode("null");
const TRUE = encode("true");
const FALSE = encode("false");

const { TensorMeta: TENSOR_META, TensorArgument: TENSOR_ARGUMENT, Node: NODE_TABLE } = tables;
const ARGUMENT = tables.Argument!;
const NAMED_ARGUMENT = tables.NamedArgument!;
/** Keys come out as these objects, so that comparing them is comparing pointers. */
const FIELD_NAMES = [
  ...new Set(
    Object.values(tables).flatMap((t) => (t.kind === "enum" ? [] : t.fields.map(({ name }) => name))),
  ),
];

const alternatives = new Map<UnionTable, Map<string, Alternative>>();
function alternativeOf(table: UnionTable, key: string): Alternative | undefined {
  let byName = alternatives.get(table);
  if (byName === undefined) {
    byName = new Map(table.fields.map((field) => [field.name, field]));
    alternatives.set(table, byName);
  }
  return byName.get(key);
}

function names(table: UnionTable): string {
  return table.fields.map((field) => field.name).join(", ");
}
