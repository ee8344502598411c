/**
 * Check kernels against recorded calls: `npx tsx scripts/operator-suite.ts FILE.ndjson.gz... [--only REGEX]
 * [--cases N]`. Prints, by operator, how many cases fail and the first few of each; a case has operator, source, and
 * what differs.
 */
import { parseArgs } from "node:util";
import { checkCase, operatorCases } from "../src/testing/operator-cases.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, cases: { type: "string", default: "2" } },
});
const only = new RegExp(values.only ?? ".");
const failures = new Map<string, string[]>();
let checked = 0;
for (const file of positionals) {
  for (const one of operatorCases(file)) {
    if (!only.test(one.op)) continue;
    checked++;
    const problem = checkCase(one);
    if (problem === undefined) continue;
    const list = failures.get(one.op) ?? [];
    if (list.length === 0) failures.set(one.op, list);
    list.push(`${one.from}: ${problem}\n      ${JSON.stringify([one.args, one.kwargs]).slice(0, 300)}`);
  }
}
let failed = 0;
for (const [op, list] of [...failures].sort(([a], [b]) => (a < b ? -1 : 1))) {
  failed += list.length;
  const missing = list[0]!.includes("no kernel");
  console.log(`${op}  ${list.length}${missing ? "  no kernel" : ""}`);
  if (!missing) for (const line of list.slice(0, Number(values.cases))) console.log(`    ${line}`);
}
console.log(`${checked} cases, ${failed} failed, ${failures.size} operators with failures`);
