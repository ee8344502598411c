import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { branchMutatesInput } from "./branch-mutates-input.ts";

const program = (body: string, operands = "(x, y)") => `
def forward(p: "b8[]", x: "f32[2, 3]", y: "f32[2, 3]"):
    view: "f32[6]" = torch.ops.aten.view.default(x, [6])
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, ${operands})
    return (cond[0],)

def true_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
${body}    sin: "f32[2, 3]" = torch.ops.aten.sin.default(a)
    return (sin,)

def false_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(a)
    return (cos,)
`;

const FILL = `    fill_: "f32[2, 3]" = torch.ops.aten.fill_.Scalar(a, 1)\n`;

testRule(branchMutatesInput, {
  valid: [
    {
      title: "update_cross_attn_cache, which belongs to the cache rules",
      program: `
def forward(p: "b8[]", v: "f32[1, 2, 3, 4]", cache: "f32[1, 2, 5, 4]" = buffer("cache")):
    cond: ("f32[1, 2, 5, 4]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, cache))
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 3, 4]", cache: "f32[1, 2, 5, 4]"):
    update: "f32[1, 2, 5, 4]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)

def false_graph_0(v: "f32[1, 2, 3, 4]", cache: "f32[1, 2, 5, 4]"):
    clone: "f32[1, 2, 5, 4]" = torch.ops.aten.clone.default(cache)
    return (clone,)
`,
    },
  ],
  invalid: [
    {
      title: "an operand that shares memory with another writes both",
      program: program(FILL, "(x, view)").replaceAll(`b: "f32[2, 3]"`, `b: "f32[6]"`),
      diagnostics: [
        {
          message: "the true branch of torch.cond writes to its input (input 'x')",
          data: { branch: "true_graph_0", operand: 0 },
        },
        {
          message: "the true branch of torch.cond writes to its input (input 'x')",
          data: { branch: "true_graph_0", operand: 1 },
        },
      ],
    },
    {
      title: "a write by keyword, which torch overlooks",
      program: program(`    out: "f32[2, 3]" = torch.ops.aten.sin.out(a, out=b)\n`),
      diagnostics: [{ message: "the true branch of torch.cond writes to its input (input 'y')" }],
    },
    {
      title: "a write in a cond within the branch counts for both",
      program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (p, x))
    return (cond[0],)

def true_graph_0(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, inner_true, inner_false, (x,))
    return (cond[0],)

def false_graph_0(p: "b8[]", x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)

def inner_true(x: "f32[2, 3]"):
    zero_: "f32[2, 3]" = torch.ops.aten.zero_.default(x)
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def inner_false(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
      diagnostics: [
        {
          message: "the true branch of torch.cond writes to its input (input 'x')",
          data: { branch: "true_graph_0", operand: 1 },
        },
        {
          message: "the true branch of torch.cond writes to its input (input 'x')",
          data: { branch: "inner_true", operand: 0 },
        },
      ],
    },
  ],
});

it("stands at the write", () => {
  const found = findingsIn(branchMutatesInput, program(FILL));
  expect(found.map(({ graph, node, severity }) => [graph, node, severity])).toEqual([
    ["main/cond/true_graph_0", "fill_", "error"],
  ]);
});

it("warns of operators that change a view's sizes and strides alone", () => {
  const severities = (body: string): unknown[] =>
    findingsIn(branchMutatesInput, program(body)).map(({ node, severity }) => [node, severity]);
  const view = `    slice_1: "f32[2, 3]" = torch.ops.aten.slice.Tensor(a)\n`;
  const turned = `    t_: "f32[3, 2][1, 3]" = torch.ops.aten.t_.default(slice_1)\n`;
  expect(severities(view + turned)).toEqual([["t_", "warning"]]);
  expect(severities(turned.replace("slice_1", "a"))).toEqual([["t_", "error"]]);
  const twice = `    t__1: "f32[2, 3]" = torch.ops.aten.t_.default(t_)\n`;
  expect(severities(view + turned + twice)).toEqual([["t_", "warning"]]);
  const filled = `    fill_: "f32[3, 2][1, 3]" = torch.ops.aten.fill_.Scalar(t_, 1)\n`;
  expect(severities(view + turned + filled)).toEqual([["fill_", "error"]]);
});
