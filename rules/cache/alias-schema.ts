import { tensorArgument } from "../../src/analysis/cache.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { argumentFaults, resultDifference } from "../_shared/operator-arguments.ts";

export const aliasSchema = defineRule({
  id: "cache/alias-schema",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a call of executorch::alias does not follow the operator's schema",
  description: `
\`executorch::alias(Tensor x, Tensor y) -> (Tensor, Tensor)\` takes two tensors and hands both through: each result has
the dtype, device and shape of its input. \`torch.export.load\` accepts a program in which they differ, and the
metadata is what a backend plans memory by: the results are then read with a wrong shape, or from memory that is too
small. Sizes that are symbols count only when no values of theirs can be equal.

Such calls come from passes that edit a graph and leave the metadata behind.
`,
  data: {
    property:
      "`arguments`, `results`, or in what a result differs from its input: `dtype`, `device`, `layout`, `rank`, `shape`",
    output: "position of the result, from 0; null for the first two",
    problem: "what is wrong with the arguments, or what result and input have",
  },
  messages: {
    arguments: "executorch::alias takes the tensors x and y, but {problem}",
    results: "executorch::alias must return two tensors, but {problem}",
    metadata:
      "a result of executorch::alias differs in {property} from {name}, which it hands through ({problem})",
  },
  examples: {
    valid: [
      {
        title: "results that are like the inputs",
        program: `
def forward(x: "f32[1, 2, 4, 8]", y: "f16[1, 2, s0, 8]"):
    alias: ("f32[1, 2, 4, 8]", "f16[1, 2, s0, 8]") = torch.ops.executorch.alias.default(x, y)
    return (alias[0], alias[1])
`,
      },
    ],
    invalid: [
      {
        title: "results in the wrong order",
        program: `
def forward(x: "f32[1, 2, 4, 8]", y: "f32[1, 2, 6, 8]"):
    alias: ("f32[1, 2, 6, 8]", "f32[1, 2, 4, 8]") = torch.ops.executorch.alias.default(x, y)
    return (alias[0], alias[1])
`,
        diagnostics: [
          {
            message:
              "a result of executorch::alias differs in shape from input 'x', which it hands through ([1, 2, 6, 8] and [1, 2, 4, 8])",
            data: { property: "shape", output: 0, problem: "[1, 2, 6, 8] and [1, 2, 4, 8]" },
          },
          {
            message:
              "a result of executorch::alias differs in shape from input 'y', which it hands through ([1, 2, 4, 8] and [1, 2, 6, 8])",
            data: { property: "shape", output: 1, problem: "[1, 2, 4, 8] and [1, 2, 6, 8]" },
          },
        ],
      },
      {
        title: "one tensor",
        program: `
def forward(x: "f32[1, 2, 4, 8]"):
    alias: ("f32[1, 2, 4, 8]",) = torch.ops.executorch.alias.default(x)
    return (alias[0],)
`,
        diagnostics: [
          {
            message: "executorch::alias takes the tensors x and y, but 'y' is missing",
            data: { property: "arguments", output: null, problem: "'y' is missing" },
          },
          {
            message: "executorch::alias must return two tensors, but there is 1",
            data: { property: "results", output: null, problem: "there is 1" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    targets: {
      "torch.ops.executorch.alias.default": (node) => {
        const help = "correct the call, and run FakeTensorProp over the graph in the pass that made it";
        for (const problem of argumentFaults(node, ["x", "y"])) {
          ctx.report({
            at: node,
            message: "arguments",
            data: { property: "arguments", output: null, problem },
            help,
          });
        }
        const { length } = node.outputs;
        if (length !== 2) {
          const problem = length === 1 ? "there is 1" : `there are ${length}`;
          ctx.report({
            at: node,
            message: "results",
            data: { property: "results", output: null, problem },
            help,
          });
        }
        for (const [output, name] of ["x", "y"].entries()) {
          const input = tensorArgument(node, name, output);
          const different = resultDifference(node.outputs[output], input);
          if (!different) continue;
          ctx.report({
            at: node,
            message: "metadata",
            data: {
              property: different.property,
              output,
              problem: `${different.left} and ${different.right}`,
            },
            words: { name: ctx.nameOf(input!) },
            help,
            detail: [`result ${output} ${node.outputs[output]!.name} and argument ${name} ${input!.name}`],
          });
        }
      },
    },
  }),
});
