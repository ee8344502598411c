import { defineRule } from "../../src/lint/rule.ts";

export const rangeConstraint = defineRule({
  id: "graph/range-constraint",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a symbol's range holds no value",
  description: `
\`range_constraints\` gives each symbol the least and the greatest value that it may have. Here the least is greater than
the greatest, so that no input fits. \`torch.export.load\` refuses the program with \`Invalid ranges\`.
`,
  data: {
    symbol: "the symbol",
    min: "its least value",
    max: "its greatest value",
    path: "the JSON path of the range",
  },
  messages: { empty: "the range of {symbol} is empty: at least {min} and at most {max}" },
  examples: {
    valid: [
      {
        title: "a range of one value",
        program: `
range s0 [2, 2]
def forward(x: "f32[s0]"):
    return (x,)
`,
      },
    ],
    invalid: [
      {
        title: "a range the wrong way round",
        program: `
range s0 [8, 2]
def forward(x: "f32[s0]"):
    return (x,)
`,
        diagnostics: [
          {
            message: "the range of s0 is empty: at least 8 and at most 2",
            data: { symbol: "s0", min: 8, max: 2, path: "range_constraints.s0" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      for (const [symbol, { min_val: min, max_val: max }] of ctx.program.document.root.range_constraints) {
        if (min === null || min === undefined || max === null || max === undefined || min <= max) continue;
        ctx.report({
          at: null,
          message: "empty",
          data: { symbol, min: Number(min), max: Number(max), path: `range_constraints.${symbol}` },
          help: "exchange the two, or state the range with torch.export.Dim when the program is exported",
        });
      }
    },
  }),
});
