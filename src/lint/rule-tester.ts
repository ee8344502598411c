/** Runs a rule over its examples, for vitest. For tests only: it is no part of what the command line loads. */
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "./diagnostic.ts";
import { runRules } from "./engine.ts";
import { programFromText } from "./program-text.ts";
import type { Example, InvalidExample, Rule } from "./rule.ts";

/** Cases beside a rule's examples: those that nobody wants to read in the docs. */
export interface RuleCases {
  readonly valid?: readonly Example[];
  readonly invalid?: readonly InvalidExample[];
}

/** What the rule, alone and with its own severity, finds in a program in text form. */
export function findingsIn(rule: Rule, program: string): Diagnostic[] {
  const parsed = programFromText(program);
  return runRules(parsed.program, [{ rule, severity: rule.severity }], parsed.registry);
}

/**
 * Declares the tests of a rule: its valid examples give nothing, its invalid ones exactly the diagnostics that
 * they list, and it has some of each. `cases` adds further ones.
 */
export function testRule(rule: Rule, cases: RuleCases = {}): void {
  describe(rule.id, () => {
    if (rule.reportedBy === undefined) it("has a valid and an invalid example", () => checkExamples(rule));
    it("documents the keys of its data and shows each of its messages", () => checkWords(rule, cases));
    for (const { title, program } of [...rule.examples.valid, ...(cases.valid ?? [])]) {
      it(`is quiet: ${title}`, () => expect(findingsIn(rule, program).map(shown)).toEqual([]));
    }
    for (const example of [...rule.examples.invalid, ...(cases.invalid ?? [])]) {
      it(`finds: ${example.title}`, () => checkInvalid(rule, example));
    }
  });
}

function checkExamples(rule: Rule): void {
  expect(rule.examples.valid, `${rule.id} has no valid example`).not.toEqual([]);
  expect(rule.examples.invalid, `${rule.id} has no invalid example`).not.toEqual([]);
}

function checkInvalid(rule: Rule, { program, diagnostics }: InvalidExample): void {
  const found = findingsIn(rule, program);
  // Where the example does not list the data, the message alone counts.
  const expected = diagnostics.map(({ message, data }, i) => ({
    message,
    data: data ?? found[i]?.data ?? {},
  }));
  expect(diagnostics, "an invalid example lists at least one diagnostic").not.toEqual([]);
  expect(found.map(shown)).toEqual(expected);
}

function shown({ message, data }: Diagnostic) {
  return { message, data };
}

/** Messages and keys of data that are documented are all seen, and no others; no placeholder stays unfilled. */
function checkWords(rule: Rule, cases: RuleCases): void {
  const used = new Set<string>();
  const keys = new Set<string>();
  for (const { program } of [...rule.examples.invalid, ...(cases.invalid ?? [])]) {
    for (const { message, data } of findingsIn(rule, program)) {
      expect(message, "a placeholder that nothing fills").not.toMatch(/\{\w+\}/);
      for (const key of Object.keys(data)) keys.add(key);
      for (const [id, template] of Object.entries(rule.messages))
        if (matches(template, message)) used.add(id);
    }
  }
  if (rule.reportedBy === "reader") return;
  expect([...keys].sort()).toEqual(Object.keys(rule.data).sort());
  expect([...used].sort()).toEqual(Object.keys(rule.messages).sort());
}

function matches(template: string, message: string): boolean {
  const literal = template.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "s").test(message);
}
