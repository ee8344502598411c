import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { branchAliasesInput } from "./branch-aliases-input.ts";

testRule(branchAliasesInput, {
  valid: [
    {
      title: "a call that is no cond",
      program: `
def forward(x: "f32[2, 3]"):
    wrap: ("f32[2, 3]",) = torch.ops.higher_order.wrap_with_set_grad_enabled(False, body_0, x)
    return (wrap[0],)

def body_0(x: "f32[2, 3]"):
    return (x,)
`,
    },
  ],
  invalid: [
    {
      title: "an operand that is passed twice",
      program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, x))
    return (cond[0],)

def true_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    return (b,)

def false_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
      diagnostics: [
        {
          message: "the true branch of torch.cond returns a view of its own input (input 'x')",
          data: { branch: "true_graph_0", output: 0, operand: 0 },
        },
        {
          message: "the true branch of torch.cond returns its own input (input 'x')",
          data: { branch: "true_graph_0", output: 0, operand: 1 },
        },
      ],
    },
  ],
});

/** A cond whose true branch returns what the call gives. */
const program = (call: string) => `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (p, x))
    return (cond[0],)

def true_graph_0(p: "b8[]", x: "f32[2, 3]"):
    y: "f32[2, 3]" = torch.ops.${call}
    return (y,)

def false_graph_0(p: "b8[]", x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`;

it.each([
  ["error, at the node that returns it", "aten.contiguous.default(x)", ["error y"]],
  ["warning where lowering replaced it by a copy", "aten.dropout.default(x, 0.5, False)", ["warning y"]],
  ["nothing for dropout in training", "aten.dropout.default(x, 0.5, True)", []],
  ["nothing for what executorch::alias hands through", "executorch.alias.default(x, x)", []],
])("%s", (_, call, expected) => {
  const text = call.startsWith("executorch")
    ? program(call)
        .replace(`y: "f32[2, 3]"`, `y: ("f32[2, 3]", "f32[2, 3]")`)
        .replace("return (y,)", "return (y[0],)")
    : program(call);
  expect(findingsIn(branchAliasesInput, text).map(({ severity, node }) => `${severity} ${node}`)).toEqual(
    expected,
  );
});

it("finds nothing where a native_dropout that drops nothing is written: its input is not", () => {
  const text = program("aten.native_dropout.default(x, 0.5, False)")
    .replace(`y: "f32[2, 3]"`, `y: ("f32[2, 3]", "f32[2, 3]")`)
    .replace("return (y,)", `z: "f32[2, 3]" = torch.ops.aten.mul_.Tensor(y[0], 2)\n    return (z,)`);
  expect(findingsIn(branchAliasesInput, text)).toEqual([]);
  expect(
    findingsIn(branchAliasesInput, text.replace("mul_.", "mul.").replace("return (z,)", "return (y[0],)")),
  ).toHaveLength(1);
});

it("warns of what an inner cond may return", () => {
  const found = findingsIn(
    branchAliasesInput,
    `
def forward(p: "b8[]", x: "f32[2, 3]"):
    outer: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (p, x))
    return (outer[0],)

def true_graph_0(p: "b8[]", x: "f32[2, 3]"):
    inner: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, inner_true, inner_false, (x,))
    return (inner[0],)

def false_graph_0(p: "b8[]", x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)

def inner_true(x: "f32[2, 3]"):
    return (x,)

def inner_false(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
  );
  expect(found.map(({ severity, data }) => [data.branch, severity])).toEqual([
    ["true_graph_0", "warning"],
    ["inner_true", "error"],
  ]);
});
