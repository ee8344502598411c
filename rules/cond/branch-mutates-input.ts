import { defineRule } from "../../src/lint/rule.ts";
import { reportWrittenOperands } from "../_shared/written-operands.ts";

export const branchMutatesInput = defineRule({
  id: "cond/branch-mutates-input",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a branch of torch.cond writes to one of its inputs",
  description: `
A branch of \`torch.cond\` must not change what it is given: neither an operand, nor a buffer or parameter that it
reads from its module, which export turns into an operand. This branch does, in place (\`add_\`, \`copy_\`, an
assignment to a slice), through a view, or through a keyword (\`out=\`).

Under \`torch.no_grad()\`, \`torch.export\` accepts and saves such a program. \`run_decompositions\` of torch 2.13
then ends with "operator 'aten.copy_.default' is not functional". When the write is an \`out=\` keyword it does not
notice at all: the write is dropped, and the results are wrong.

Return the new value from both branches and write it after the cond: \`cache.copy_(torch.cond(...))\`.
`,
  data: {
    branch: "the branch's name in the document",
    operand: "position among the cond's operands, from 0",
  },
  messages: { writes: "the {role} of torch.cond writes to its input ({name})" },
  examples: {
    valid: [
      {
        title: "writes to a copy",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(x)
    add_: "f32[2, 3]" = torch.ops.aten.add_.Tensor(clone, 1)
    return (add_,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "fills a slice of a cache",
        program: `
def forward(p: "b8[]", x: "f32[1, 3]", b_cache: "f32[2, 3]" = buffer("cross_key_cache")):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, b_cache))
    return (cond[0],)

def true_graph_0(x: "f32[1, 3]", b_cache: "f32[2, 3]"):
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(b_cache)
    return (clone,)

def false_graph_0(x: "f32[1, 3]", b_cache: "f32[2, 3]"):
    slice_1: "f32[1, 3]" = torch.ops.aten.slice.Tensor(b_cache, 0, 0, 1)
    copy_: "f32[1, 3]" = torch.ops.aten.copy_.default(slice_1, x)
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(b_cache)
    return (clone,)
`,
        diagnostics: [
          {
            message: "the false branch of torch.cond writes to its input (buffer 'cross_key_cache')",
            data: { branch: "false_graph_0", operand: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    reportWrittenOperands(
      ctx,
      true,
      "return the new value from both branches and copy_ it into place after the cond",
    ),
});
