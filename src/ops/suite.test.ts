import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkCase, operatorCases } from "../testing/operator-cases.ts";
import "./kernels.ts";

const folder = fileURLToPath(new URL("../../fixtures/ops/", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".ndjson.gz"));

describe("operators compute what torch computes", () => {
  it.each(files)("%s", { timeout: 120_000 }, (file) => {
    const problems: string[] = [];
    let checked = 0;
    for (const one of operatorCases(`${folder}${file}`)) {
      checked++;
      const problem = checkCase(one);
      if (problem !== undefined) problems.push(`${one.op} (${one.from}): ${problem}`);
    }
    expect(checked).toBeGreaterThan(0);
    expect(problems).toEqual([]);
  });
});
