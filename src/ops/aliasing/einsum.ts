/** einsum of one operand: a permutation, or a diagonal, is a view of it; a sum is not. */
import type { RuleTable } from "./rule.ts";
import { sharesIf } from "./rule.ts";

/**
 * Mirrors at::native::einsum (aten/src/ATen/native/Linear.cpp): labels that the output lacks are summed, and of
 * several operands products are made.
 */
function sumsNothing(equation: string, rank: number): boolean {
  const [input = "", output] = equation.replaceAll(" ", "").split("->");
  const labels = [...input.replace("...", "")];
  const dots = input.includes("...") && rank > labels.length;
  if (output === undefined) {
    // Implicit output: the dots, then each label that occurs once.
    return new Set(labels).size === labels.length;
  }
  return labels.every((label) => output.includes(label)) && (!dots || output.includes("..."));
}

export const EINSUM: RuleTable = {
  "aten::einsum": {
    outputs: (call) => {
      const operands = call.tensors("tensors");
      const [operand] = operands;
      const view =
        operands.length === 1 &&
        operand !== undefined &&
        sumsNothing(call.string("equation") ?? "", operand.sizes.length);
      return sharesIf(view, operand);
    },
  },
};
