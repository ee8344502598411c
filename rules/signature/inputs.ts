import { defineRule } from "../../src/lint/rule.ts";
import { plural } from "../_shared/plural.ts";
import { sideFaults } from "../_shared/signature-side.ts";

export const inputs = defineRule({
  id: "signature/inputs",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the signature's inputs are not the graph's",
  description: `
The graph signature says of every input of the main graph what it is: a parameter, a buffer, a constant, an input of the
user. It does so by position, and repeats the input's name and kind. \`torch.export.load\` refuses a signature with more
or fewer inputs than the graph, or with other names; it accepts one whose kind is wrong. Passes that add or remove
an input and leave the signature behind write such programs. Each token among the inputs has one among the outputs;
without it no call of \`ep.module()\` gets as far as the graph.
`,
  data: {
    position: "which input, counting from 0, or null for their number",
    expected: "what the graph has",
    found: "what the signature has",
    path: "the JSON path of the spec",
  },
  messages: {
    count: "the graph has {expected} inputs, but the signature describes {found}",
    order: "the signature describes {found} where the graph has its input {expected}",
    name: "the signature describes {found}, which is no input of the graph; {expected} stands there",
    tokens: "the signature has {found} among its inputs, but {expected} among its outputs",
    kind: "the signature describes input {position} as {found}, but it is {expected} in the graph",
  },
  examples: {
    valid: [
      {
        title: "an input of each kind",
        program: `
def forward(p_w: "f32[2]" = parameter("w"), b_n: "f32[2]" = buffer("n"), x: "f32[2]", n = 2):
    add: "f32[2]" = torch.ops.aten.add.Tensor(p_w, x)
    return (add,)
`,
      },
    ],
    // The text form makes the signature from the graph.
    invalid: [],
  },
  create: (ctx) => ({
    program: () => {
      for (const { message, position, expected, found, path } of sideFaults(ctx.program, "input")) {
        ctx.report({
          at: ctx.program.main,
          message,
          data: { position, expected, found, path },
          help: "change graph.inputs and signature.input_specs together, in the same order",
        });
      }
      const { input_specs, output_specs } = ctx.program.document.root.graph_module.signature;
      const [given, returned] = [input_specs, output_specs].map(
        (specs) => (specs as readonly object[]).filter((spec) => "token" in spec).length,
      ) as [number, number];
      if (given !== returned) {
        ctx.report({
          at: ctx.program.main,
          message: "tokens",
          data: {
            position: null,
            expected: plural(returned, "token"),
            found: plural(given, "token"),
            path: "graph_module.signature.input_specs",
          },
          help: "hand every token on: each one that comes in goes out again",
        });
      }
    },
  }),
});
