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

An operator that changes how a view of an input lies in memory, and no element (\`t_\`, \`unsqueeze_\`), is a warning:
\`torch.export\` refuses it while gradients are enabled, but what it lets through lowers and runs as it should. Of the input
itself, instead of a view of it, \`run_decompositions\` refuses that, too.

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
        title: "transposes its input",
        program: `
def forward(p: "b8[]", x: "f32[2, 2]"):
    cond: ("f32[2, 2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 2]"):
    t_: "f32[2, 2][1, 2]" = torch.ops.aten.t_.default(x)
    sin: "f32[2, 2][1, 2]" = torch.ops.aten.sin.default(t_)
    clone: "f32[2, 2]" = torch.ops.aten.clone.default(sin, memory_format=torch.contiguous_format)
    return (clone,)

def false_graph_0(x: "f32[2, 2]"):
    cos: "f32[2, 2]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message: "the true branch of torch.cond writes to its input (input 'x')",
            data: { branch: "true_graph_0", operand: 0 },
          },
        ],
      },
      {
        title: "transposes a view",
        program: `
def forward(p: "b8[]", x: "f32[2, 2]"):
    cond: ("f32[2, 2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 2]"):
    view: "f32[2, 2]" = torch.ops.aten.view.default(x, [2, 2])
    t_: "f32[2, 2][1, 2]" = torch.ops.aten.t_.default(view)
    add: "f32[2, 2]" = torch.ops.aten.add.Tensor(x, t_)
    return (add,)

def false_graph_0(x: "f32[2, 2]"):
    cos: "f32[2, 2]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message: "the true branch of torch.cond writes to its input (input 'x')",
            data: { branch: "true_graph_0", operand: 0 },
          },
        ],
      },
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
