import { testRule } from "../../src/lint/rule-tester.ts";
import { operandsAlias } from "./operands-alias.ts";

testRule(operandsAlias, {
  valid: [
    {
      title: "one tensor gone along twice, and read",
      program: `
def forward(xs: "f32[5, 3]"):
    map: ("f32[5, 3]",) = torch.ops.higher_order.map_impl(body, (xs, xs), (xs,))
    sums: ("f32[5, 3]",) = torch.ops.higher_order.associative_scan(combine, (xs,), (xs,))
    return (map[0], sums[0])

def body(a: "f32[3]", b: "f32[3]", xs: "f32[5, 3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)

def combine(a: "f32[3]", b: "f32[3]", xs: "f32[5, 3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
    },
  ],
});
