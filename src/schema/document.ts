import type { DocumentSource } from "../archive/document-source.ts";
import type { Raw } from "./raw.ts";
import type { ExportedProgram, Node } from "./types.generated.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Something in the document that torch ignores: a key nobody defines, or one that is given twice. */
export interface Oddity {
  readonly kind: "unknown-key" | "duplicate-key";
  readonly key: string;
  /** The struct or dict that holds it, as torch's schema names its type. */
  readonly within: string;
  readonly offset: number;
}

/** What the plain objects cannot hold but a faithful copy needs. Empty for what torch 2.13 writes. */
export interface Fidelity {
  /** The text of numbers that are not written as torch would write them, by owner and key. */
  readonly tokens: Map<object, Map<string | number, string>>;
  /** Unknown keys with their bytes, by owner. */
  readonly extras: Map<object, [key: string, value: Raw][]>;
}

/** A decoded document: `root` as torch's schema types it, over `source`, which lazy parts still point into. */
export class Document {
  readonly source: DocumentSource;
  readonly root: ExportedProgram;
  readonly oddities: readonly Oddity[];
  readonly fidelity: Fidelity;
  /** Whether `pt2lint` stands anywhere in it: only then can a node carry a directive. */
  readonly namesTool: boolean;
  /** The number of a text of at most 64 printable characters of ASCII that stands in the document; otherwise -1. */
  readonly numberOf: (text: string) => number;
  #lastNode: Node | undefined;
  #lastMetadata: ReadonlyMap<string, string> = new Map();

  constructor(
    source: DocumentSource,
    root: ExportedProgram,
    oddities: readonly Oddity[],
    fidelity: Fidelity,
    namesTool: boolean,
    numberOf: (text: string) => number,
  ) {
    this.source = source;
    this.root = root;
    this.oddities = oddities;
    this.fidelity = fidelity;
    this.namesTool = namesTool;
    this.numberOf = numberOf;
  }

  /** A node's metadata (stack_trace, nn_module_stack, torch_fn, ...), decoded now. */
  metadata(node: Node): ReadonlyMap<string, string> {
    // Whoever asks for one entry mostly asks for another next.
    if (this.#lastNode !== node) this.#lastMetadata = this.#decodeMetadata(node);
    this.#lastNode = node;
    return this.#lastMetadata;
  }

  #decodeMetadata(node: Node): ReadonlyMap<string, string> {
    try {
      return new Map(Object.entries(JSON.parse(utf8.decode(this.read(node.metadata)))));
    } catch {
      // Only that it is made of strings has been checked, and a damaged one is no reason to fail: it is for people.
      return new Map();
    }
  }

  /** The bytes of a part that has not been decoded. */
  read({ start, end }: Raw): Uint8Array {
    const first = this.source.read(start, end - start);
    if (first.length === end - start) return first;
    const parts = [first];
    for (let at = start + first.length; at < end; at += parts.at(-1)!.length)
      parts.push(this.source.read(at, end - at));
    return Buffer.concat(parts);
  }

  /** The JSON of an unknown key of `owner`, e.g. the `dialect` of old files. */
  extra(owner: object, key: string): unknown {
    const raw = this.fidelity.extras.get(owner)?.find(([name]) => name === key)?.[1];
    if (raw === undefined) return undefined;
    return JSON.parse(Buffer.from(this.read(raw)).toString());
  }
}
