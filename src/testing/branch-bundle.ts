import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** What torch did when it ran a branch: storages compared, version counters compared. Positions count from 0. */
export interface BranchTruth {
  readonly branch: string;
  readonly graph: string;
  readonly aliasesInput: readonly (readonly [output: number, operand: number])[];
  readonly aliasesOutput: readonly (readonly [output: number, other: number])[];
  readonly mutates: readonly number[];
}

/** A line of a bundle under fixtures/. */
interface Measured {
  readonly name: string;
  readonly document: string;
  readonly decompositions: string | null;
  readonly truth: readonly BranchTruth[];
}

/** The programs of a bundle: `branches/branches.ndjson.gz`, `export_db.ndjson.gz`. */
export function readBundle(name: string): Measured[] {
  const text = gunzipSync(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url))).toString();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Measured);
}
