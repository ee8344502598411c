import { defineRule } from "../../src/lint/rule.ts";
import { doubtOf, severityOf, sharedOutputs } from "../_shared/sharing.ts";

export const branchAliasesOutput = defineRule({
  id: "cond/branch-aliases-output",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "two outputs of a branch of torch.cond share memory",
  description: `
The outputs of a branch of \`torch.cond\` must be different tensors in memory of their own. This branch returns one
tensor twice, a tensor and a view of it, or two parts of one tensor (\`chunk\`, \`split\`, \`unbind\`).

Under \`torch.no_grad()\`, \`torch.export\` accepts and saves such a program. \`run_decompositions\` of torch 2.13
refuses it: "cond_true might be aliasing the input or the output!". What shares memory only through
\`dropout\` in eval mode lowers all the same, since torch replaces that by a copy first: a warning.

Return a \`clone()\` of one of the two.
`,
  data: {
    branch: "the branch's name in the document",
    output: "position among the branch's outputs, from 0",
    other: "position of the other output, the higher one",
  },
  messages: {
    same: "the {role} of torch.cond returns one tensor twice",
    shared: "the {role} of torch.cond returns two outputs that share memory",
  },
  examples: {
    valid: [
      {
        title: "returns a copy as its second output",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]", "f32[2, 3]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0], cond[1])

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(sin)
    return (sin, clone)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    neg: "f32[2, 3]" = torch.ops.aten.neg.default(x)
    return (cos, neg)
`,
      },
    ],
    invalid: [
      {
        title: "returns a tensor twice, and a tensor beside its view",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]", "f32[2, 3]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0], cond[1])

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin, sin)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    view: "f32[2, 3]" = torch.ops.aten.view.default(cos, [2, 3])
    return (cos, view)
`,
        diagnostics: [
          {
            message: "the true branch of torch.cond returns one tensor twice",
            data: { branch: "true_graph_0", output: 0, other: 1 },
          },
          {
            message: "the false branch of torch.cond returns two outputs that share memory",
            data: { branch: "false_graph_0", output: 0, other: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: ({ kind, bodies }) => {
      if (kind !== "cond") return;
      for (const { graph, role } of bodies) {
        for (const { output, other, first, second, sharing } of sharedOutputs(ctx.storage, graph)) {
          ctx.report({
            at: second.node ?? first.node ?? graph,
            message: first === second ? "same" : "shared",
            data: { branch: graph.name, output, other },
            words: { role },
            severity: severityOf(sharing),
            help: "return a clone() of one of them",
            detail: [
              `output ${output} ${first.name} shares storage with output ${other} ${second.name}`,
              ...doubtOf(sharing),
            ],
          });
        }
      }
    },
  }),
});
