import { expect, it } from "vitest";
import type { Payload } from "../../src/archive/archive.ts";
import { runRules } from "../../src/lint/engine.ts";
import { programFromText } from "../../src/lint/program-text.ts";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { operandsAlias } from "./operands-alias.ts";

const BRANCHES = `
def true_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)

def false_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(a, b)
    return (mul,)
`;

const INNER_RETURNS_OPERAND = `
def forward(p: "b8[]", x: "f32[2, 3]"):
    choice: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, pass_on, double, (x,))
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, choice[0]))
    return (cond[0],)

def pass_on(x: "f32[2, 3]"):
    return (x,)

def double(x: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(x, 2)
    return (mul,)
${BRANCHES}`;

testRule(operandsAlias, {
  valid: [
    {
      title: "two outputs of another cond",
      program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    made: ("f32[2, 3]", "f32[2, 3]") = torch.ops.higher_order.cond(p, sines, cosines, (x,))
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (made[0], made[1]))
    return (cond[0],)

def sines(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    sinh: "f32[2, 3]" = torch.ops.aten.sinh.default(x)
    return (sin, sinh)

def cosines(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    cosh: "f32[2, 3]" = torch.ops.aten.cosh.default(x)
    return (cos, cosh)
${BRANCHES}`,
    },
    {
      title: "one symbolic size twice",
      program: `
def forward(p: "b8[]", n: "Sym(s0)", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (n, n, x))
    return (cond[0],)

def true_graph_0(n: "Sym(s0)", m: "Sym(s0)", x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(n: "Sym(s0)", m: "Sym(s0)", x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
    },
  ],
  invalid: [
    {
      title: "what may be shared",
      program: INNER_RETURNS_OPERAND,
      diagnostics: [{ message: "two operands of torch.cond share memory (input 'x')" }],
    },
    {
      title: "a branch's operands that share memory outside",
      program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    outer: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, within, without, (p, x))
    return (outer[0],)

def within(p: "b8[]", x: "f32[2, 3]"):
    view: "f32[2, 3]" = torch.ops.aten.view.default(x, [2, 3])
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, view))
    return (cond[0],)

def without(p: "b8[]", x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
${BRANCHES}`,
      diagnostics: [{ message: "two operands of torch.cond share memory (input 'x')" }],
    },
  ],
});

it("warns where it depends on a branch", () => {
  const found = findingsIn(operandsAlias, INNER_RETURNS_OPERAND);
  expect(found.map(({ severity, node }) => [severity, node])).toEqual([["warning", "cond"]]);
});

it("finds buffers that are views of one tensor, by where the archive stores them", () => {
  const { program, registry } = programFromText(`
def forward(p: "b8[]", b_a: "f32[2, 3]" = buffer("a"), b_b: "f32[2, 3]" = buffer("b")):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_a, b_b))
    return (cond[0],)
${BRANCHES}`);
  const found = (a: string, b: string) => {
    const payload = (entry: string) => ({ entry, size: 24, config: { use_pickle: false } }) as Payload;
    const weights = new Map([
      ["a", payload(a)],
      ["b", payload(b)],
    ]);
    const active = [{ rule: operandsAlias, severity: operandsAlias.severity }];
    return runRules(program, active, registry, { weights, constants: null }).map(({ message }) => message);
  };
  expect(found("weight_0", "weight_1")).toEqual([]);
  expect(found("weight_0", "weight_0")).toEqual([
    "two operands of torch.cond share memory (buffer 'a' and buffer 'b')",
  ]);
});
