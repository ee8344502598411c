import { defineRule } from "../../src/lint/rule.ts";
import { asLoop } from "../_shared/loops.ts";
import { doubtOf, severityOf, sharedOutputs } from "../_shared/sharing.ts";

export const bodyAliasesOutput = defineRule({
  id: "loop/body-aliases-output",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "two outputs of a loop's body share memory",
  description: `
The outputs of the functions of \`while_loop\`, \`scan\`, \`map\` and \`associative_scan\` must be different tensors in
memory of their own. The usual case is a \`scan\` that returns its new carry as the slice of its output as well.

In torch 2.13, \`torch.while_loop\`, \`scan\` and \`map\` refuse this when they are traced; a graph that calls the
operators directly is exported and saved, and \`run_decompositions\` says "scan might be aliasing the input or the
output!" (\`body_fn\`, \`map\`, \`associative_scan\`).

Return a \`clone()\` of one of the two.
`,
  data: {
    body: "the body's name in the document",
    output: "position among the body's outputs, from 0",
    other: "position of the other output, the higher one",
  },
  messages: {
    same: "the {role} of {loop} returns one tensor twice",
    shared: "the {role} of {loop} returns two outputs that share memory",
  },
  examples: {
    valid: [
      {
        title: "returns the carry and a copy of it",
        program: `
def forward(init: "f32[3]", xs: "f32[5, 3]"):
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(combine, (init,), (xs,), ())
    return (scan[0], scan[1])

def combine(carry: "f32[3]", x: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(carry, x)
    clone: "f32[3]" = torch.ops.aten.clone.default(add)
    return (add, clone)
`,
      },
    ],
    invalid: [
      {
        title: "the carry is the output as well",
        program: `
def forward(init: "f32[3]", xs: "f32[5, 3]"):
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(combine, (init,), (xs,), ())
    return (scan[0], scan[1])

def combine(carry: "f32[3]", x: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(carry, x)
    return (add, add)
`,
        diagnostics: [
          {
            message: "the combine function of scan returns one tensor twice",
            data: { body: "combine", output: 0, other: 1 },
          },
        ],
      },
      {
        title: "a tensor and a view of it",
        program: `
def forward(xs: "f32[5, 3]"):
    map: ("f32[5, 3]", "f32[5, 3]") = torch.ops.higher_order.map_impl(body, (xs,), ())
    return (map[0], map[1])

def body(x: "f32[3]"):
    sin: "f32[3]" = torch.ops.aten.sin.default(x)
    view: "f32[3]" = torch.ops.aten.view.default(sin, [3])
    return (sin, view)
`,
        diagnostics: [
          {
            message: "the body of map returns two outputs that share memory",
            data: { body: "body", output: 0, other: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: (call) => {
      const loop = asLoop(call);
      for (const { graph, role } of loop?.bodies ?? []) {
        for (const { output, other, first, second, sharing } of sharedOutputs(ctx.storage, graph)) {
          ctx.report({
            at: second.node ?? first.node ?? graph,
            message: first === second ? "same" : "shared",
            data: { body: graph.name, output, other },
            words: { role, loop: loop!.name },
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
