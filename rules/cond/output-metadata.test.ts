import { describe, expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { outputMetadata } from "./output-metadata.ts";

const program = (left: string, right: string) => `
def forward(p: "b8[]"):
    cond: ("?",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, ())
    return (cond[0],)

def true_graph_0():
    a: "${left}" = torch.ops.aten.rand.default([])
    return (a,)

def false_graph_0():
    b: "${right}" = torch.ops.aten.rand.default([])
    return (b,)
`;

const properties = (left: string, right: string) =>
  findingsIn(outputMetadata, program(left, right)).map(({ data }) => data.property);

testRule(outputMetadata, {
  invalid: [
    {
      title: "a number where the other branch returns a tensor",
      program: program("f32[2]", "f32[2]").replace("return (b,)", "return (3,)"),
      diagnostics: [
        {
          message: "the branches of torch.cond disagree on the kind of output 0: a tensor and an int",
          data: { output: 0, property: "kind", trueBranch: "a tensor", falseBranch: "an int" },
        },
      ],
    },
    {
      title: "None where the other branch returns a tensor",
      program: program("f32[2]", "f32[2]").replace("return (a,)", "return (None,)"),
      diagnostics: [
        { message: "the branches of torch.cond disagree on the kind of output 0: None and a tensor" },
      ],
    },
  ],
});

/** Each pair was returned by the branches of a cond, and torch 2.13's export said yes or no. */
describe("what torch accepts", () => {
  it.each([
    ["f32[4, 6]", "f32[2, 6]"],
    ["f32[3, 2]", "f32[2, 6]"],
    ["f32[6, 4][1, 6]", "f32[6, 4][1, 6]"],
    ["f32[3, 6]+6", "f32[3, 6]+6"],
    ["f32[4, 6][0, 1]", "f32[4, 6][0, 1]"],
    ["f32[0, 6]", "f32[4, 6]"],
    ["f32[2, 1, 4, 5]", "f32[2, 1, 4, 5]"],
    ["f32[2, 3, 4, 5][60, 1, 15, 3]", "f32[2, 3, 4, 5][60, 1, 15, 3]"],
    ["f32[8, 6]", "f32[12, 6]"],
    ["f32[u0]", "f32[24]"],
    ["f32[s0, 6]", "f32[s0, 6]"],
    ["f32[s1, s0][1, s1]", "f32[s1, s0][1, s1]"],
    ["f32[s2, s0, s1][1, s1*s2, s2]", "f32[s2, s0, 2][1, 2*s2, s2]"],
    ["f32[s0, 2*s1]", "f32[s0, 3*s1]"],
    ["f32[s0, 1]", "f32[s0, 1]"],
    ["f32[1, s1]", "f32[s0, s1]"],
    ["f32[s0, s1][0, 1]", "f32[s0, s1][0, 1]"],
    ["f32[]", "f32[]"],
  ])("%s and %s", (left, right) => expect(properties(left, right)).toEqual([]));
});

describe("what torch refuses", () => {
  it.each([
    ["f32[4, 6]", "f64[4, 6]", "dtype"],
    ["f32[4, 6]", "f32[6]", "rank"],
    ["f32[4, 6]", "f32[4, 6] meta", "device"],
    ["f32[4, 6]", "f32[4, 6] sparse_coo", "layout"],
    ["f32[4, 6]", "f32[4, 6][1, 4]", "stride order"],
    ["f32[6, 4][1, 6]", "f32[6, 4]", "stride order"],
    ["f32[4, 1][1, 1]", "f32[4, 1][1, 4]", "stride order"],
    ["f32[3, 6]+6", "f32[3, 6]", "storage offset"],
    ["f32[4, 3][6, 1]", "f32[4, 3][6, 1]", "density"],
    ["f32[4, 3][6, 1]", "f32[4, 2][6, 1]", "density"],
    ["f32[4, 6][0, 1]", "f32[4, 6]", "stride order"],
    ["f32[4, 6][6, 0]", "f32[4, 6]", "stride order"],
    ["f32[2, 3, 4, 5]", "f32[2, 3, 4, 5][60, 1, 15, 3]", "stride order"],
    ["f32[s1, s0][1, s1]", "f32[s1, s0]", "stride order"],
    ["f32[s0, 3][s1, 1]", "f32[s0, 3][s1, 1]", "density"],
  ])("%s and %s: %s", (left, right, property) => expect(properties(left, right)).toEqual([property]));
});
