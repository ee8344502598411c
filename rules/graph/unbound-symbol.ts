import { defineRule } from "../../src/lint/rule.ts";
import type { Graph, Program } from "../../src/program/program.ts";
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

Unbacked symbols (\`u0\`) come from the data, such as the number of nonzero elements, and are bound by the node whose result
has them.
`,
  data: { symbol: "the symbol", path: "the JSON path of the first metadata that mentions it" },
  messages: { unbound: "{symbol} is the size of no input, so nothing gives it a value" },
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
    ],
  },
  create: (ctx) => ({
    program: () => {
      const bound = boundSymbols(ctx.program);
      for (const graph of ctx.program.graphs) {
        for (const [place, symbols] of symbolUses(graph)) {
          for (const symbol of symbols) {
            if (!BACKED.test(symbol) || bound.has(symbol)) continue;
            bound.add(symbol);
            ctx.report({
              at: definedIn(graph, place) ?? graph,
              message: "unbound",
              data: { symbol, path: `${graphPath(graph)}.${place}` },
              help: "use the symbol of the input that the size comes from; run FakeTensorProp over the graph",
            });
          }
        }
      }
    },
  }),
});

const BACKED = /^s\d+$/;

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
