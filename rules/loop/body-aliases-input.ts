import { defineRule } from "../../src/lint/rule.ts";
import { asLoop, nameOfInput } from "../_shared/loops.ts";
import { doubtOf, returnedInputs, severityOf } from "../_shared/sharing.ts";

export const bodyAliasesInput = defineRule({
  id: "loop/body-aliases-input",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the body of a loop returns one of its inputs, or a view of one",
  description: `
What the functions of \`while_loop\`, \`scan\`, \`map\` and \`associative_scan\` return must be new tensors. This one
returns an input (a carry that does not change, or two carries that change places), a view of one, or a slice that
it was given. For \`while_loop\` the condition counts too: a carried bool that it returns as it is.

In torch 2.13, \`torch.while_loop\`, \`scan\` and \`map\` refuse this when they are traced; a graph that calls the
operators directly is exported and saved. \`run_decompositions\` then says "body_fn might be aliasing the input or the
output!" (\`cond_fn\`, \`scan\`, \`map\`, \`associative_scan\`). What shares memory only through \`dropout\` in eval mode, or
in some runs only, is a warning.

Return a \`clone()\`, or keep what does not change out of the carries: a tensor from outside can be read as it is.
`,
  data: {
    body: "the body's name in the document",
    output: "position among the body's outputs, from 0",
    input: "position among the body's inputs, from 0",
  },
  messages: {
    itself: "the {role} of {loop} returns its own input ({name})",
    view: "the {role} of {loop} returns a view of its own input ({name})",
  },
  examples: {
    valid: [
      {
        title: "returns a copy of a carry",
        program: `
def forward(i: "i64[]", x: "f32[2, 3]"):
    loop: ("i64[]", "f32[2, 3]") = torch.ops.higher_order.while_loop(condition, body, (i, x), ())
    return (loop[0], loop[1])

def condition(i: "i64[]", x: "f32[2, 3]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[2, 3]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(x)
    return (add, clone)
`,
      },
    ],
    invalid: [
      {
        title: "a carry that never changes",
        program: `
def forward(i: "i64[]", x: "f32[2, 3]"):
    loop: ("i64[]", "f32[2, 3]") = torch.ops.higher_order.while_loop(condition, body, (i, x), ())
    return (loop[0], loop[1])

def condition(i: "i64[]", x: "f32[2, 3]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[2, 3]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    return (add, x)
`,
        diagnostics: [
          {
            message: "the body of while_loop returns its own input (input 'x')",
            data: { body: "body", output: 1, input: 1 },
          },
        ],
      },
      {
        title: "a view of a slice",
        program: `
def forward(init: "f32[3]", xs: "f32[5, 3]"):
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(combine, (init,), (xs,), ())
    return (scan[0], scan[1])

def combine(carry: "f32[3]", x: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(carry, x)
    view: "f32[3]" = torch.ops.aten.view.default(x, [3])
    return (add, view)
`,
        diagnostics: [
          {
            message: "the combine function of scan returns a view of its own input (a slice of input 'xs')",
            data: { body: "combine", output: 1, input: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: (call) => {
      const loop = asLoop(call);
      for (const body of loop?.bodies ?? []) {
        const { graph, role } = body;
        for (const { output, input, returned, placeholder, sharing } of returnedInputs(ctx.storage, graph)) {
          ctx.report({
            at: returned.node ?? graph,
            message: returned === placeholder ? "itself" : "view",
            data: { body: graph.name, output, input },
            words: { role, loop: loop!.name, name: nameOfInput(ctx, body, input) },
            severity: severityOf(sharing),
            help: "return a clone() of it",
            detail: [
              `output ${output} ${returned.name} shares storage with input ${input} ${placeholder.name}`,
              ...doubtOf(sharing),
            ],
          });
        }
      }
    },
  }),
});
