import type { AnyJson } from "./json.ts";

/** One place in a document where a fault can be made. */
export interface Place {
  /** The JSON path that a finding must be at or below. */
  readonly at: string;
  /** Makes the fault in the document that the place was found in. */
  break(): void;
}

/** A kind of fault. */
export interface Fault {
  readonly name: string;
  /** The rules of which at least one must report it. */
  readonly rules: readonly string[];
  /** Less than an error where torch loads, lowers and runs such a program. */
  readonly severity?: "warning" | "info";
  /** Every place of a document where the fault can be made. */
  places(document: AnyJson): Place[];
}
