import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { OperatorRegistry } from "../ops/registry.ts";
import { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { StorageAnalysis } from "./storage.ts";

/** What torch did when it ran a branch: storages compared, version counters compared. */
interface Truth {
  readonly graph: string;
  readonly aliasesInput: readonly (readonly [output: number, operand: number])[];
  readonly aliasesOutput: readonly (readonly [output: number, other: number])[];
  readonly mutates: readonly number[];
}

interface MeasuredProgram {
  readonly name: string;
  readonly document: unknown;
  readonly truth: readonly Truth[];
}

const bundle = readFileSync(new URL("../../fixtures/branches/branches.ndjson.gz", import.meta.url));
const measured = gunzipSync(bundle)
  .toString()
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as MeasuredProgram);

describe("StorageAnalysis agrees with torch on every random branch", () => {
  it("has enough of them, with every kind of truth among them", () => {
    const truths = measured.flatMap(({ truth }) => truth);
    expect(measured.length).toBeGreaterThanOrEqual(500);
    for (const key of ["aliasesInput", "aliasesOutput", "mutates"] as const) {
      expect(truths.filter((truth) => truth[key].length > 0).length).toBeGreaterThan(100);
      expect(truths.filter((truth) => truth[key].length === 0).length).toBeGreaterThan(100);
    }
  });

  const registry = new OperatorRegistry();
  it.each(measured)("$name", ({ document, truth }) => {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    const program = new Program(decodeDocument(Buffer.from(text)));
    const storage = new StorageAnalysis(program, registry);
    const found = truth.map(({ graph: path }): Truth => {
      const graph = program.graphs.find((g) => g.path === path)!;
      const effects = storage.effects(graph);
      return {
        graph: path,
        aliasesInput: effects.outputInput.map(({ output, input }) => [output, input] as const),
        aliasesOutput: effects.outputOutput.map(({ output, other }) => [output, other] as const),
        mutates: effects.writes.filter(({ counted }) => counted).map(({ input }) => input),
      };
    });
    const plain = truth.map(({ graph, aliasesInput, aliasesOutput, mutates }) => ({
      graph,
      aliasesInput,
      aliasesOutput,
      mutates,
    }));
    expect(found).toEqual(plain);
  });
});
