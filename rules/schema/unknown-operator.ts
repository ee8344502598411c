import { defineRule } from "../../src/lint/rule.ts";
import { FUNCTIONS, HIGHER_ORDER } from "../../src/ops/calls.generated.ts";
import { OPERATOR_FACTS_TORCH } from "../../src/ops/operators.generated.ts";
import type { Node } from "../../src/program/program.ts";
import { removedOperators } from "../_shared/changed-operators.ts";
import { nodePath } from "../_shared/paths.ts";
import { isNewerTorch } from "../_shared/torch-version.ts";

export const unknownOperator = defineRule({
  id: "schema/unknown-operator",
  severity: "info",
  presets: ["recommended", "strict"],
  summary: "an operator is neither torch's nor declared in the config",
  description: `
What an operator aliases and writes stands in its schema, and the schema of a custom operator is not part of the
program. pt2lint knows those of torch 2.13 and the two of \`executorch\` that deal with caches. Any other is taken for
what a functional operator is: all its results are new memory, and it writes none of its arguments. If that is wrong,
so are the findings that rest on it.

Declare the operator in the config, by the schema that its library registers:

    { "operators": ["mylib::scale_(Tensor(a!) x, float by) -> Tensor(a!)"] }

A target that belongs to torch itself, such as \`torch.ops.aten.sinn.default\` or \`_operator.foo\`, and that torch does not
have, is an error: \`torch.export.load\` refuses the program. In a program of a later torch it may be a new one, and is a
warning. One that the table has, and that the torch which wrote the program, or a later one, does not have any more, is an
error too: \`aten.qr\` and \`aten.cholesky\` went with 2.14.

Each operator is reported once, at its first call.
`,
  data: {
    operator: "the target, as the document has it",
    calls: "how often the program calls it",
    path: "the JSON path of the first call's target",
  },
  messages: {
    absent: "torch {torch} has no {operator}",
    removed: "{operator} is in no torch from {since} on",
    unknown: "{operator} is not an operator that pt2lint knows; it is taken to alias and write nothing",
  },
  examples: {
    valid: [
      {
        title: "torch's own operators, and one that is declared",
        program: `
operator "mylib::scale(Tensor x, float by) -> Tensor"
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    scale: "f32[2]" = torch.ops.mylib.scale.default(sin, 2.0)
    return (scale,)
`,
      },
    ],
    invalid: [
      {
        title: "an operator of a library",
        program: `
def forward(x: "f32[2]"):
    scale: "f32[2]" = torch.ops.mylib.scale.default(x, 2.0)
    scale_1: "f32[2]" = torch.ops.mylib.scale.default(scale, 3.0)
    return (scale_1,)
`,
        diagnostics: [
          {
            message:
              "torch.ops.mylib.scale.default is not an operator that pt2lint knows; it is taken to alias and write nothing",
            data: {
              operator: "torch.ops.mylib.scale.default",
              calls: 2,
              path: "graph_module.graph.nodes[0].target",
            },
          },
        ],
      },
      {
        title: "an operator that the torch that wrote the program has no more",
        program: `
torch "2.14.1"
def forward(x: "f32[3, 3]"):
    cholesky: "f32[3, 3]" = torch.ops.aten.cholesky.default(x)
    return (cholesky,)
`,
        diagnostics: [
          {
            message: "torch.ops.aten.cholesky.default is in no torch from 2.14 on",
            data: {
              operator: "torch.ops.aten.cholesky.default",
              calls: 1,
              path: "graph_module.graph.nodes[0].target",
            },
          },
        ],
      },
      {
        title: "an operator that torch does not have",
        program: `
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sinn.default(x)
    return (sin,)
`,
        diagnostics: [{ message: `torch ${OPERATOR_FACTS_TORCH} has no torch.ops.aten.sinn.default` }],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const { graphs, targets } = ctx.program;
      const removed = removedOperators(ctx.program);
      const unknown = targets.map(
        (target) => removed.has(target) || (!isKnown(target) && !ctx.registry.find(target)),
      );
      if (!unknown.includes(true)) return;
      const calls = new Map<string, Node[]>();
      for (const node of graphs.flatMap(({ nodes }) => nodes)) {
        if (!unknown[node.graph.targetNumbers[node.index]!]) continue;
        calls.set(node.target, [...(calls.get(node.target) ?? []), node]);
      }
      for (const [operator, [first, ...others]] of calls) {
        if (first === undefined) continue;
        const path = `${nodePath(first)}.target`;
        const common = { at: first, data: { operator, calls: others.length + 1, path } } as const;
        const since = removed.get(operator);
        if (since !== undefined) {
          ctx.report({ ...common, message: "removed", words: { since }, help: GONE, severity: "error" });
          continue;
        }
        if (!TORCHS_OWN.test(operator)) {
          ctx.report({ ...common, message: "unknown", help: DECLARE });
          continue;
        }
        ctx.report({
          ...common,
          message: "absent",
          words: { torch: OPERATOR_FACTS_TORCH },
          help: "correct the name; if another torch has it, load the program with that one",
          severity: isNewerTorch(ctx.program) ? "warning" : "error",
        });
      }
    },
  }),
});

const GONE = "call what replaces it, as torch.linalg.cholesky and torch.linalg.qr do, and export again";

const DECLARE =
  'declare it in the config, e.g. "operators": ["mylib::scale_(Tensor(a!) x, float by) -> Tensor(a!)"]';

/** Whatever is no operator of a library, whose own name could be anything. */
const TORCHS_OWN = /^(?!torch\.ops\.)|^torch\.ops\.(aten|prims|higher_order)\.|^torch\.ops\.[^.]*$/;

const WITHOUT_SCHEMA = new Set([
  ...Object.keys(FUNCTIONS),
  ...HIGHER_ORDER.map((name) => `torch.ops.higher_order.${name}`),
  // Names of earlier versions.
  "torch.ops.higher_order.map",
  "torch.sym_sqrt",
]);

/** Serializer extensions (torch/_export/serde ExtensionHandler) name their operators as they like. */
function isKnown(target: string): boolean {
  return target.startsWith("#") || WITHOUT_SCHEMA.has(target);
}
