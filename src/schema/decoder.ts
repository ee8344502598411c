import { InputError } from "../errors.ts";
import { Document, type Fidelity, type Oddity } from "./document.ts";
import { ABSENT_DICT, ABSENT_LIST, isLegacyNone } from "./drift.ts";
import { jsonPathAt } from "./json-path.ts";
import { NON_FINITE, parseFloatToken, parseIntToken, pythonFloat } from "./numbers.ts";
import type { Raw } from "./raw.ts";
import { Fault, Reader } from "./reader.ts";
import type { Alternative, EnumTable, FieldTable, StructTable, Type, UnionTable } from "./table.ts";
import { SCHEMA_VERSION, tables } from "./tables.generated.ts";
import type { ExportedProgram } from "./types.generated.ts";

/** Structs within structs; an exported program with 50 nested higher-order operators needs 500. */
const DEEPEST = 1000;

/**
 * Decodes a serialized ExportedProgram.
 *
 * @throws InputError `schema/invalid-document` with the JSON path and the offset, or `schema/unsupported-version`.
 */
export function decodeDocument(bytes: Uint8Array): Document {
  const decoder = new Decoder(bytes);
  try {
    const root = decoder.root(tables.ExportedProgram!) as ExportedProgram;
    return new Document(bytes, root, decoder.oddities, decoder.fidelity);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw unsupportedVersion(bytes) ?? invalid(bytes, error);
  }
}

function invalid(bytes: Uint8Array, fault: Fault): InputError {
  const path = jsonPathAt(bytes, fault.offset);
  return new InputError("schema/invalid-document", `${path === "" ? "document" : path}: ${fault.message}`, {
    help: "the file was written by another tool, edited, or damaged; save it again with torch.export.save",
    data: { path, offset: fault.offset },
  });
}

/** A document of another major version may have any form: say that, rather than where it first differs. */
function unsupportedVersion(bytes: Uint8Array): InputError | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = text.lastIndexOf('"schema_version"');
  const major = /^"schema_version"\s*:\s*\{\s*"major"\s*:\s*(\d+)/.exec(
    text.toString("latin1", at, at + 80),
  )?.[1];
  if (at < 0 || major === undefined || Number(major) === SCHEMA_VERSION[0]) return undefined;
  return new InputError(
    "schema/unsupported-version",
    `schema version ${major} is not supported; this version reads ${SCHEMA_VERSION[0]}.x`,
    { help: "export the program again with torch 2.5 or newer", data: { major: Number(major) } },
  );
}

