import { defineRule } from "../../src/lint/rule.ts";
import type { Value } from "../../src/program/program.ts";
import { parseExpr, symbolsIn, symbolsOf } from "../../src/program/symbolic.ts";
import { symbolsOfTensor } from "../_shared/symbols.ts";

export const rangeConstraint = defineRule({
  id: "graph/range-constraint",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a symbol has no range, or one that holds no value",
  description: `
\`range_constraints\` gives each symbol the least and the greatest value that it may have. Here the least is greater than
the greatest, so that no input fits. \`torch.export.load\` refuses the program with \`Invalid ranges\`.

A symbol that is a size of an input has a range even where nothing limits it. \`torch.export.load\` accepts a program
without, and \`run_decompositions\` fails with an assertion that says nothing. So has one that depends on the data and is a
size: \`torch.export.load\` fails with \`KeyError: u0\`.
`,
  data: {
    symbol: "the symbol",
    min: "its least value; null where there is no range",
    max: "its greatest value; null where there is no range",
    path: "the JSON path of the range, or of the ranges",
  },
  messages: {
    empty: "the range of {symbol} is empty: at least {min} and at most {max}",
    missing: "{symbol} is a size of an input and has no range",
    float: "{symbol} is a float that depends on the data and has no range",
    unbacked: "{symbol} is a size that depends on the data and has no range",
  },
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
      {
        title: "no range",
        program: `
range s0 None
def forward(x: "f32[s0]"):
    return (x,)
`,
        diagnostics: [
          {
            message: "s0 is a size of an input and has no range",
            data: { symbol: "s0", min: null, max: null, path: "range_constraints" },
          },
        ],
      },
      {
        title: "no range for the number of elements that are not zero",
        program: `
range u0 None
def forward(x: "f32[8]"):
    nonzero: "i64[u0, 1]" = torch.ops.aten.nonzero.default(x)
    return (nonzero,)
`,
        diagnostics: [{ message: "u0 is a size that depends on the data and has no range" }],
      },
      {
        title: "no range for a float that is read from a tensor",
        program: `
range zuf0 None
def forward(x: "f32[]"):
    item: "SymFloat(zuf0)" = torch.ops.aten._local_scalar_dense.default(x)
    mul: "f32[]" = torch.ops.aten.mul.Tensor(x, item)
    return (mul,)
`,
        diagnostics: [{ message: "zuf0 is a float that depends on the data and has no range" }],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const { main, document } = ctx.program;
      const ranges = document.root.range_constraints;
      const limited = new Set([...ranges.keys()].flatMap(symbolsOfText));
      const requireRanges = (
        symbols: readonly string[],
        kind: RegExp,
        message: "missing" | "unbacked" | "float",
      ): void => {
        for (const symbol of new Set(symbols)) {
          if (!kind.test(symbol) || limited.has(symbol)) continue;
          ctx.report({
            at: null,
            message,
            data: { symbol, min: null, max: null, path: "range_constraints" },
            help: "keep the range of each symbol in the pass that rewrote the program",
          });
        }
      };
      const ofInputs = main.inputs.flatMap((input) => [...symbolsOfInput(input)]);
      requireRanges(ofInputs, /^s\d+$/, "missing");
      const metas = ctx.program.graphs.flatMap(({ tensorMetas }) => [...tensorMetas.keys()]);
      requireRanges(
        metas.flatMap((meta) => [...symbolsOfTensor(meta)]),
        /^u\d+$/,
        "unbacked",
      );
      const floats = [...main.source.sym_float_values.values()].flatMap((value) => [
        ...(symbolsIn(value) ?? []),
      ]);
      requireRanges(floats, /^zuf\d+$/, "float");
      for (const [symbol, { min_val: min, max_val: max }] of ranges) {
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

const symbolsOfInput = (input: Value | null): Iterable<string> =>
  input?.meta ? symbolsOfTensor(input.meta) : [];

/** A range is that of a symbol, or of an expression that is one size: `s33 + 1`. */
function symbolsOfText(text: string): string[] {
  const expr = parseExpr(text);
  return expr === undefined ? [] : [...symbolsOf(expr)];
}
