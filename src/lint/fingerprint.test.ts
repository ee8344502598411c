import { expect, it } from "vitest";
import type { Diagnostic } from "./diagnostic.ts";
import { fingerprints } from "./fingerprint.ts";

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
