/**
 * Run recorded models: `npx tsx scripts/model-suite.ts FOLDER [--only REGEX] [--verbose]`. The folder has an
 * index.json that lists programs with inputs and what torch computed (fixtures/run/index.json). Prints what fails, and
 * what operators are missing by how many programs want them.
 */
import { parseArgs } from "node:util";
import { MissingOperatorsError } from "../src/interpreter/missing-operators.ts";
import { checkModel, modelCases } from "../src/testing/model-cases.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, verbose: { type: "boolean" } },
});
const only = new RegExp(values.only ?? ".");
const missing = new Map<string, number>();
let [passed, failed] = [0, 0];
for (const folder of positionals) {
  for (const one of modelCases(folder)) {
    if (!only.test(one.program)) continue;
    const start = performance.now();
    try {
      const problems = await checkModel(folder, one);
      if (problems.length === 0) passed++;
      else {
        failed++;
        console.log(`${one.program}: ${problems.slice(0, 3).join("; ").slice(0, 300)}`);
      }
    } catch (error) {
      failed++;
      if (error instanceof MissingOperatorsError) {
        for (const { target } of error.missing) missing.set(target, (missing.get(target) ?? 0) + 1);
        if (values.verbose)
          console.log(`${one.program}: ${error.missing.map(({ target }) => target).join(" ")}`);
      } else
        console.log(
          `${one.program}: ${String((error as Error).stack ?? error).slice(0, values.verbose ? 2000 : 300)}`,
        );
    }
    const took = performance.now() - start;
    if (took > 5000) console.log(`${one.program} took ${(took / 1000).toFixed(1)} s`);
  }
}
for (const [target, count] of [...missing].sort((a, b) => b[1] - a[1]))
  console.log(`missing in ${count}: ${target}`);
console.log(`${passed} passed, ${failed} failed`);
