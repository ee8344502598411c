import { testRule } from "../../src/lint/rule-tester.ts";
import { arity } from "./arity.ts";

const scan = (call: string, results = `("f32[3]", "f32[5, 3]")`, returned = "(sin, cos)") => `
def forward(init: "f32[3]", xs: "f32[5, 3]"):
    scan: ${results} = torch.ops.higher_order.${call}
    return (scan[0],)

def combine(carry: "f32[3]", x: "f32[3]"):
    sin: "f32[3]" = torch.ops.aten.sin.default(carry)
    cos: "f32[3]" = torch.ops.aten.cos.default(x)
    return ${returned}
`;

testRule(arity, {
  valid: [
    {
      title: "a scan that only carries",
      program: scan("scan(combine, (init,), (xs,), ())", `("f32[3]",)`, "(sin,)"),
    },
    {
      title: "the scan of older torch",
      program: `torch "2.6.0"\n${scan("scan(combine, (init,), (xs,), 0, False, ())")}`,
    },
    {
      title: "the inputs that a scan of torch 2.14 writes",
      program: `torch "2.14.1"\n${scan('scan(combine, (init,), (xs,), (), mutated_arg_indices = "2")')}`,
    },
    {
      title: "two elements a tensor",
      program: scan("associative_scan(combine, (xs,), ())", `("f32[5, 3]",)`, "(sin,)"),
    },
    { title: "slices, then the rest", program: scan("map_impl(combine, (xs,), (init,))") },
  ],
  invalid: [
    {
      title: "the scan of older torch in a program of a newer one",
      program: `torch "2.13.0"\n${scan("scan(combine, (init,), (xs,), 0, False, ())")}`,
      diagnostics: [{ message: "scan takes 4 arguments and gets 6" }],
    },
    {
      title: "the inputs that a scan writes, before torch 2.14",
      program: `torch "2.13.0"\n${scan('scan(combine, (init,), (xs,), (), mutated_arg_indices = "2")')}`,
      diagnostics: [{ message: "scan takes 4 arguments and gets 5" }],
    },
    {
      title: "no list of what is read from outside",
      program: scan("scan(combine, (init,), (xs,))"),
      diagnostics: [
        { message: "scan takes 4 arguments and gets 3", data: { body: null, expected: 4, actual: 3 } },
      ],
    },
    {
      title: "no condition",
      program: scan("while_loop(combine, xs, (init,), (xs,))"),
      diagnostics: [{ message: "while_loop takes 2 functions and gets 1" }],
    },
    {
      title: "a result less than the body returns",
      program: scan("map_impl(combine, (xs,), (init,))", `("f32[5, 3]",)`),
      diagnostics: [
        { message: "map gives 1 result instead of 2", data: { body: null, expected: 2, actual: 1 } },
      ],
    },
    {
      title: "an output more than there are tensors",
      program: scan("associative_scan(combine, (xs,), ())"),
      diagnostics: [{ message: "the combine function of associative_scan returns 2 values instead of 1" }],
    },
    {
      title: "an output less than there are carries",
      program: scan("scan(combine, (init, init), (), ())", undefined, "(sin,)"),
      diagnostics: [{ message: "the combine function of scan returns 1 value instead of 2" }],
    },
  ],
});
