import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { sequenceLength } from "./sequence-length.ts";

const scan = (a: string, b: string) => `
def forward(init: "f32[3]", a: "${a}", b: "${b}"):
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(combine, (init,), (a, b), ())
    return (scan[0], scan[1])

def combine(carry: "f32[3]", a: "f32[3]", b: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(carry, a)
    mul: "f32[3]" = torch.ops.aten.mul.Tensor(carry, b)
    return (add, mul)
`;

testRule(sequenceLength, {
  valid: [{ title: "a length that is not known", program: scan("f32[5, 3]", "f32[s0, 3]") }],
  invalid: [
    {
      title: "nothing to go along",
      program: scan("f32[0, 3]", "f32[0, 3]"),
      diagnostics: [
        {
          message: "scan goes along input 'a' of length 0",
          data: { operand: 0, expected: 0, actual: 0 },
        },
        {
          message: "scan goes along input 'b' of length 0",
          data: { operand: 1, expected: 0, actual: 0 },
        },
      ],
    },
  ],
});

it.each([
  ["f32[5, 3]", "f32[4, 3]", "error"],
  ["f32[4, 3]", "f32[5, 3]", "warning"],
])("a scan along %s and %s: %s", (a, b, severity) => {
  expect(findingsIn(sequenceLength, scan(a, b)).map((found) => found.severity)).toEqual([severity]);
});
