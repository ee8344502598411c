import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError, lintProgram, open, Program } from "../index.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { readBundle } from "../testing/branch-bundle.ts";
import { follow } from "../testing/mutants/json.ts";
import { type Base, faults, type Mutant, mutantsOf } from "../testing/mutants/mutants.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** Programs that torch loads and lowers, with every construct that there is a fault for. */
const FILES = [
  "safe/static_cache.pt2",
  "safe/cat_of_one.pt2",
  "safe/topk.pt2",
  "safe/out_of_temporary.pt2",
  "safe/predicate_symbolic.pt2",
  "loops/functional_while.pt2",
  "loops/functional_scan.pt2",
  "loops/functional_map.pt2",
  "run/cond_state.aten.pt2",
  "run/inputs_written.aten.pt2",
  "run/parameter_written.aten.pt2",
  "run/ring.aten.pt2",
  "run/resize_dynamic.training.pt2",
  "run/no_grad.training.pt2",
  "run/enable_grad.training.pt2",
  "run/auto_functionalized.aten.pt2",
  "run/effects.aten.pt2",
  "run/autocast.training.pt2",
  "run/item_float.core.pt2",
  "run/constant_inputs.training.pt2",
  "run/checks.aten.pt2",
];

async function read(file: string): Promise<Base> {
  const opened = await open(readFileSync(new URL(`../../fixtures/${file}`, import.meta.url)));
  return { name: file, document: Buffer.from(await opened.archive.models[0]!.document()).toString() };
}

const bases: Base[] = [
  ...(await Promise.all(FILES.map(read))),
  ...readBundle("export_db.ndjson.gz").filter(({ decompositions }) => decompositions === "ok"),
];

type Finding = Pick<Diagnostic, "rule" | "severity" | "node" | "data">;

function findings(document: string): readonly Finding[] {
  try {
    return lintProgram(new Program(decodeDocument(Buffer.from(document))), { preset: "strict" });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [{ rule: error.rule, severity: "error", node: null, data: error.data }];
  }
}

/** Rules of other families name the node and the graph, and no path. */
const WITHOUT_PATH = /^(cond|loop)\/|^schema\/(unsupported|newer)-version$/;

/** Why the fault counts as missed, or undefined. */
function missed({ fault, at, document }: Mutant): string | undefined {
  const found = findings(document);
  const named = found.filter(({ rule }) => fault.rules.includes(rule));
  if (named.length === 0) return `not found; instead ${JSON.stringify(found.map(({ rule }) => rule))}`;
  const severe = named.filter(({ severity }) => severity === (fault.severity ?? "error"));
  if (severe.length === 0) return `only a ${named[0]!.severity}`;
  if (severe.some(({ rule }) => WITHOUT_PATH.test(rule))) return undefined;
  const paths = severe.map(({ data }) => String(data.path));
  if (!paths.some((path) => path.startsWith(at))) return `found at ${paths.join(", ")}, not at ${at}`;
  const json = JSON.parse(document);
  const dangling = paths.filter((path) => follow(json, path) === undefined);
  return dangling.length > 0 ? `the path ${dangling[0]} leads nowhere` : undefined;
}

describe("a document with one fault", () => {
  const mutants = [...mutantsOf(bases, 12, 2026)];

  it("there is at least one of each kind", () => {
    const made = new Set(mutants.map(({ fault }) => fault.name));
    expect(faults.map(({ name }) => name).filter((name) => !made.has(name))).toEqual([]);
    expect(mutants.length).toBeGreaterThan(500);
  });

  it.each(faults)("is caught: $name", (fault) => {
    const problems = mutants
      .filter((mutant) => mutant.fault === fault)
      .flatMap((mutant) => {
        const problem = missed(mutant);
        return problem === undefined ? [] : [`${mutant.base} ${mutant.at}: ${problem}`];
      });
    expect(problems).toEqual([]);
  });

  it.each(bases)("is clean before: $name", ({ document }) => {
    expect(findings(document).filter(({ severity }) => severity === "error")).toEqual([]);
  });
});
