import type { Document } from "../schema/document.ts";
import { IntTable } from "../schema/int-table.ts";
import type { Value } from "./node.ts";

/** The values of one graph by name. Who knows the number that the document gives the name may say it. */
export interface Names {
  get(name: string, number?: number): Value | undefined;
  set(name: string, value: Value, number?: number): unknown;
}

/** Graphs with fewer nodes have a Map. */
const MANY = 1000;

export function makeNames(document: Document, nodes: number, values: readonly Value[]): Names {
  return nodes < MANY ? new Map<string, Value>() : new NumberedNames(document, values);
}

/** Of a large graph: a table by number, which costs less than a Map of strings; the names without a number beside it. */
class NumberedNames implements Names {
  readonly #document: Document;
  /** Of the program, by id. */
  readonly #values: readonly Value[];
  /** Ids by number, from 1. */
  readonly #ids = new IntTable();
  readonly #unnumbered = new Map<string, Value>();

  constructor(document: Document, values: readonly Value[]) {
    this.#document = document;
    this.#values = values;
  }

  get(name: string, number: number = this.#document.numberOf(name)): Value | undefined {
    return number < 0 ? this.#unnumbered.get(name) : this.#values[this.#ids.get(number) - 1];
  }

  set(name: string, value: Value, number: number = this.#document.numberOf(name)): void {
    if (number < 0) this.#unnumbered.set(name, value);
    else this.#ids.set(number, value.id + 1);
  }
}
