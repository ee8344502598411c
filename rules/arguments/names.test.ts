import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { names } from "./names.ts";

testRule(names);

it.each([
  ["2.13.0", 1],
  // There its first argument has another name than in the table.
  ["2.14.1", 0],
])("an operator whose arguments changed later, in a program of torch %s", (torch, count) => {
  const program = `
torch "${torch}"
def forward(x: "f32[3, 2]", g: "f32[3]"):
    _pdist_backward: "f32[3, 2]" = torch.ops.aten._pdist_backward.default(g, x, 2.0)
    return (_pdist_backward,)
`;
  expect(findingsIn(names, program)).toHaveLength(count);
});
