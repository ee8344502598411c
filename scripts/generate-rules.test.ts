import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { branchAliasesInput } from "../rules/cond/branch-aliases-input.ts";
import { committedRules, generateRules } from "./generate-rules.ts";
import { readRules } from "./rule-files.ts";
import { rulePage, rulesTable } from "./rule-pages.ts";

it("was run after the last change to a rule: else run 'npx tsx scripts/generate-rules.ts'", async () => {
  const generated = await generateRules();
  const committed = committedRules();
  expect([...committed.keys()].sort()).toEqual([...generated.keys()].sort());
  for (const [path, text] of generated) expect(committed.get(path), path).toBe(text);
});

describe("the files of rules", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pt2lint-rules-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  const rule = (id: string) => `({ id: ${JSON.stringify(id)}, messages: {}, create: () => ({}) })`;

  it("are found and sorted by id; tests and shared code are not rules", async () => {
    write("b/two.ts", `export const two = ${rule("b/two")}; export const helper = 1;`);
    write("a/one.ts", `export const one = ${rule("a/one")};`);
    write("a/one.test.ts", "throw new Error('a test')");
    write("_shared/words.ts", "export const words = 1;");
    write("index.generated.ts", "export const rules = [];");
    const found = await readRules(folder);
    expect(found.map(({ path, exportName }) => `${path} ${exportName}`)).toEqual([
      "a/one.ts one",
      "b/two.ts two",
    ]);
  });

  it.each([
    [`export const one = ${rule("a/uno")};`, "rules/a/one.ts: the rule's id is a/uno"],
    ["export const one = 1;", "rules/a/one.ts: exports 0 rules, must be one"],
    [`export const one = ${rule("a/one")}; export const two = ${rule("a/two")};`, "exports 2 rules"],
    [`export default ${rule("a/one")};`, "must export its rule by name"],
  ])("are refused: %s", async (text, message) => {
    write("a/one.ts", text);
    await expect(readRules(folder)).rejects.toThrow(message);
  });
});

describe("a page", () => {
  const page = rulePage(branchAliasesInput);

  it("shows the programs with what is found in them", () => {
    const { program, diagnostics } = branchAliasesInput.examples.invalid[0]!;
    expect(page).toContain(program.trim());
    expect(page).toContain(`error: ${diagnostics[0]!.message}\n    attention.py:12 in forward\n`);
    expect(page).toContain(`data: ${JSON.stringify(diagnostics[0]!.data)}`);
  });

  it("says how to turn the rule off", () => {
    expect(page).toContain("`pt2lint --rule cond/branch-aliases-input=off`");
  });

  it("is linked from the table", () => {
    const link = "[cond/branch-aliases-input](cond/branch-aliases-input.md)";
    expect(rulesTable([branchAliasesInput])).toContain(`| ${link} | error | recommended, strict, all |`);
  });

  it("says so when the fault is found while the file is read", () => {
    const rule = {
      ...branchAliasesInput,
      reportedBy: "reader",
      examples: { valid: [], invalid: [] },
    } as const;
    expect(rulePage(rule)).toContain("found while the file is read");
    expect(rulePage(rule)).not.toContain("## It reports");
  });
});
