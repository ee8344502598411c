import { lazyModule } from "../webassembly.ts";
import { WASM } from "./scan.generated.ts";

/** What scan.as exports. Addresses are those of its memory. */
export interface Scanner {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** The address of new bytes; they are never given back. */
  allocate(size: number): number;
  /** The number of the bytes between two addresses: equal bytes have equal numbers, counted from 0. */
  intern(start: number, end: number): number;
  /** The number that `intern` has given to the bytes between two addresses; -1 when it has none. */
  lookUp(start: number, end: number): number;
  /** The bytes of a number. */
  bytesOf(id: number): number;
  lengthOf(id: number): number;
  /** Gives the memory that the records of nodes go to, from then on anew with each `scan`. */
  recordTo(start: number, size: number): void;
  /** See scan.as. */
  scan(start: number, end: number, isLast: boolean, isPlain: boolean, tape: number, most: number): number;
  /** Where `scan` stopped. */
  stop(): number;
}

/** A scanner with a memory of its own. */
export const makeScanner = lazyModule(WASM) as () => Scanner;
