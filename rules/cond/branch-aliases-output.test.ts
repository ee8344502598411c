import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { branchAliasesOutput } from "./branch-aliases-output.ts";

const program = (returned: string, body = "") => `
def forward(p: "b8[]", x: "f32[2, 3]", y: "f32[2, 3]"):
    cond: ("f32[2, 3]", "f32[2, 3]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, y))
    return (cond[0], cond[1])

def true_graph_0(x: "f32[2, 3]", y: "f32[2, 3]"):
${body}    return ${returned}

def false_graph_0(x: "f32[2, 3]", y: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (sin, cos)
`;

testRule(branchAliasesOutput, {
  valid: [
    {
      title: "what executorch::alias hands through",
      program: program(
        "(alias[0], alias[1])",
        `    alias: ("f32[2, 3]", "f32[2, 3]") = torch.ops.executorch.alias.default(x, y)\n`,
      ),
    },
  ],
  invalid: [
    {
      title: "every pair of three",
      program: program("(x, x, x)"),
      diagnostics: [
        [0, 1],
        [0, 2],
        [1, 2],
      ].map(([output, other]) => ({
        message: "the true branch of torch.cond returns one tensor twice",
        data: { branch: "true_graph_0", output, other } as Record<string, string | number>,
      })),
    },
    {
      title: "two parts of one tensor",
      program: program(
        "(split[0], split[1])",
        `    cat: "f32[4, 3]" = torch.ops.aten.cat.default([x, y])
    split: ["f32[2, 3]", "f32[2, 3]"] = torch.ops.aten.split.Tensor(cat, 2)\n`,
      ),
      diagnostics: [{ message: "the true branch of torch.cond returns two outputs that share memory" }],
    },
  ],
});

it("stands at the node that defines the second output", () => {
  const [found] = findingsIn(
    branchAliasesOutput,
    program(
      "(sin, t)",
      `    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    t: "f32[2, 3]" = torch.ops.aten.view.default(sin, [2, 3])\n`,
    ),
  );
  expect(found).toMatchObject({ graph: "main/cond/true_graph_0", node: "t", severity: "error" });
});
