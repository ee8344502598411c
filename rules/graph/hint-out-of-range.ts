import { defineRule } from "../../src/lint/rule.ts";
import type { Program } from "../../src/program/program.ts";
import { parseExpr } from "../../src/program/symbolic.ts";

export const hintOutOfRange = defineRule({
  id: "graph/hint-out-of-range",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a symbol had a value when the program was exported that its range leaves out",
  description: `
The size of an input that is a symbol carries a hint: what it was in the example that the program was exported with. It
lies in the range of the symbol. \`torch.export.load\` asserts that, and its message, "6 not in VR[2, 3]", names no symbol.
`,
  data: {
    symbol: "the symbol",
    hint: "its value when the program was exported",
    path: "the JSON path of the range",
  },
  messages: { outside: "{symbol} was {hint} when the program was exported, and its range is {range}" },
  // The text form has no hints.
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const ranges = ctx.program.document.root.range_constraints;
      for (const [symbol, hint] of hints(ctx.program)) {
        const range = ranges.get(symbol);
        const least = range?.min_val ?? hint;
        const most = range?.max_val ?? hint;
        // Ranges that hold nothing are for graph/range-constraint.
        if (least > most || (hint >= least && hint <= most)) continue;
        ctx.report({
          at: null,
          message: "outside",
          data: { symbol, hint: Number(hint), path: `range_constraints.${symbol}` },
          words: { range: `${range?.min_val ?? "-∞"} to ${range?.max_val ?? "∞"}` },
          help: "correct the range, or export the program again with that range in torch.export.Dim",
        });
      }
    },
  }),
});

/** The hints of inputs, and of their sizes, that are one symbol. */
function hints({ main }: Program): Map<string, bigint> {
  const found = new Map<string, bigint>();
  const numbers = main.inputs.flatMap((input) => main.source.sym_int_values.get(input?.name ?? "") ?? []);
  for (const size of [...main.inputs.flatMap((input) => input?.meta?.sizes ?? []), ...numbers]) {
    if (!("as_expr" in size)) continue;
    const { expr_str, hint } = size.as_expr;
    const expr = parseExpr(expr_str);
    if (expr?.kind === "symbol" && hint && "as_int" in hint) found.set(expr.name, BigInt(hint.as_int));
  }
  return found;
}
