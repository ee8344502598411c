import { testRule } from "../../src/lint/rule-tester.ts";
import { branchAliasesInput } from "./branch-aliases-input.ts";

testRule(branchAliasesInput, {
  valid: [
    {
      title: "a call that is no cond",
      program: `
def forward(x: "f32[2, 3]"):
    wrap: ("f32[2, 3]",) = torch.ops.higher_order.wrap_with_set_grad_enabled(False, body_0, x)
    return (wrap[0],)

def body_0(x: "f32[2, 3]"):
    return (x,)
`,
    },
  ],
  invalid: [
    {
      title: "an operand that is passed twice",
      program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, x))
    return (cond[0],)

def true_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    return (b,)

def false_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
      diagnostics: [
        {
          message: "the true branch of torch.cond returns a view of its own input (input 'x')",
          data: { branch: "true_graph_0", output: 0, operand: 0 },
        },
        {
          message: "the true branch of torch.cond returns its own input (input 'x')",
          data: { branch: "true_graph_0", output: 0, operand: 1 },
        },
      ],
    },
  ],
});
