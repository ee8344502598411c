/** fixtures/compiled: random programs with the cache operators, against what torch's eager and inductor made of them. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { divergenceAnalysis } from "../analysis/divergence.ts";
import { StorageAnalysis } from "../analysis/storage.ts";
import { compiledCases, openCase } from "../testing/compiled-cases.ts";
import { diffProgram } from "./diff.ts";

const cases = compiledCases(join(import.meta.dirname, "../../fixtures/compiled/compiled.ndjson.gz"));

/** What the analysis says, and what the interpreter finds. */
const found = cases.map((one) => {
  const { session, calls } = openCase(one);
  const { program, registry } = session;
  const analysis = divergenceAnalysis({ program, registry, storage: new StorageAnalysis(program, registry) });
  const differing = new Set(diffProgram(session, calls).divergences.map(({ schedule }) => schedule.name));
  const isError = analysis.inductor.length > 0;
  return { ...one, differing, isError, isSafe: !isError && analysis.elsewhere === undefined };
});

const names = (chosen: typeof found): string[] => chosen.map(({ name }) => name);

describe("programs that torch compiled", () => {
  const diverging = found.filter(({ verdict }) => verdict === "differs");
  const equal = found.filter(({ verdict }) => verdict === "equal");

  it("are enough, of both kinds", () => {
    expect(diverging.length).toBeGreaterThan(100);
    expect(equal.length).toBeGreaterThan(100);
  });

  it("get an error, all with which inductor does not give eager's results", () => {
    expect(names(diverging.filter(({ isError }) => !isError))).toEqual([]);
  });

  it("get none, nine of ten of the others", () => {
    expect(equal.filter(({ isError }) => isError).length / equal.length).toBeLessThanOrEqual(0.1);
  });

  it("are found to diverge by diff, as inductor runs them", () => {
    expect(names(diverging.filter(({ differing }) => !differing.has("as inductor")))).toEqual([]);
  });

  it("differ under no schedule when the analysis calls them safe", () => {
    // What torch refuses to lower has other errors, and no lowered form.
    const lowered = found.filter(({ verdict }) => verdict !== "refused");
    expect(names(lowered.filter(({ isSafe, differing }) => isSafe && differing.size > 0))).toEqual([]);
  });
});
