import { didYouMean } from "../../src/lint/closest.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { nameFaults } from "../../src/ops/call-check.ts";
import { certainty, onOperatorCalls } from "../_shared/operator-calls.ts";
import { inputPath, nodePath } from "../_shared/paths.ts";

export const names = defineRule({
  id: "arguments/names",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a call has an argument that the operator's schema does not, lacks one, or gives one twice",
  description: `
The arguments of a node are held by name against the operator's schema: torch's own, that of ExecuTorch's cache
operators, or the one that the config declares for a custom operator. An argument that equals its default may be left
out, any other may not.

\`torch.export.load\` drops an argument of a name that the schema does not have, without a word: the operator then runs
with the default. Of an argument that is given twice it takes the last. It refuses a call that lacks an argument without
a default, hidden behind "We ran into an error when deserializing the saved file".

In a program of a later torch than the one that pt2lint knows, the schema may have changed: the finding is a warning
there.
`,
  data: {
    argument: "the name of the argument",
    problem: "`unknown`, `twice` or `missing`",
    path: "the JSON path of the argument; of the node, for a missing one",
  },
  messages: {
    unknown: "{operator} has no argument '{argument}'{meant}",
    twice: "{operator} is given the argument '{argument}' twice",
    missing: "{operator} is called without its argument '{argument}'",
  },
  examples: {
    valid: [
      {
        title: "arguments that are left out because they have a default",
        program: `
def forward(x: "f32[2, 3]"):
    sum_1: "f32[2]" = torch.ops.aten.sum.dim_IntList(x, [1])
    add: "f32[2]" = torch.ops.aten.add.Tensor(sum_1, sum_1, alpha=2)
    return (add,)
`,
      },
    ],
    invalid: [
      {
        title: "a keyword that is misspelt",
        program: `
def forward(x: "f32[2, 3]"):
    sum_1: "f32[2, 1]" = torch.ops.aten.sum.dim_IntList(x, [1], keepdims=True)
    return (sum_1,)
`,
        diagnostics: [
          {
            message: "aten::sum.dim_IntList has no argument 'keepdims'; did you mean \"keepdim\"?",
            data: {
              argument: "keepdims",
              problem: "unknown",
              path: "graph_module.graph.nodes[0].inputs[2]",
            },
          },
        ],
      },
      {
        title: "an argument too few",
        program: `
def forward(x: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(x)
    return (mul,)
`,
        diagnostics: [
          {
            message: "aten::mul.Tensor is called without its argument 'other'",
            data: { argument: "other", problem: "missing", path: "graph_module.graph.nodes[0]" },
          },
        ],
      },
      {
        title: "an argument twice",
        program: `
def forward(x: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(x, x, other=2)
    return (mul,)
`,
        diagnostics: [
          {
            message: "aten::mul.Tensor is given the argument 'other' twice",
            data: { argument: "other", problem: "twice", path: "graph_module.graph.nodes[0].inputs[2]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const severity = certainty(ctx);
    return onOperatorCalls(ctx, (node, plan) => {
      for (const fault of nameFaults(plan, node.source.inputs)) {
        const argument = fault.kind === "missing" ? fault.parameter.name : fault.name;
        const known = plan.parameters.map(({ name }) => name);
        ctx.report({
          at: node,
          message: fault.kind,
          data: {
            argument,
            problem: fault.kind,
            path: fault.kind === "missing" ? nodePath(node) : inputPath(node, fault.input),
          },
          words: {
            operator: plan.operator.qualifiedName,
            meant: fault.kind === "unknown" ? didYouMean(argument, known) : "",
          },
          help: HELP[fault.kind],
          detail: [plan.operator.schemaText],
          ...severity,
        });
      }
    });
  },
});

const HELP = {
  unknown: "name it as the schema does, or remove it: torch drops it and runs with the default",
  twice: "remove one of the two: torch takes the last",
  missing: "give the argument: it has no default, and torch.export.load refuses the program",
} as const;
