import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { specsOf } from "../_shared/specs.ts";

export const outputOrder = defineRule({
  id: "signature/output-order",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a token or a mutation stands behind the program's results, or a gradient before them",
  description: `
The outputs of a program come in a fixed order: tokens, then the new values of buffers, parameters and inputs, then what
the user gets, then gradients. torch counts the first ones and takes the rest for the user's: in any other order it returns the new value of
a buffer as a result, or \`torch.export.load\` refuses the program, "Mutation node x is neither a buffer nor a user input".
`,
  data: {
    position: "which output, counting from 0",
    kind: "what the signature says it is",
    after: "the kind of the output before it, which should follow",
    path: "the JSON path of the spec",
  },
  messages: { order: "output {position} is a {kind}, which must stand before every {after}" },
  // The text form puts the outputs in order.
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      let highest = 0;
      let after = "";
      for (const [position, { kind }] of specsOf(ctx.program, "output").entries()) {
        const rank = RANKS[kind] ?? RESULT;
        if (rank < highest) {
          ctx.report({
            at: ctx.program.main,
            message: "order",
            data: { position, kind, after, path: specPath("output", position) },
            help: "order graph.outputs and signature.output_specs alike: tokens, mutations, results, gradients",
          });
        } else {
          highest = rank;
          after = kind;
        }
      }
    },
  }),
});

const RANKS: Readonly<Record<string, number>> = {
  token: 0,
  buffer_mutation: 1,
  parameter_mutation: 1,
  user_input_mutation: 1,
  gradient_to_parameter: 3,
  gradient_to_user_input: 3,
};
/** What the user gets. */
const RESULT = 2;
