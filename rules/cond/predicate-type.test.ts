import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { predicateType } from "./predicate-type.ts";

const program = (predicate: string, inputs = "") => `
def forward(${inputs}x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(${predicate}, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`;

testRule(predicateType, {
  valid: [
    { title: "a bool scalar", program: program("p", `p: "b8[]", `) },
    { title: "a condition on sizes", program: program("b", `b: "Sym(Eq(s0, 2))", `) },
    { title: "a tensor of which nothing is known", program: program("p", `p: "?", `) },
  ],
  invalid: [
    {
      title: "a constant",
      program: program("True"),
      diagnostics: [
        {
          message: "the predicate of torch.cond is the constant True, so one branch never runs",
          data: { found: "True" },
        },
      ],
    },
    {
      title: "an int",
      program: program("1"),
      diagnostics: [{ message: "the predicate of torch.cond is an int, not a boolean" }],
    },
  ],
});

it.each([
  ["1", "", "error"],
  ["0.5", "", "error"],
  [`"yes"`, "", "error"],
  ["None", "", "error"],
  ["n", `n: "Sym(u0)", `, "error"],
  ["p", `p: "b8[2]", `, "error"],
  ["p", `p: "b8[0]", `, "error"],
  ["p", `p: "f32[2, s0]", `, "error"],
  ["p", `p: "b8[s0]", `, "warning"],
  ["p", `p: "i64[1, 1]", `, "warning"],
  ["p", `p: "bf16[]", `, "warning"],
  ["False", "", "info"],
])("%s with inputs %j: %s", (predicate, inputs, severity) => {
  expect(findingsIn(predicateType, program(predicate, inputs)).map((found) => found.severity)).toEqual([
    severity,
  ]);
});
