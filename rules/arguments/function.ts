import { defineRule } from "../../src/lint/rule.ts";
import { kindOfArgument, NUMBERS } from "../../src/ops/call-check.ts";
import { FUNCTIONS } from "../../src/ops/calls.generated.ts";
import type { Node } from "../../src/program/program.ts";
import { describeArgument } from "../_shared/argument-words.ts";
import { nodePath } from "../_shared/paths.ts";
import { plural } from "../_shared/plural.ts";

export const functionArguments = defineRule({
  id: "arguments/function",
  severity: "error",
  presets: ["recommended", "strict"],
  summary:
    "a Python function on symbolic numbers is called with a wrong number of arguments, or with a tensor",
  description: `
Beside operators, a program computes sizes with Python's own functions: \`_operator.mul\`, \`math.trunc\`,
\`torch.sym_max\`. They have no schema, but each takes a fixed number of numbers and gives one.

\`torch.export.load\` passes on what it reads; the call fails when the program runs.
`,
  data: {
    expected: "how many arguments the function takes, or what it takes",
    found: "how many it is given, or what stands in the place of a number",
    path: "the JSON path of the node or of the argument",
  },
  messages: {
    count: "{name} takes {expectedArguments} and is given {found}",
    kind: "{name} computes with numbers, but is given {found}",
  },
  examples: {
    valid: [
      {
        title: "a product of sizes",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0, 3]"):
    sym_size: "Sym(s0)" = torch.ops.aten.sym_size.int(x, 0)
    mul: "Sym(3*s0)" = _operator.mul(sym_size, 3)
    view: "f32[3*s0]" = torch.ops.aten.view.default(x, [mul])
    return (view,)
`,
      },
    ],
    invalid: [
      {
        title: "an argument too few, and a tensor",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0, 3]"):
    sym_size: "Sym(s0)" = torch.ops.aten.sym_size.int(x, 0)
    mul: "Sym(3*s0)" = _operator.mul(sym_size)
    add: "Sym(s0 + 3)" = _operator.add(sym_size, x)
    view: "f32[3*s0]" = torch.ops.aten.view.default(x, [mul])
    return (view,)
`,
        diagnostics: [
          {
            message: "_operator.mul takes 2 arguments and is given 1",
            data: { expected: 2, found: 1, path: "graph_module.graph.nodes[1]" },
          },
          {
            message: "_operator.add computes with numbers, but is given a tensor",
            data: {
              expected: "a number",
              found: "a tensor",
              path: "graph_module.graph.nodes[2].inputs[1].arg",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const check = (node: Node, least: number, most: number): void => {
      const { inputs } = node.source;
      const common = { at: node, words: { name: node.target }, help: HELP } as const;
      if (inputs.length < least || inputs.length > most) {
        ctx.report({
          ...common,
          message: "count",
          data: { expected: least, found: inputs.length, path: nodePath(node) },
          words: { ...common.words, expectedArguments: plural(least, "argument") },
        });
      }
      for (const [index, { arg }] of inputs.entries()) {
        const found = notANumber(node, arg);
        if (found === undefined) continue;
        const path = `${nodePath(node)}.inputs[${index}].arg`;
        ctx.report({ ...common, message: "kind", data: { expected: "a number", found, path } });
      }
    };
    const counted = Object.entries(FUNCTIONS).flatMap(([target, count]) =>
      count === null ? [] : [[target, (node: Node) => check(node, ...count)] as const],
    );
    return { targets: Object.fromEntries(counted) };
  },
});

const HELP = "call it with numbers, as many as the function takes";

function notANumber(node: Node, arg: Parameters<Node["valuesOf"]>[0]): string | undefined {
  if (!NUMBERS.includes(kindOfArgument(arg))) return describeArgument(arg);
  // A name may stand for a number under the kind that it had before a pass.
  const [value] = node.valuesOf(arg);
  return value?.kind === "tensor" ? "a tensor" : undefined;
}
