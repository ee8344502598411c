import { testRule } from "../../src/lint/rule-tester.ts";
import { bodyMutatesInput } from "./body-mutates-input.ts";

testRule(bodyMutatesInput, {
  invalid: [
    {
      title: "a condition, a slice of map and an element of associative_scan",
      program: `
def forward(x: "f32[3]", xs: "f32[5, 3]"):
    loop: ("f32[3]",) = torch.ops.higher_order.while_loop(condition, body, (x,), ())
    map: ("f32[5, 3]",) = torch.ops.higher_order.map_impl(row, (xs,), ())
    sums: ("f32[5, 3]",) = torch.ops.higher_order.associative_scan(combine, (xs,), ())
    return (loop[0], map[0], sums[0])

def condition(x: "f32[3]"):
    zero_: "f32[3]" = torch.ops.aten.zero_.default(x)
    any_1: "b8[]" = torch.ops.aten.any.default(x)
    return any_1

def body(x: "f32[3]"):
    sin: "f32[3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def row(x: "f32[3]"):
    relu_: "f32[3]" = torch.ops.aten.relu_.default(x)
    sin: "f32[3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def combine(a: "f32[3]", b: "f32[3]"):
    view: "f32[3]" = torch.ops.aten.view.default(a, [3])
    add_: "f32[3]" = torch.ops.aten.add_.Tensor(view, b)
    sin: "f32[3]" = torch.ops.aten.sin.default(view)
    return (sin,)
`,
      diagnostics: [
        { message: "the condition of while_loop writes to its input (input 'x')" },
        { message: "the body of map writes to its input (a slice of input 'xs')" },
        { message: "the combine function of associative_scan writes to its input (a slice of input 'xs')" },
      ],
    },
  ],
});
