import { PREDISPATCH } from "../../src/analysis/vmap-regions.ts";
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

The functions that enter and leave a \`torch.vmap\` (\`torch._functorch.predispatch\`) give None, and those that add and
remove its dimension a tensor: \`torch.export.load\` refuses a node that says something else.

\`torch.export.load\` passes on what it reads of the numbers; the call fails when the program runs.
`,
  data: {
    expected: "how many arguments the function takes, or what it takes or gives",
    found: "how many it is given, or what stands in the place of it",
    path: "the JSON path of the node, the argument or the result",
  },
  messages: {
    count: "{name} takes {expectedArguments} and is given {found}",
    kind: "{name} computes with numbers, but is given {found}",
    result: "{name} gives {expected}, but the node says {found}",
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
        title: "a tensor from what enters a vmap",
        program: `
def forward(x: "f32[3, 2]"):
    enter: "f32[3]" = torch._functorch.predispatch._vmap_increment_nesting(3, "error")
    add: "f32[2]" = torch._functorch.predispatch._add_batch_dim(x, 0, 1)
    remove: "f32[3, 2]" = torch._functorch.predispatch._remove_batch_dim(add, 1, 3, 0)
    leave: None = torch._functorch.predispatch._vmap_decrement_nesting()
    return (remove,)
`,
        diagnostics: [
          {
            message:
              "torch._functorch.predispatch._vmap_increment_nesting gives None, but the node says a tensor",
            data: {
              expected: "None",
              found: "a tensor",
              path: "graph_module.graph.nodes[0].outputs[0]",
            },
          },
        ],
      },
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
    const checkResult = (node: Node, kind: string): void => {
      const { outputs } = node.source;
      const wrong = outputs.findIndex((output) => kindOfArgument(output) !== kind);
      if (wrong < 0) return;
      const [expected, found] = [kind === "as_none" ? "None" : "a tensor", describeArgument(outputs[wrong]!)];
      const path = `${nodePath(node)}.outputs[${wrong}]`;
      const data = { expected, found, path };
      ctx.report({ at: node, words: { name: node.target }, message: "result", data, help: AGAIN });
    };
    const given = Object.entries(RESULTS).map(
      ([name, kind]) => [`${PREDISPATCH}${name}`, (node: Node) => checkResult(node, kind)] as const,
    );
    return { targets: Object.fromEntries([...counted, ...given]) };
  },
});

const AGAIN = "correct the pass that wrote the node, or export the program again";

/** What serialize_outputs writes for the functions of torch._functorch.predispatch. */
const RESULTS: Readonly<Record<string, string>> = {
  lazy_load_decompositions: "as_none",
  _vmap_increment_nesting: "as_none",
  _vmap_decrement_nesting: "as_none",
  _add_batch_dim: "as_tensor",
  _remove_batch_dim: "as_tensor",
};

const HELP = "call it with numbers, as many as the function takes";

function notANumber(node: Node, arg: Parameters<Node["valuesOf"]>[0]): string | undefined {
  if (!NUMBERS.includes(kindOfArgument(arg))) return describeArgument(arg);
  // A name may stand for a number under the kind that it had before a pass.
  const [value] = node.valuesOf(arg);
  return value?.kind === "tensor" ? "a tensor" : undefined;
}
