import { defineRule } from "../../src/lint/rule.ts";
import { asLoop } from "../_shared/loops.ts";
import { doubtOf, severityOf, sharedOperands } from "../_shared/sharing.ts";

export const operandsAlias = defineRule({
  id: "loop/operands-alias",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "two operands of a loop share memory",
  description: `
What a loop starts from and what its functions read from outside must lie in memory of their own. Here two of them are
one tensor, a tensor and a view of it, or two parts of one tensor; a buffer that is the first carry of a loop whose body
reads the same buffer is enough.

\`torch.export\` of torch 2.13 accepts and saves such a program, and \`run_decompositions\` refuses it: "cond_fn might be
aliasing the input or the output!" (\`scan\`, \`map\`, \`associative_scan\`). The tensors that \`scan\`, \`map\` and
\`associative_scan\` go along do not count: their slices are copied, so one may stand there twice, and beside a view.

Pass a \`clone()\`.
`,
  data: {
    operand: "position among the inputs of the loop's body, from 0",
    other: "position of the other operand, the higher one",
  },
  messages: {
    same: "{loop} takes one tensor as two operands ({name})",
    shared: "two operands of {loop} share memory ({name})",
  },
  examples: {
    valid: [
      {
        title: "a scan that starts from a slice of what it goes along",
        program: `
def forward(xs: "f32[5, 3]"):
    select: "f32[3]" = torch.ops.aten.select.int(xs, 0, 0)
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(combine, (select,), (xs,), ())
    return (scan[0], scan[1])

def combine(carry: "f32[3]", x: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(carry, x)
    mul: "f32[3]" = torch.ops.aten.mul.Tensor(carry, x)
    return (add, mul)
`,
      },
    ],
    invalid: [
      {
        title: "two carries that start as one tensor",
        program: `
def forward(i: "i64[]", x: "f32[3]"):
    loop: ("i64[]", "f32[3]", "f32[3]") = torch.ops.higher_order.while_loop(condition, body, (i, x, x), ())
    return (loop[1], loop[2])

def condition(i: "i64[]", x: "f32[3]", y: "f32[3]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[3]", y: "f32[3]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    sin: "f32[3]" = torch.ops.aten.sin.default(x)
    cos: "f32[3]" = torch.ops.aten.cos.default(y)
    return (add, sin, cos)
`,
        diagnostics: [
          {
            message: "while_loop takes one tensor as two operands (input 'x')",
            data: { operand: 1, other: 2 },
          },
        ],
      },
      {
        title: "a buffer that is the first carry, and is read as well",
        program: `
def forward(xs: "f32[5, 3]", b_start: "f32[1, 3]" = buffer("start")):
    view: "f32[3]" = torch.ops.aten.view.default(b_start, [3])
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(combine, (view,), (xs,), (b_start,))
    return (scan[0], scan[1])

def combine(carry: "f32[3]", x: "f32[3]", start: "f32[1, 3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(carry, x)
    mul: "f32[1, 3]" = torch.ops.aten.mul.Tensor(start, x)
    return (add, mul)
`,
        diagnostics: [
          {
            message: "two operands of scan share memory (buffer 'start')",
            data: { operand: 0, other: 2 },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: (call) => {
      const loop = asLoop(call);
      const body = loop?.bodies[0];
      if (loop === undefined || body === undefined) return;
      for (const { operand, other, first, second, sharing } of sharedOperands(ctx.storage, body)) {
        ctx.report({
          at: loop.node,
          message: first === second ? "same" : "shared",
          data: { operand, other },
          words: { loop: loop.name, name: ctx.nameOf(first) },
          severity: severityOf(sharing),
          help: "pass a clone() of one of them",
          detail: [
            `operand ${operand} ${first.name} shares storage with operand ${other} ${second.name}`,
            ...doubtOf(sharing),
          ],
        });
      }
    },
  }),
});
