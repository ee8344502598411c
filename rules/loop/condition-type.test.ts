import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { conditionType } from "./condition-type.ts";

const program = (condition: string) => `
def forward(i: "i64[]", n: "Sym(s0)"):
    loop: ("i64[]", "Sym(u0)") = torch.ops.higher_order.while_loop(condition, body, (i, n), ())
    return (loop[0],)

def condition(i: "i64[]", n: "Sym(u1)"):
${condition}

def body(i: "i64[]", n: "Sym(u2)"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    more: "Sym(u2 + 1)" = _operator.add(n, 1)
    return (add, more)
`;

testRule(conditionType, {
  valid: [
    {
      title: "a condition on sizes",
      program: program(`    lt: "Sym(u1 < 10)" = _operator.lt(n, 10)\n    return (lt,)`),
    },
    { title: "a constant", program: program("    return (True,)") },
  ],
});

it.each([
  [`    sub: "i64[]" = torch.ops.aten.sub.Tensor(i, 1)\n    return sub`, "torch.int64[]"],
  [`    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 1)\n    return (lt,)`, "a tuple"],
  [`    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 1)\n    return (lt, lt)`, "2 values"],
  ["    return (n,)", "an int"],
  ["    return (None,)", "None"],
])("%s", (condition, found) => {
  expect(findingsIn(conditionType, program(condition)).map(({ data }) => data.found)).toEqual([found]);
});
