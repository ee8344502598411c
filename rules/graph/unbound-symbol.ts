import { defineRule } from "../../src/lint/rule.ts";
import type { Graph, Program } from "../../src/program/program.ts";
import { parseExpr } from "../../src/program/symbolic.ts";
import type { SymBool, SymFloat, SymInt } from "../../src/schema/types.generated.ts";
import { graphPath } from "../_shared/paths.ts";
import { symbolsIn, symbolsOfTensor, symbolUses } from "../_shared/symbols.ts";

export const unboundSymbol = defineRule({
  id: "graph/unbound-symbol",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a size depends on a symbol that no input of the program has",
  description: `
A backed symbol (\`s0\`, \`s77\`) is a size of an input: the program learns its value when it is called. Here the metadata
of a value mentions one that stands in no size, stride or number of the main graph's inputs, so that nothing ever gives it a
value. \`torch.export.load\` accepts it; a compiler that has to compute the size does not find the symbol.

Unbacked symbols (\`u0\`) come from the data, such as the number of nonzero elements, and are bound by a node whose result
has one for a size or for its value, or a multiple of it. One that stands within larger expressions alone is never bound:
\`torch.export.load\` fails with \`expected no unbacked symbols, got 1: {u0}\`.
`,
  data: { symbol: "the symbol", path: "the JSON path of the first metadata that mentions it" },
  messages: {
    unbound: "{symbol} is the size of no input, so nothing gives it a value",
    unbacked: "{symbol} is the size or the value of nothing, so nothing gives it a value",
  },
  examples: {
    valid: [
      {
        title: "a symbol of an input, and one that comes from the data",
        program: `
range s0 [2, 8]
range u0 [0, 8]
def forward(x: "f32[2*s0]"):
    nonzero: "i64[u0, 1]" = torch.ops.aten.nonzero.default(x)
    view: "f32[s0, 2]" = torch.ops.aten.view.default(x, [-1, 2])
    return (nonzero, view)
`,
      },
    ],
    invalid: [
      {
        title: "another symbol in a result",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0]"):
    sin: "f32[s1]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
        diagnostics: [
          {
            message: "s1 is the size of no input, so nothing gives it a value",
            data: { symbol: "s1", path: "graph_module.graph.tensor_values.sin" },
          },
        ],
      },
      {
        title: "a number of elements that only a sum mentions",
        program: `
range u0 [0, 8]
def forward(x: "f32[8]"):
    nonzero: "i64[u0 + 1, 1]" = torch.ops.aten.nonzero.default(x)
    return (nonzero,)
`,
        diagnostics: [
          {
            message: "u0 is the size or the value of nothing, so nothing gives it a value",
            data: { symbol: "u0", path: "graph_module.graph.tensor_values.nonzero" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const bound = boundSymbols(ctx.program);
      let unbacked: ReadonlySet<string> | undefined;
      for (const graph of ctx.program.graphs) {
        for (const [place, symbols] of symbolUses(graph)) {
          for (const symbol of symbols) {
            if (bound.has(symbol)) continue;
            const isUnbacked = UNBACKED.test(symbol);
            if (isUnbacked) unbacked ??= unbackedSymbols(ctx.program);
            if (isUnbacked ? unbacked!.has(symbol) : !BACKED.test(symbol)) continue;
            bound.add(symbol);
            ctx.report({
              at: definedIn(graph, place) ?? graph,
              message: isUnbacked ? "unbacked" : "unbound",
              data: { symbol, path: `${graphPath(graph)}.${place}` },
              help: "use the symbol of the value that the size comes from; run FakeTensorProp over the graph",
            });
          }
        }
      }
    },
  }),
});

const BACKED = /^s\d+$/;
/** Unbacked ints and floats (torch/utils/_sympy/symbol.py prefix_str). */
const UNBACKED = /^(u|zuf)\d+$/;

/** Those that _free_unbacked_symbols_with_path finds bound in some value, whichever. */
function unbackedSymbols({ graphs }: Program): Set<string> {
  const found = new Set<string>();
  const bind = (value: SymInt | SymFloat | SymBool): void => {
    const expr = "as_expr" in value ? parseExpr(value.as_expr.expr_str) : undefined;
    if (expr?.kind === "symbol") found.add(expr.name);
    else if (expr?.kind === "call" && (expr.op === "Mul" || expr.op === "Equality")) {
      for (const arg of expr.args) if (arg.kind === "symbol") found.add(arg.name);
    }
  };
  for (const { tensorMetas, source } of graphs) {
    for (const { sizes, strides, storage_offset } of tensorMetas.keys()) {
      for (const size of [...sizes, ...strides]) bind(size);
      // torch.export.load does not look at the offset.
      for (const name of symbolsIn(storage_offset)) found.add(name);
    }
    for (const table of [source.sym_int_values, source.sym_float_values, source.sym_bool_values]) {
      for (const value of table.values()) bind(value);
    }
  }
  return found;
}

function boundSymbols({ main }: Program): Set<string> {
  const bound = new Set<string>();
  for (const input of main.inputs) {
    if (input === null) continue;
    const number = main.source.sym_int_values.get(input.name) ?? main.source.sym_float_values.get(input.name);
    const symbols = input.meta ? symbolsOfTensor(input.meta) : number ? symbolsIn(number) : [];
    for (const symbol of symbols) bound.add(symbol);
  }
  return bound;
}

function definedIn(graph: Graph, place: string) {
  return graph.value(place.slice(place.indexOf(".") + 1))?.node;
}
