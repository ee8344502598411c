import { defineRule } from "../../src/lint/rule.ts";
import { shortTarget } from "../../src/program/describe.ts";
import { asLoop, nameOfInput } from "../_shared/loops.ts";

export const bodyMutatesInput = defineRule({
  id: "loop/body-mutates-input",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the body of a loop writes to one of its inputs",
  description: `
The functions of \`while_loop\`, \`scan\`, \`map\` and \`associative_scan\` must not change what they are given: a carry,
a slice, or a tensor that they read from outside, such as a buffer.

\`torch.export\` of torch 2.13 accepts a \`while_loop\` that does, under \`torch.no_grad()\`, and all four when the graph
calls the operators directly. \`run_decompositions\` then says "body_fn might be modifying the input!" (\`cond_fn\`,
\`scan\`, \`map\`, \`associative_scan\`), or "operator 'aten.copy_.default' is not functional" for a buffer.

Carry the value: return what it shall be in the next round, and write it to the buffer after the loop.
`,
  data: {
    body: "the body's name in the document",
    input: "position among the body's inputs, from 0",
  },
  messages: { writes: "the {role} of {loop} writes to its input ({name})" },
  examples: {
    valid: [
      {
        title: "writes to a copy",
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
    add_: "f32[2, 3]" = torch.ops.aten.add_.Tensor(clone, 1)
    return (add, add_)
`,
      },
    ],
    invalid: [
      {
        title: "counts in a buffer",
        program: `
def forward(i: "i64[]", b_count: "i64[]" = buffer("count")):
    loop: ("i64[]",) = torch.ops.higher_order.while_loop(condition, body, (i,), (b_count,))
    return (loop[0],)

def condition(i: "i64[]", count: "i64[]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", count: "i64[]"):
    add_: "i64[]" = torch.ops.aten.add_.Tensor(count, 1)
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    return (add,)
`,
        diagnostics: [
          {
            message: "the body of while_loop writes to its input (buffer 'count')",
            data: { body: "body", input: 1 },
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
        for (const { input, write, untouched } of ctx.storage.effects(graph).writes) {
          // while_loop looks at version counters, which `t_` of a view raises.
          if (untouched && call.kind === "associative_scan") continue;
          ctx.report({
            at: write.node,
            message: "writes",
            data: { body: graph.name, input },
            words: { role, loop: loop!.name, name: nameOfInput(ctx, body, input) },
            help: "carry the value, and write it into place after the loop",
            detail: [
              `${shortTarget(write.node.target)} writes to input ${input} ${graph.inputs[input]!.name}`,
            ],
          });
        }
      }
    },
  }),
});
