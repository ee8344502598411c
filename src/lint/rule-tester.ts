/** Runs a rule over its examples, for vitest. For tests and generators only: the command line never loads it. */
import { describe, expect, it } from "vitest";
import type { Rule } from "./rule.ts";
import { exampleFaults, type RuleCases, wordFaults } from "./rule-check.ts";

export { findingsIn } from "./examples.ts";

/**
 * Declares the tests of a rule: its valid examples give nothing, its invalid ones exactly the diagnostics that
 * they list, and together they show all that it documents. `cases` adds further ones.
 */
export function testRule(rule: Rule, cases: RuleCases = {}): void {
  describe(rule.id, () => {
    it("has examples that show all it documents", () => expect(wordFaults(rule, cases)).toEqual([]));
    for (const example of [...rule.examples.valid, ...(cases.valid ?? [])]) {
      it(`is quiet: ${example.title}`, () => expect(exampleFaults(rule, example, [])).toEqual([]));
    }
    for (const example of [...rule.examples.invalid, ...(cases.invalid ?? [])]) {
      it(`finds: ${example.title}`, () => {
        expect(example.diagnostics, "an invalid example lists at least one diagnostic").not.toEqual([]);
        expect(exampleFaults(rule, example, example.diagnostics)).toEqual([]);
      });
    }
  });
}
