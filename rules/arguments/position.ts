import { defineRule } from "../../src/lint/rule.ts";
import { type CallPlan, positionFaults } from "../../src/ops/call-check.ts";
import type { Node } from "../../src/program/program.ts";
import { ArgumentKind } from "../../src/schema/types.generated.ts";
import { certainty, onOperatorCalls } from "../_shared/operator-calls.ts";
import { inputPath } from "../_shared/paths.ts";

export const position = defineRule({
  id: "arguments/position",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "an argument that is given by position goes to another parameter than the one it names",
  description: `
An argument in a document has a name and says whether it is given by position or by keyword. torch calls the operator
with the positional ones in the order of the schema, without looking at where the gaps are: after a parameter that was
left out, or given by keyword, each following positional argument goes to the parameter before the one that it names.
\`slice(x, start=1)\` with \`start\` marked positional is \`slice(x, dim=1)\`.

Parameters behind the \`*\` of a schema take no positional argument at all; there the call fails when it runs.
\`torch.export.load\` accepts both.
`,
  data: {
    argument: "the name of the argument",
    gets: "the parameter that torch passes it to, or null where there is none",
    path: "the JSON path of the argument",
  },
  messages: {
    position: "'{argument}' of {operator} is given by position, {but}",
  },
  examples: {
    valid: [
      {
        title: "a keyword after a parameter that was left out",
        program: `
def forward(x: "f32[2, 3]"):
    slice_1: "f32[2, 3]" = torch.ops.aten.slice.Tensor(x, start=0)
    return (slice_1,)
`,
      },
    ],
    // The text form of programs cannot leave out a positional argument.
    invalid: [],
  },
  create: (ctx) => {
    const severity = certainty(ctx);
    const check = (node: Node, plan: CallPlan): void => {
      for (const { input, parameter, gets } of positionFaults(plan, node.source.inputs)) {
        ctx.report({
          at: node,
          message: "position",
          data: { argument: parameter.name, gets: gets?.name ?? null, path: inputPath(node, input) },
          words: {
            operator: plan.operator.qualifiedName,
            but: gets ? `and torch passes it as '${gets.name}'` : "but can only be given by keyword",
          },
          help: "set its kind to 2 (keyword), or give every parameter before it by position",
          detail: [plan.operator.schemaText],
          ...severity,
        });
      }
    };
    const { form: ofKnown } = onOperatorCalls(ctx, check, []);
    return {
      form: (node) => {
        ofKnown?.(node);
        const late = ctx.registry.find(node.target) ? undefined : positionalBehindKeyword(node);
        if (late === undefined) return;
        const { name } = node.source.inputs[late]!;
        ctx.report({
          at: node,
          message: "position",
          data: { argument: name, gets: null, path: inputPath(node, late) },
          words: { operator: node.target, but: "behind one that is given by keyword" },
          help: "set its kind to 2 (keyword), or give every parameter before it by position",
        });
      },
    };
  },
});

/** Of an operator that is not declared: its arguments stand in the order of its parameters all the same. */
function positionalBehindKeyword({ target, source: { inputs } }: Node): number | undefined {
  if (!/^torch\.ops\.(?!higher_order\.)/.test(target)) return undefined;
  const keyword = inputs.findIndex(({ kind }) => kind === ArgumentKind.KEYWORD);
  const late = inputs.findIndex(({ kind }, i) => i > keyword && kind === ArgumentKind.POSITIONAL);
  return keyword < 0 || late < 0 ? undefined : late;
}
