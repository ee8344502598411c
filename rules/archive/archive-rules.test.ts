import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { archiveFaults } from "../../src/archive/faults.ts";
import type { Rule } from "../../src/lint/rule.ts";

const ids = readdirSync(import.meta.dirname)
  .filter((name) => !name.endsWith(".test.ts"))
  .map((name) => `archive/${name.slice(0, -".ts".length)}`);

describe("archive/*", () => {
  it("has one rule for each fault of an archive", () => {
    expect(ids.sort()).toEqual(Object.keys(archiveFaults).sort());
  });

  it.each(Object.entries(archiveFaults))("%s says what the fault says", async (id, fault) => {
    const module: Record<string, Rule> = await import(`./${id.slice("archive/".length)}.ts`);
    const [rule] = Object.values(module);
    expect(rule).toMatchObject({
      id,
      severity: fault.severity,
      summary: fault.summary,
      reportedBy: "reader",
    });
  });
});
