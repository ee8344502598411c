import { testRule } from "../../src/lint/rule-tester.ts";
import { bodyAliasesInput } from "./body-aliases-input.ts";

testRule(bodyAliasesInput, {
  valid: [
    {
      title: "a cond, which has a rule of its own",
      program: `
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, yes, no, (x,))
    return (cond[0],)

def yes(x: "f32[2]"):
    return (x,)

def no(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
    },
  ],
  invalid: [
    {
      title: "a condition that returns a carry",
      program: `
def forward(go: "b8[]", x: "f32[2]"):
    loop: ("b8[]", "f32[2]") = torch.ops.higher_order.while_loop(condition, body, (go, x), ())
    return (loop[0], loop[1])

def condition(go: "b8[]", x: "f32[2]"):
    return go

def body(go: "b8[]", x: "f32[2]"):
    stop: "b8[]" = torch.ops.aten.logical_not.default(go)
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (stop, sin)
`,
      diagnostics: [
        {
          message: "the condition of while_loop returns its own input (input 'go')",
          data: { body: "condition", output: 0, input: 0 },
        },
      ],
    },
    {
      title: "carries that change places",
      program: `
def forward(i: "i64[]", x: "f32[2]", y: "f32[2]"):
    loop: ("i64[]", "f32[2]", "f32[2]") = torch.ops.higher_order.while_loop(condition, body, (i, x, y), ())
    return (loop[0], loop[1], loop[2])

def condition(i: "i64[]", x: "f32[2]", y: "f32[2]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[2]", y: "f32[2]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    return (add, y, x)
`,
      diagnostics: [
        { message: "the body of while_loop returns its own input (input 'y')" },
        { message: "the body of while_loop returns its own input (input 'x')" },
      ],
    },
    {
      title: "map and associative_scan",
      program: `
def forward(xs: "f32[5, 3]", w: "f32[3]"):
    map: ("f32[5, 3]",) = torch.ops.higher_order.map_impl(body, (xs,), (w,))
    sums: ("f32[5, 3]",) = torch.ops.higher_order.associative_scan(combine, (xs,), ())
    return (map[0], sums[0])

def body(x: "f32[3]", w: "f32[3]"):
    return (w,)

def combine(a: "f32[3]", b: "f32[3]"):
    return (b,)
`,
      diagnostics: [
        {
          message: "the body of map returns its own input (input 'w')",
          data: { body: "body", output: 0, input: 1 },
        },
        {
          message: "the combine function of associative_scan returns its own input (a slice of input 'xs')",
          data: { body: "combine", output: 0, input: 1 },
        },
      ],
    },
  ],
});
