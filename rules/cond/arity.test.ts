import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { arity } from "./arity.ts";

const program = (call: string, results = `("f32[2, 3]",)`, more = "") => `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ${results} = torch.ops.higher_order.${call}
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    neg: "f32[2, 3]" = torch.ops.aten.neg.default(x)
    return (sin${more})

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    neg: "f32[2, 3]" = torch.ops.aten.neg.default(x)
    return (cos${more})
`;

const CALL = "cond(p, true_graph_0, false_graph_0, (x,))";
const TWO = `("f32[2, 3]", "f32[2, 3]")`;

testRule(arity, {
  valid: [
    { title: "two results, one of them unused", program: program(CALL, TWO, ", neg") },
    {
      title: "branches that take nothing",
      program: `
def forward(p: "b8[]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, ())
    return (cond[0],)

def true_graph_0():
    ones: "f32[2]" = torch.ops.aten.ones.default([2])
    return (ones,)

def false_graph_0():
    zeros: "f32[2]" = torch.ops.aten.zeros.default([2])
    return (zeros,)
`,
    },
  ],
  invalid: [
    {
      title: "a number where a branch should be",
      program: program("cond(p, true_graph_0, 0, (x,))").split("\ndef false_graph_0")[0]!,
      diagnostics: [
        {
          message: "torch.cond takes two branches and gets 1",
          data: { branch: null, expected: 2, actual: 1 },
        },
      ],
    },
    {
      title: "an operand more",
      program: program("cond(p, true_graph_0, false_graph_0, (x, p))"),
      diagnostics: [
        { message: "the true branch of torch.cond takes 1 input for 2 operands" },
        { message: "the false branch of torch.cond takes 1 input for 2 operands" },
      ],
    },
    {
      title: "a result more",
      program: program(CALL, TWO, ","),
      diagnostics: [{ message: "torch.cond gives 2 results and its branches return 1" }],
    },
  ],
});

it("warns of a result less, which torch ignores", () => {
  const found = findingsIn(arity, program(CALL, undefined, ", neg"));
  expect(found.map(({ severity, message }) => [severity, message])).toEqual([
    ["warning", "torch.cond gives 1 result and its branches return 2"],
  ]);
});
