import { callFaults } from "./call-faults.ts";
import type { Fault } from "./fault.ts";
import { guardFaults } from "./guard-faults.ts";
import { higherOrderFaults } from "./higher-order-faults.ts";
import { parseDocument, randomFrom } from "./json.ts";
import { nodeFaults } from "./node-faults.ts";
import { signatureFaults } from "./signature-faults.ts";
import { valueFaults } from "./value-faults.ts";

/** A document with one fault. */
export interface Mutant {
  /** The document that it was made of. */
  readonly base: string;
  readonly fault: Fault;
  /** The JSON path that a finding must be at or below. */
  readonly at: string;
  readonly document: string;
}

export interface Base {
  readonly name: string;
  readonly document: string;
}

export const faults: readonly Fault[] = [
  ...callFaults,
  ...nodeFaults,
  ...valueFaults,
  ...higherOrderFaults,
  ...signatureFaults,
  ...guardFaults,
];

/** Breaks documents in every way that is known, each way in up to `places` places, chosen by the seed. */
export function* mutantsOf(bases: readonly Base[], places: number, seed: number): Generator<Mutant> {
  const random = randomFrom(seed);
  for (const fault of faults) {
    const found = bases.flatMap((base) =>
      fault.places(parseDocument(base.document)).map((_, place) => ({ base, place })),
    );
    for (let made = 0; made < places && found.length > 0; made++) {
      const [{ base, place }] = found.splice(random(found.length), 1) as [(typeof found)[number]];
      const document = parseDocument(base.document);
      const { at, break: breakIt } = fault.places(document)[place]!;
      breakIt();
      yield { base: base.name, fault, at, document: JSON.stringify(document) };
    }
  }
}
