import { defineRule } from "../../src/lint/rule.ts";

export const branchAliasesInput = defineRule({
  id: "cond/branch-aliases-input",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a branch of torch.cond returns one of its inputs, or a view of one",
  description: `
A branch of \`torch.cond\` must return new tensors. This one returns an operand, or something that shares an
operand's memory: a view, a slice, or the result of an operator that hands its input through when there is nothing
to do (\`contiguous\`, \`to\`, \`reshape\`, \`dropout\` in eval mode).

Under \`torch.no_grad()\`, \`torch.export\` accepts and saves such a program. \`run_decompositions\`, and every
backend that starts with it, refuses it later: "cond_true might be aliasing the input or the output!", without a
line of source.

Return a \`clone()\` of the operand. Where the backend is to keep the memory, as for a cache that is reused,
\`executorch::alias\` hands two tensors through a branch.
`,
  data: {
    branch: "the branch's name in the document",
    output: "position among the branch's outputs, from 0",
    operand: "position among the cond's operands, from 0",
  },
  messages: {
    itself: "the {role} of torch.cond returns its own input {name}",
    view: "the {role} of torch.cond returns a view of its own input {name}",
  },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    hop: ({ kind, bodies }) => {
      if (kind !== "cond") return;
      for (const { graph, role } of bodies) {
        for (const { output, input } of ctx.storage.effects(graph).outputInput) {
          const returned = graph.outputs[output]!;
          const operand = graph.inputs[input]!;
          const name = ctx.nameOf(operand);
          ctx.report({
            at: graph,
            message: returned === operand ? "itself" : "view",
            data: { branch: graph.name, output, operand: input },
            words: { role, name },
            help: `return a clone() of it, or executorch::alias when the backend keeps the memory`,
            detail: [
              `output ${output} ${returned.name} shares storage with operand ${input} ${operand.name}`,
            ],
          });
        }
      }
    },
  }),
});