class Decoder {
  readonly oddities: Oddity[] = [];
  readonly fidelity: Fidelity = { tokens: new Map(), extras: new Map() };
  readonly #reader: Reader;
  readonly #metas: MemoTable;
  #depth = 0;
  /** The text of the scalar just read when it is not what the writer would write; its owner keeps it. */
  #oddToken: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#reader = new Reader(bytes);
    this.#metas = new MemoTable(this.#reader.bytes);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#reader.pos = 3;
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
        return type.name === "TensorMeta" ? this.#tensorMeta(type) : this.#struct(type);
      case "union":
        return this.#union(type);
      case "str":
        return this.#reader.string();
      case "list":
        return this.#list(type.of);
      case "optional":
        return this.#reader.peek() === 0x6e ? this.#literal(NULL, null) : this.#value(type.of);
      case "int":
        return this.#int();
      case "bool":
        return this.#bool();
      case "enum":
        return this.#enum(type);
      case "float":
        return this.#float();
      case "dict":
        return this.#dict(type.of);
      case "lazy":
        return this.#reader.skipStringDict();
    }
  }

  #struct(table: StructTable): object {
    const reader = this.#reader;
    const { fields } = table;
    const values: unknown[] = new Array(fields.length).fill(undefined);
    let tokens: Map<string | number, string> | undefined;
    let extras: [string, Raw][] | undefined;
    let seen = 0;
    let next = 0;
    this.#enter(table.name);
    if (reader.peek() === 0x7d) reader.pos++;
    else
      do {
        if (reader.peek() !== 0x22) reader.fail(`expected a key, found ${reader.found()}`);
        const at = reader.pos;
        // torch writes the keys in the order of the table, so the next one is nearly always the one expected.
        const field =
          next < fields.length && reader.accept(keyBytes(fields[next]!)) ? fields[next]! : undefined;
        const index = field ? next : this.#fieldIndex(fields);
        if (index < 0) {
          const extra = this.#extra(table.name, at);
          (extras ??= []).push(extra);
          continue;
        }
        if (seen & (1 << index)) this.#note("duplicate-key", fields[index]!.name, table.name, at);
        seen |= 1 << index;
        next = index + 1;
        reader.expect(0x3a);
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

  #enter(name: string): void {
    if (this.#reader.peek() !== 0x7b)
      this.#reader.fail(`expected an object (${name}), found ${this.#reader.found()}`);
    if (++this.#depth > DEEPEST) this.#reader.fail("nested too deep");
    this.#reader.pos++;
  }

  #fieldIndex(fields: readonly FieldTable[]): number {
    const { pos } = this.#reader;
    const key = this.#reader.string();
    const index = fields.findIndex((field) => field.name === key);
    if (index < 0) this.#reader.pos = pos;
    return index;
  }

  #extra(within: string, at: number): [string, Raw] {
    const key = this.#reader.string();
    this.#note("unknown-key", key, within, at);
    this.#reader.expect(0x3a);
    return [key, this.#reader.skipValue()];
  }

  #fillAbsent(table: StructTable, values: unknown[], seen: number): void {
    for (const [i, field] of table.fields.entries()) {
      if (seen & (1 << i)) continue;
      if (!field.mayBeAbsent) this.#reader.fail(`${table.name} lacks '${field.name}'`);
      if (field.type.kind === "dict") values[i] = ABSENT_DICT;
      if (field.type.kind === "list") values[i] = ABSENT_LIST;
    }
  }

  #union(table: UnionTable): object {
    const reader = this.#reader;
    this.#enter(table.name);
    if (reader.peek() === 0x7d) reader.fail(`${table.name} is empty; it needs one of ${names(table)}`);
    const at = reader.pos;
    const key = reader.string();
    const alternative = alternativeOf(table, key);
    if (alternative === undefined) throw new Fault(at, `unknown alternative '${key}' of ${table.name}`);
    reader.expect(0x3a);
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

  #list(of: Type): unknown[] {
    const reader = this.#reader;
    if (reader.peek() !== 0x5b) reader.fail(`expected a list, found ${reader.found()}`);
    reader.pos++;
    const result: unknown[] = [];
    if (reader.peek() === 0x5d) {
      reader.pos++;
      return result;
    }
    let tokens: Map<string | number, string> | undefined;
    do {
      result.push(this.#value(of));
      if (this.#oddToken !== undefined) tokens = this.#keep(tokens, result.length - 1);
    } while (reader.more(0x5d));
    if (tokens) this.fidelity.tokens.set(result, tokens);
    return result;
  }

  #dict(of: Type): Map<string, unknown> {
    const reader = this.#reader;
    if (reader.peek() !== 0x7b) reader.fail(`expected an object, found ${reader.found()}`);
    reader.pos++;
    const result = new Map<string, unknown>();
    if (reader.peek() === 0x7d) {
      reader.pos++;
      return result;
    }
    let tokens: Map<string | number, string> | undefined;
    do {
      if (reader.peek() !== 0x22) reader.fail(`expected a key, found ${reader.found()}`);
      const at = reader.pos;
      const key = reader.string();
      if (result.has(key)) this.#note("duplicate-key", key, "dict", at);
      reader.expect(0x3a);
      result.set(key, this.#value(of));
      if (this.#oddToken !== undefined) tokens = this.#keep(tokens, key);
    } while (reader.more(0x7d));
    if (tokens) this.fidelity.tokens.set(result, tokens);
    return result;
  }

  /** Many values of a program have the same metadata: equal bytes become one and the same object. */
  #tensorMeta(table: StructTable): object {
    const reader = this.#reader;
    if (reader.peek() !== 0x7b) return this.#struct(table);
    const start = reader.pos;
    const known = this.#metas.find(start);
    if (known !== undefined) {
      reader.pos = this.#metas.end;
      return known;
    }
    const { end, hash } = this.#metas;
    const result = this.#struct(table);
    // Inside a string a brace ends the memo's scan early; such a value is not shared.
    if (reader.pos === end) this.#metas.add(start, end, hash, result);
    return result;
  }

  #int(): number | bigint {
    const small = this.#reader.smallInt();
    if (small >= 0) return small;
    const { pos } = this.#reader;
    const token = this.#reader.token();
    const value = parseIntToken(token);
    if (value === undefined) this.#failAt(pos, "expected an integer");
    if (Object.is(value, -0)) {
      this.#oddToken = token;
      return 0;
    }
    return value;
  }

  #float(): number {
    const reader = this.#reader;
    if (reader.peek() === 0x22) {
      const { pos } = reader;
      const value = NON_FINITE.get(reader.string());
      return value ?? this.#failAt(pos, "expected a number");
    }
    const { pos } = reader;
    const token = reader.token();
    const value = parseFloatToken(token) ?? this.#failAt(pos, "expected a number");
    if (!Number.isFinite(value) || pythonFloat(value) !== token) this.#oddToken = token;
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
    const { pos } = this.#reader;
    const value = this.#int();
    if (!table.values.has(Number(value))) throw new Fault(pos, `${value} is not a ${table.name}`);
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

  #failAt(pos: number, message: string): never {
    this.#reader.pos = pos;
    const found = this.#reader.found();
    throw new Fault(this.#reader.pos, `${message}, found ${found}`);
  }
}

const encode = (text: string): Uint8Array => Buffer.from(text, "latin1");
const NULL = encode("null");
const TRUE = encode("true");
const FALSE = encode("false");

const keys = new Map<FieldTable, Uint8Array>();
for (const table of Object.values(tables)) {
  if (table.kind === "struct") for (const field of table.fields) keys.set(field, encode(`"${field.name}"`));
}
const keyBytes = (field: FieldTable): Uint8Array => keys.get(field)!;

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

/** Decoded objects by the bytes they came from. */
class MemoTable {
  readonly #bytes: Buffer;
  readonly #byHash = new Map<number, { start: number; end: number; value: object }[]>();
  /** Of the object that `find` looked at last: where it ends, and its hash. */
  end = 0;
  hash = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  find(start: number): object | undefined {
    const bytes = this.#bytes;
    let depth = 0;
    let hash = 0x811c9dc5;
    let p = start;
    for (; p < bytes.length; p++) {
      const c = bytes[p]!;
      hash = Math.imul(hash ^ c, 0x01000193);
      if (c === 0x7b) depth++;
      else if (c === 0x7d && --depth === 0) break;
    }
    this.end = p + 1;
    this.hash = hash;
    for (const entry of this.#byHash.get(hash) ?? []) {
      const same = entry.end - entry.start === this.end - start;
      if (same && bytes.compare(bytes, start, this.end, entry.start, entry.end) === 0) return entry.value;
    }
    return undefined;
  }

  add(start: number, end: number, hash: number, value: object): void {
    const entries = this.#byHash.get(hash);
    if (entries) entries.push({ start, end, value });
    else this.#byHash.set(hash, [{ start, end, value }]);
  }
}
