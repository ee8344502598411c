import { expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { carryMetadata } from "./carry-metadata.ts";

const loop = (before: string, after: string) => `
def forward(x: "${before}"):
    loop: ("${before}",) = torch.ops.higher_order.while_loop(condition, body, (x,), ())
    return (loop[0],)

def condition(x: "${before}"):
    any_1: "b8[]" = torch.ops.aten.any.default(x)
    return any_1

def body(x: "${before}"):
    next_x: "${after}" = torch.ops.aten.rand_like.default(x)
    return (next_x,)
`;

const properties = (before: string, after: string) =>
  findingsIn(carryMetadata, loop(before, after)).map(({ data }) => data.property);

testRule(carryMetadata, {
  valid: [
    {
      title: "a number that counts",
      program: `
def forward(n: "Sym(s0)"):
    loop: ("Sym(u0)",) = torch.ops.higher_order.while_loop(condition, body, (n,), ())
    return (loop[0],)

def condition(n: "Sym(u1)"):
    lt: "Sym(u1 < 10)" = _operator.lt(n, 10)
    return lt

def body(n: "Sym(u2)"):
    add: "Sym(u2 + 1)" = _operator.add(n, 1)
    return (add,)
`,
    },
    {
      title: "map, which carries nothing",
      program: `
def forward(xs: "f32[5, 3]"):
    map: ("f64[5]",) = torch.ops.higher_order.map_impl(body, (xs,), ())
    return (map[0],)

def body(x: "f32[3]"):
    sum_1: "f64[]" = torch.ops.aten.sum.default(x, dtype=torch.float64)
    return (sum_1,)
`,
    },
  ],
  invalid: [
    {
      title: "scan and associative_scan",
      program: `
def forward(init: "f32[3]", xs: "f32[5, 3]"):
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(step, (init,), (xs,), ())
    sums: ("f32[5, 3]",) = torch.ops.higher_order.associative_scan(combine, (xs,), ())
    return (scan[0], scan[1], sums[0])

def step(carry: "f32[3]", x: "f32[3]"):
    cat: "f32[6]" = torch.ops.aten.cat.default([carry, x])
    mul: "f64[3]" = torch.ops.aten.mul.Tensor(carry, x)
    return (cat, mul)

def combine(a: "f32[3]", b: "f32[3]"):
    add: "f16[3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
      diagnostics: [
        { message: "the combine function of scan changes the sizes of input 'init' from [3] to [6]" },
        {
          message:
            "the combine function of associative_scan changes the dtype of a slice of input 'xs' from torch.float32 to torch.float16",
        },
      ],
    },
    {
      title: "a number for a tensor",
      program: loop("i64[]", "i64[]").replace("return (next_x,)", "return (1,)"),
      diagnostics: [
        { message: "the body of while_loop changes the kind of input 'x' from a tensor to a number" },
      ],
    },
  ],
});

it.each([
  ["f32[2, 3]", "f32[2, 3]+6", []],
  ["f32[s0, 3]", "f32[s0, 3]", []],
  ["f32[2, 3]", "f32[2, 3] meta", ["device"]],
  ["f32[2, 3]", "f32[2, 3][1, 2]", ["strides"]],
  ["f32[2, 3]", "f32[6]", ["sizes"]],
  ["f32[s0, 3]", "f32[s0 + 1, 3]", ["sizes"]],
  ["f32[1, 4]", "f32[1, 4][1, 1]", ["strides"]],
  ["f32[2, 3]", "f64[3]", ["dtype", "sizes"]],
])("from %s to %s: %j", (before, after, expected) => {
  expect(properties(before, after)).toEqual(expected);
});

it.each([
  ["f32[4, 2][4, 1]", "f32[4, 2]", []],
  ["f32[4, 2][0, 1]", "f32[4, 2]", []],
  ["f32[4, 2][1, 4]", "f32[4, 2]", ["strides"]],
  ["f32[s0, 2][1, s0]", "f32[s0, 2]", ["strides"]],
])("a scan that starts from %s and returns %s: %j", (before, after, expected) => {
  const found = findingsIn(
    carryMetadata,
    `
def forward(init: "${before}", xs: "f32[5]"):
    scan: ("${before}",) = torch.ops.higher_order.scan(step, (init,), (xs,), ())
    return (scan[0],)

def step(carry: "${before}", x: "f32[]"):
    add: "${after}" = torch.ops.aten.add.Tensor(carry, x)
    return (add,)
`,
  );
  expect(found.map(({ data }) => data.property)).toEqual(expected);
});
