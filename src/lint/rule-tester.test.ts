import { describe, expect, it } from "vitest";
import { defineRule, type Example, type InvalidExample, type Rule } from "./rule.ts";
import { checkRule, exampleFaults, wordFaults } from "./rule-check.ts";
import { findingsIn, testRule } from "./rule-tester.ts";

const ADDS =
  'def forward(x: "f32[2]"):\n    add: "f32[2]" = torch.ops.aten.add.Tensor(x, 1)\n    return (add,)';
const QUIET = 'def forward(x: "f32[2]"):\n    return (x,)';

function ruleOf(valid: readonly Example[], invalid: readonly InvalidExample[], reportedBy?: "reader"): Rule {
  return defineRule({
    id: "test/no-add",
    severity: "warning",
    presets: [],
    summary: "an addition",
    description: "For the tests of the tester.",
    data: { node: "the node's name" },
    messages: { add: "adds at {node}" },
    examples: { valid, invalid },
    reportedBy,
    create: (ctx) => ({
      targets: {
        "torch.ops.aten.add.Tensor": (node) =>
          ctx.report({ at: node, message: "add", data: { node: node.name } }),
      },
    }),
  });
}

const valid = { title: "nothing", program: QUIET };
const diagnostics = [{ message: "adds at add", data: { node: "add" } }];
const invalid = { title: "an addition", program: ADDS, diagnostics };
const rule = ruleOf([valid], [invalid]);

testRule(rule, {
  invalid: [{ ...invalid, title: "with the message alone", diagnostics: [{ message: "adds at add" }] }],
});

describe("the tester", () => {
  it("gives the findings of the rule alone", () => {
    expect(findingsIn(rule, ADDS)).toMatchObject([{ rule: "test/no-add", severity: "warning", node: "add" }]);
  });

  it("passes what is right", () => {
    expect(exampleFaults(rule, valid, [])).toEqual([]);
    expect(exampleFaults(rule, invalid, diagnostics)).toEqual([]);
    expect(wordFaults(rule)).toEqual([]);
  });

  it.each([
    [
      "a finding in a valid example",
      { title: "t", program: ADDS },
      [],
      /found "adds at add" \{"node":"add"\}, which/,
    ],
    ["nothing in an invalid one", { title: "t", program: QUIET }, diagnostics, /did not find "adds at add"/],
    ["another message", invalid, [{ message: "adds" }], /diagnostic 0: found "adds at add"/],
    [
      "other data",
      invalid,
      [{ ...diagnostics[0]!, data: { node: "sub" } }],
      /diagnostic 0: .* expected .*"sub"/,
    ],
    ["a program that is none", { title: "t", program: "def" }, [], /1:4: expected the graph's name/],
  ])("fails on %s", (_, example, expected, fault) => {
    expect(exampleFaults(rule, example, expected)).toEqual([expect.stringMatching(fault)]);
  });

  it("says all that is wrong with a rule at once", () => {
    expect(checkRule(rule)).toEqual([]);
    const wrong = { valid: [{ title: "quiet", program: ADDS }], invalid: [] };
    expect(checkRule(rule, wrong)).toEqual([
      expect.stringMatching(/^quiet: diagnostic 0: found "adds at add"/),
    ]);
  });

  it("wants examples of each kind, except of what the reader reports", () => {
    const noExamples = ["has no valid example", "has no invalid example"];
    expect(wordFaults(ruleOf([], []))).toEqual(expect.arrayContaining(noExamples));
    expect(wordFaults(ruleOf([], [], "reader"))).toEqual([]);
  });

  it("wants every message and key shown, and no others", () => {
    const more = { ...rule, data: { at: "where" }, messages: { ...rule.messages, other: "other" } };
    expect(wordFaults(more)).toEqual([
      'no example shows the message "other"',
      'no example shows the key "at" of data',
      'the key "node" of data is not documented',
    ]);
  });

  it("wants every placeholder filled", () => {
    const unfilled = { ...rule, messages: { add: "adds at {place}" } };
    expect(wordFaults(unfilled)).toContain('nothing fills a placeholder of "adds at {place}"');
  });
});
