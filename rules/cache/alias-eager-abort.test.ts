import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { aliasEagerAbort } from "./alias-eager-abort.ts";

testRule(aliasEagerAbort);

it.each([
  ["2.12.1", "info"],
  ["2.13.0+cpu", "warning"],
  ["2.14.1", "warning"],
  ["3.0.0", "warning"],
  ["a build of mine", "warning"],
])("in a program of torch %s it is of severity %s", (torch, severity) => {
  const program = `
torch "${torch}"
def forward(x: "f32[1, 2, 4, 8]", y: "f32[1, 2, 4, 8]"):
    alias: ("f32[1, 2, 4, 8]", "f32[1, 2, 4, 8]") = torch.ops.executorch.alias.default(x, y)
    return (alias[0], alias[1])
`;
  expect(findingsIn(aliasEagerAbort, program).map((found) => found.severity)).toEqual([severity]);
});
