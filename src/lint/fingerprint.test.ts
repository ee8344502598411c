import { expect, it } from "vitest";
import { lintProgram } from "../index.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { fingerprint, numbered } from "./fingerprint.ts";
import { programFromText } from "./program-text.ts";

const fingerprints = (findings: readonly Diagnostic[]) => numbered(findings).map(fingerprint);

const finding: Diagnostic = {
  rule: "cond/branch-aliases-input",
  severity: "error",
  message: "the true branch returns its own input",
  help: "",
  graph: "main/cond_2/true_graph_2",
  node: "cond_2",
  target: "torch.ops.higher_order.cond",
  source: { file: "a.py", line: 3, function: "forward", code: "x" },
  detail: ["output 0 is operand 0"],
  module: "decoder.layers.0",
  jsonPath: "graph_module.graph.nodes[2]",
  data: { branch: "true_graph_2" },
};

it("tells different findings apart by rule, module, target and message", () => {
  const others = [
    { ...finding, rule: "cond/arity" },
    { ...finding, module: "decoder.layers.1" },
    { ...finding, target: null },
    { ...finding, message: "the false branch returns its own input" },
  ];
  expect(new Set(fingerprints([finding, ...others])).size).toBe(5);
});

it("does not look at numbers of nodes, branches and lines", () => {
  const moved: Diagnostic = {
    ...finding,
    severity: "warning",
    graph: "main/cond_9/true_graph_9",
    node: "cond_9",
    source: null,
    detail: [],
    data: {},
  };
  expect(fingerprints([moved])).toEqual(fingerprints([finding]));
});

it("does not look at the numbers of nodes in a message, but at those of what the user named", () => {
  const says = (name: string) =>
    fingerprints([{ ...finding, message: `returns its own input (${name})` }])[0];
  expect(says("aten.add 'add_3'")).toBe(says("aten.add 'add'"));
  expect(says("operand 0 'arg0_1'")).toBe(says("operand 0 'arg0_2'"));
  expect(says("buffer 'cache_3'")).not.toBe(says("buffer 'cache_2'"));
  expect(says("input 'x_3'")).not.toBe(says("input 'x'"));
});

it("survives an operator before it", () => {
  const program = (before: string, name: string) => `def forward(p: "b8[]", x: "f32[3]"):
${before}
    ${name}: "f32[3]" = torch.ops.aten.mul.Tensor(x, 2)
    cond: ("f32[3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (${name},))
    return (cond[0],)
def true_graph_0(a: "f32[3]"):
    return (a,)
def false_graph_0(a: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(a, 1)
    return (add,)
`;
  const [before, after] = [
    program("", "mul"),
    program('    mul: "f32[3]" = torch.ops.aten.mul.Tensor(x, 3)', "mul_1"),
  ].map((text) => lintProgram(programFromText(text).program, { rules: { "*": "off", "cond/*": "error" } }));
  expect(before?.map(({ message }) => message)).toEqual([expect.stringContaining("'mul'")]);
  expect(after?.map(({ message }) => message)).toEqual([expect.stringContaining("'mul_1'")]);
  expect(after?.map(fingerprint)).toEqual(before?.map(fingerprint));
});

it("numbers equal findings, whatever stands between them", () => {
  const other = { ...finding, rule: "cond/arity" };
  const [first, second] = fingerprints([finding, finding]);
  expect(first).not.toBe(second);
  const [a, , b] = fingerprints([finding, other, finding]);
  expect([a, b]).toEqual([first, second]);
});

it("does not change from release to release", () => {
  expect(fingerprints([finding])).toMatchInlineSnapshot(`
    [
      "9b54ce03172fc8cd93e97fd7c9742e16",
    ]
  `);
});
