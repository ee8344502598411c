import { describe, expect, it } from "vitest";
import { prepareProgram } from "../interpreter/prepare.ts";
import { Session } from "../interpreter/session.ts";
import { programFromText } from "../lint/program-text.ts";
import { tensor, toTypedArray } from "../tensor/create.ts";
import { Probe } from "./probe.ts";

const loop = `
def forward(x: "f32[2]", n: "i64[]"):
    size: "Sym(2)" = torch.ops.aten.sym_size.int(x, 0)
    while_loop: ("i64[]", "f32[2]") = torch.ops.higher_order.while_loop(test, body, (n, x), ())
    topk: ("f32[1]", "i64[1]") = torch.ops.aten.topk.default(while_loop[1], 1)
    return (topk[0],)

def test(n: "i64[]", x: "f32[2]"):
    gt: "b8[]" = torch.ops.aten.gt.Scalar(n, 0)
    return gt

def body(n: "i64[]", x: "f32[2]"):
    sub: "i64[]" = torch.ops.aten.sub.Tensor(n, 1)
    mul: "f32[2]" = torch.ops.aten.mul.Tensor(x, 3)
    return (sub, mul)
`;

function probed(...globs: string[]): Probe {
  const { program, registry } = programFromText(loop);
  const probe = new Probe(globs);
  const inputs = new Map([
    ["x", tensor([1, 2])],
    ["n", tensor(2, { dtype: "int64" })],
  ]);
  new Session(prepareProgram(program, registry), new Map(), registry).call(inputs, {
    observe: probe.observe,
  });
  return probe;
}

const valuesOf = ({ values }: Probe) =>
  Object.fromEntries([...values].map(([name, value]) => [name, [...toTypedArray(value)].map(Number)]));

describe("a probe", () => {
  it("keeps each pass of a loop", () => {
    const path = "node.while_loop/body/mul";
    expect(valuesOf(probed("mul"))).toEqual({ [path]: [3, 6], [`${path}#1`]: [9, 18] });
  });

  it("keeps each result of a node, and numbers", () => {
    expect(valuesOf(probed("topk", "size"))).toEqual({
      "node.size": [2],
      "node.topk.0": [18],
      "node.topk.1": [1],
    });
  });

  it("knows which globs nothing matched", () => {
    expect(probed("while_loop/*/sub", "m?l", "(").missed()).toEqual(["m?l", "("]);
  });
});
