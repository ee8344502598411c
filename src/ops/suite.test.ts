import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { checkCase, operatorCases } from "../testing/operator-cases.ts";
import { mode } from "./kernel.ts";
import "./kernels.ts";

const folder = fileURLToPath(new URL("../../fixtures/ops/", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".ndjson.gz"));

afterEach(() => {
  mode.precise = false;
});

describe("operators compute what torch computes", () => {
  const ways = files.flatMap((file) => [[file, false] as const, [file, true] as const]);
  it.each(ways)("%s, precise: %s", { timeout: 120_000 }, (file, precise) => {
    mode.precise = precise;
    const problems = new Set<string>();
    let checked = 0;
    for (const one of operatorCases(`${folder}${file}`)) {
      checked++;
      const problem = checkCase(one);
      if (problem !== undefined) problems.add(`${one.op} (${one.from}): ${problem}`);
    }
    expect(checked).toBeGreaterThan(0);
    expect([...problems]).toEqual([]);
  });
});
