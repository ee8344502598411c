import { defineRule } from "../../src/lint/rule.ts";
import { sideFaults } from "../_shared/signature-side.ts";

export const outputs = defineRule({
  id: "signature/outputs",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the signature's outputs are not the graph's",
  description: `
The graph signature says of every output of the main graph what it is: a result for the user, the new value of a buffer,
parameter or input, a gradient, a token. It does so by position, and repeats the output's name. \`torch.export.load\`
refuses a signature with more or fewer outputs than the graph, or with the user's results in another order; with others it
returns, or writes back, the wrong value.
`,
  data: {
    position: "which output, counting from 0, or null for their number",
    expected: "what the graph has",
    found: "what the signature has",
    path: "the JSON path of the spec",
  },
  messages: {
    count: "the graph has {expected} outputs, but the signature describes {found}",
    order: "the signature describes {found} where the graph returns {expected}",
    name: "the signature describes {found}, which the graph does not return; {expected} stands there",
    kind: "the signature describes output {position} as {found}, but it is {expected} in the graph",
  },
  examples: {
    valid: [
      {
        title: "a mutation, a result and a constant",
        program: `
dialect "ATEN"
def forward(b_n: "f32[2]" = buffer("n"), x: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(b_n, x)
    mutates buffer("n") = add
    return (x, 3, None)
`,
      },
    ],
    // The text form makes the signature from the graph.
    invalid: [],
  },
  create: (ctx) => ({
    program: () => {
      for (const { message, position, expected, found, path } of sideFaults(ctx.program, "output")) {
        ctx.report({
          at: ctx.program.main,
          message,
          data: { position, expected, found, path },
          help: "change graph.outputs and signature.output_specs together, in the same order",
        });
      }
    },
  }),
});
