import { defineRule } from "../../src/lint/rule.ts";
import { reportWrittenOperands } from "../_shared/written-operands.ts";

export const branchMutatesUnseen = defineRule({
  id: "cond/branch-mutates-unseen",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a branch of torch.cond writes to one of its inputs where torch does not see it",
  description: `
A few operators return memory of their argument and tell nobody: \`unsafe_split\`, \`unsafe_chunk\`,
\`_unsafe_view\`. Their schemas call the result new, and it has a version counter of its own. The running statistics
of \`batch_norm\` in training mode are written behind the counters too. A branch of \`torch.cond\` that writes to an
operand in such a way passes every check of torch 2.13, and \`run_decompositions\` accepts it; but the lowered
program does not write the operand. In a program that adds 100 through \`unsafe_split\`, eager returned 612 and the
decomposed program 12.

Use \`split\` or \`chunk\`, which say that they return views, and write the new value after the cond.
`,
  data: {
    branch: "the branch's name in the document",
    operand: "position among the cond's operands, from 0",
  },
  messages: { writes: "the {role} of torch.cond writes to its input ({name}) unseen by torch" },
  examples: {
    valid: [
      {
        title: "writes to a part of a copy",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(x)
    split: ["f32[1, 3]", "f32[1, 3]"] = torch.ops.aten.unsafe_split.Tensor(clone, 1)
    add_: "f32[1, 3]" = torch.ops.aten.add_.Tensor(split[0], 100)
    return (clone,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "adds to its operand through unsafe_split",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    split: ["f32[1, 3]", "f32[1, 3]"] = torch.ops.aten.unsafe_split.Tensor(x, 1)
    add_: "f32[1, 3]" = torch.ops.aten.add_.Tensor(split[0], 100)
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(x, 2)
    return (mul,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message: "the true branch of torch.cond writes to its input (input 'x') unseen by torch",
            data: { branch: "true_graph_0", operand: 0 },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    reportWrittenOperands(
      ctx,
      false,
      "use an operator that says it returns a view, and write the new value after the cond",
    ),
});
