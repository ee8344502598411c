import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { lint, lintProgram, Program } from "../index.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { type BranchTruth, readBundle } from "../testing/branch-bundle.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** An entry of fixtures/index.json: what torch made of the program. */
interface Fixture {
  readonly file: string;
  readonly expected: "clean" | "refused" | "diverges" | "fails";
  readonly truth?: readonly BranchTruth[];
}

const FIXTURES = new URL("../../fixtures/", import.meta.url);
const fixtures = JSON.parse(readFileSync(new URL("index.json", FIXTURES), "utf8")) as Fixture[];

/** The three cond rules' findings on each branch, in the form of the truth. */
function findings(diagnostics: readonly Diagnostic[], truth: readonly BranchTruth[]): BranchTruth[] {
  return truth.map(({ branch, graph }) => {
    const of = (rule: string) =>
      diagnostics.filter((d) => d.rule === `cond/${rule}` && d.data.branch === branch && d.graph === graph);
    const pairs = (rule: string, a: string, b: string) =>
      of(rule)
        .map(({ data }) => [data[a], data[b]] as [number, number])
        .sort(([a, b], [c, d]) => a - c || b - d);
    return {
      branch,
      graph,
      aliasesInput: pairs("branch-aliases-input", "output", "operand"),
      aliasesOutput: pairs("branch-aliases-output", "output", "other"),
      mutates: of("branch-mutates-input")
        .map(({ data }) => data.operand as number)
        .sort((a, b) => a - b),
    };
  });
}

/** Without keys that only some programs' truths have. */
function plain(truth: readonly BranchTruth[]): BranchTruth[] {
  return truth.map(({ branch, graph, aliasesInput, aliasesOutput, mutates }) => ({
    branch,
    graph,
    aliasesInput,
    aliasesOutput,
    mutates,
  }));
}

describe("what torch lowers and runs right gets no error, and what it does not gets one", () => {
  it.each(fixtures)("$file is $expected", async ({ file, expected, truth }) => {
    const report = await lint(fileURLToPath(new URL(file, FIXTURES)));
    const diagnostics = report.results.flatMap((result) => result.diagnostics);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    if (expected === "clean") expect(errors).toEqual([]);
    else expect(errors.length).toBeGreaterThan(0);
    if (truth) expect(findings(diagnostics, truth)).toEqual(plain(truth));
  });

  it.each(readBundle("export_db.ndjson.gz"))(
    "torch's export database: $name",
    ({ document, decompositions }) => {
      const diagnostics = lintProgram(new Program(decodeDocument(Buffer.from(document))));
      const errors = diagnostics.filter(({ severity }) => severity === "error");
      if (decompositions === "ok") expect(errors).toEqual([]);
    },
  );
});

describe("the three cond rules say of every random branch what torch did when it ran", () => {
  it.each(readBundle("branches/branches.ndjson.gz"))("$name", ({ document, truth }) => {
    const diagnostics = lintProgram(new Program(decodeDocument(Buffer.from(document))));
    expect(findings(diagnostics, truth)).toEqual(truth);
  });
});
