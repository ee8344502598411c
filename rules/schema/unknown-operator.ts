import { defineRule } from "../../src/lint/rule.ts";
import type { Node } from "../../src/program/program.ts";

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

Each operator is reported once, at its first call.
`,
  data: { operator: "the target, as the document has it", calls: "how often the program calls it" },
  messages: {
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
            data: { operator: "torch.ops.mylib.scale.default", calls: 2 },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const calls = new Map<string, { first: Node; count: number; known: boolean }>();
      for (const { nodes } of ctx.program.graphs) {
        for (const node of nodes) {
          const { target } = node;
          const call = calls.get(target);
          if (call) call.count++;
          else
            calls.set(target, {
              first: node,
              count: 1,
              known: isKnown(target) || !!ctx.registry.find(target),
            });
        }
      }
      for (const [operator, { first, count, known }] of calls) {
        if (known) continue;
        ctx.report({
          at: first,
          message: "unknown",
          data: { operator, calls: count },
          help: 'declare it in the config, e.g. "operators": ["mylib::scale_(Tensor(a!) x, float by) -> Tensor(a!)"]',
        });
      }
    },
  }),
});

/**
 * Targets without a schema: higher-order operators, Python functions on symbolic numbers, vmap's bookkeeping, and
 * the operators of serializer extensions (torch/_export/serde ExtensionHandler).
 */
const WITHOUT_SCHEMA =
  /^(torch\.ops\.higher_order\.|_operator\.|math\.|torch\.sym_|torch\._sym_|torch\._functorch\.predispatch\.|#)/;

function isKnown(target: string): boolean {
  return WITHOUT_SCHEMA.test(target);
}
