import { defineRule } from "../../src/lint/rule.ts";
import { symbolUses } from "../_shared/symbols.ts";

export const unusedRange = defineRule({
  id: "graph/unused-range",
  severity: "info",
  presets: ["strict"],
  summary: "a range constrains a symbol that no metadata mentions",
  description: `
\`range_constraints\` names a symbol that stands in no size of the program. torch drops the range and logs "Symbol s0 did
not appear in the graph that was deserialized". Either a pass removed what had the size, or the name is misspelt and the
symbol that was meant has no range.
`,
  data: { symbol: "the symbol", path: "the JSON path of the range" },
  messages: { unused: "the range of {symbol} constrains nothing: no size mentions {symbol}" },
  examples: {
    valid: [
      {
        title: "a symbol of an input",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0]"):
    return (x,)
`,
      },
    ],
    invalid: [
      {
        title: "another symbol",
        program: `
range s0 [2, 8]
range s1 [2, 8]
def forward(x: "f32[s0]"):
    return (x,)
`,
        diagnostics: [
          {
            message: "the range of s1 constrains nothing: no size mentions s1",
            data: { symbol: "s1", path: "range_constraints.s1" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const { range_constraints } = ctx.program.document.root;
      if (range_constraints.size === 0) return;
      const unused = new Set(range_constraints.keys());
      for (const graph of ctx.program.graphs) {
        for (const [, symbols] of symbolUses(graph)) for (const symbol of symbols) unused.delete(symbol);
      }
      for (const symbol of unused) {
        const data = { symbol, path: `range_constraints.${symbol}` };
        ctx.report({ at: null, message: "unused", data, help: "remove the range, or correct its name" });
      }
    },
  }),
});
