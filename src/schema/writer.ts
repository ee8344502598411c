import type { Document } from "./document.ts";
import { ABSENT_DICT, ABSENT_LIST } from "./drift.ts";
import { pythonFloat } from "./numbers.ts";
import type { Raw } from "./raw.ts";
import type { StructTable, Type, UnionTable } from "./table.ts";
import { tables } from "./tables.generated.ts";

/** The document as torch.export.save would write it: byte for byte the same where torch wrote it. */
export function writeDocument(document: Document): Uint8Array {
  const writer = new Writer(document);
  writer.value(tables.ExportedProgram!, document.root);
  return writer.finish();
}

class Writer {
  readonly #document: Document;
  readonly #chunks: Uint8Array[] = [];
  #text: string[] = [];

  constructor(document: Document) {
    this.#document = document;
  }

  finish(): Uint8Array {
    this.#flush();
    return Buffer.concat(this.#chunks);
  }

  #flush(): void {
    this.#chunks.push(Buffer.from(this.#text.join(""), "latin1"));
    this.#text = [];
  }

  #raw(raw: Raw): void {
    this.#flush();
    this.#chunks.push(this.#document.read(raw));
  }

  value(type: Type, value: unknown, token?: string): void {
    if (token !== undefined) this.#text.push(token);
    else if (value === null) this.#text.push("null");
    else if (type.kind === "optional") this.value(type.of, value);
    else if (type.kind === "struct") this.#struct(type, value as Record<string, unknown>);
    else if (type.kind === "union") this.#union(type, value as Record<string, unknown>);
    else if (type.kind === "list") this.#list(type.of, value as unknown[]);
    else if (type.kind === "dict") this.#dict(type.of, value as Map<string, unknown>);
    else if (type.kind === "lazy") this.#raw(value as Raw);
    else if (type.kind === "str") this.#text.push(pythonString(value as string));
    else if (type.kind === "float") this.#text.push(floatText(value as number));
    else this.#text.push(String(value));
  }

  #tokensOf(owner: object): ReadonlyMap<string | number, string> | undefined {
    return this.#document.fidelity.tokens.get(owner);
  }

  #key(first: boolean, key: string): void {
    this.#text.push(first ? "" : ", ", pythonString(key), ": ");
  }

  #struct(table: StructTable, value: Record<string, unknown>): void {
    const tokens = this.#tokensOf(value);
    let first = true;
    this.#text.push("{");
    for (const { name, type } of table.fields) {
      const item = value[name];
      if (item === undefined || item === ABSENT_DICT || item === ABSENT_LIST) continue;
      this.#key(first, name);
      first = false;
      this.value(type, item, tokens?.get(name));
    }
    for (const [key, raw] of this.#document.fidelity.extras.get(value) ?? []) {
      this.#key(first, key);
      first = false;
      this.#raw(raw);
    }
    this.#text.push("}");
  }

  #union(table: UnionTable, value: Record<string, unknown>): void {
    const key = Object.keys(value)[0]!;
    const { type } = table.fields.find((field) => field.name === key)!;
    this.#text.push("{");
    this.#key(true, key);
    this.value(type, value[key], this.#tokensOf(value)?.get(key));
    this.#text.push("}");
  }

  #list(of: Type, items: readonly unknown[]): void {
    const tokens = this.#tokensOf(items);
    this.#text.push("[");
    for (const [i, item] of items.entries()) {
      if (i > 0) this.#text.push(", ");
      this.value(of, item, tokens?.get(i));
    }
    this.#text.push("]");
  }

  #dict(of: Type, items: ReadonlyMap<string, unknown>): void {
    const tokens = this.#tokensOf(items);
    let first = true;
    this.#text.push("{");
    for (const [key, item] of items) {
      this.#key(first, key);
      first = false;
      this.value(of, item, tokens?.get(key));
    }
    this.#text.push("}");
  }
}

function floatText(value: number): string {
  if (Number.isFinite(value)) return pythonFloat(value);
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"Infinity"' : '"-Infinity"';
}

/** As Python's json writes it: ASCII only, and DEL as it is. */
function pythonString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
