import { defineRule, type RuleContext } from "../../src/lint/rule.ts";
import type { Body } from "../../src/ops/hop/hop.ts";
import { doubtOf, severityOf, sharedOperands } from "../_shared/sharing.ts";

export const operandsAlias = defineRule({
  id: "cond/operands-alias",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "two operands of torch.cond share memory",
  description: `
The operands of \`torch.cond\` must lie in memory of their own. Here two of them are one tensor, a tensor and a view of
it, or two parts of one tensor. What a branch reads from outside becomes an operand too, so a buffer used in a branch
beside a slice of it taken outside is enough.

\`torch.export\` accepts and saves such a program. \`run_decompositions\` of torch 2.13 refuses it, although the
branches return new tensors and write nothing, and also when no branch uses the second operand: "cond_true might be
aliasing the input or the output!". Export itself passes a tensor that is named twice only once; a graph that lists
it twice is refused in the same way. When the memory is shared in some runs only, because a size or another branch
decides it, this is a warning.

Two buffers that are views of one tensor are refused too. The graph does not show that, but their bytes are one entry of
the archive, which is looked at where there is one.

Take the view inside the branches, or pass a \`clone()\`.
`,
  data: {
    operand: "position among the cond's operands, from 0",
    other: "position of the other operand, the higher one",
  },
  messages: {
    same: "torch.cond takes one tensor as two operands ({name})",
    shared: "two operands of torch.cond share memory ({name})",
  },
  examples: {
    valid: [
      {
        title: "takes a tensor and a copy of it",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(x)
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, clone))
    return (cond[0],)

def true_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)

def false_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(a, b)
    return (mul,)
`,
      },
    ],
    invalid: [
      {
        title: "takes a buffer, and a slice of it",
        program: `
def forward(p: "b8[]", b_table: "f32[2, 3]" = buffer("table")):
    slice_1: "f32[1, 3]" = torch.ops.aten.slice.Tensor(b_table, 0, 0, 1)
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_table, slice_1))
    return (cond[0],)

def true_graph_0(a: "f32[2, 3]", b: "f32[1, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)

def false_graph_0(a: "f32[2, 3]", b: "f32[1, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(a, b)
    return (mul,)
`,
        diagnostics: [
          {
            message: "two operands of torch.cond share memory (buffer 'table')",
            data: { operand: 0, other: 1 },
          },
        ],
      },
      {
        title: "takes a tensor twice",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, x))
    return (cond[0],)

def true_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)

def false_graph_0(a: "f32[2, 3]", b: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(a, b)
    return (mul,)
`,
        diagnostics: [
          {
            message: "torch.cond takes one tensor as two operands (input 'x')",
            data: { operand: 0, other: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: ({ kind, node, bodies: [body] }) => {
      if (kind !== "cond" || body === undefined) return;
      for (const { operand, other, first, second, sharing } of sharedOperands(ctx.storage, body)) {
        ctx.report({
          at: node,
          message: first === second ? "same" : "shared",
          data: { operand, other },
          words: { name: ctx.nameOf(first) },
          severity: severityOf(sharing),
          help: "take the view inside the branches, or pass a clone()",
          detail: [
            `operand ${operand} ${first.name} shares storage with operand ${other} ${second.name}`,
            ...doubtOf(sharing),
          ],
        });
      }
      for (const { operand, other, first, second } of storedTogether(ctx, body)) {
        ctx.report({
          at: node,
          message: "shared",
          data: { operand, other },
          words: { name: `${ctx.nameOf(first)} and ${ctx.nameOf(second)}` },
          help: "give each a memory of its own with clone() before the module is exported",
          detail: [
            `operand ${operand} ${first.name} and operand ${other} ${second.name} are stored in one entry`,
          ],
        });
      }
    },
  }),
});

/** The pairs of operands that the program thinks apart, and whose bytes are parts of one entry of the archive. */
function storedTogether({ program, payloads, storage }: RuleContext, { inputs }: Body) {
  if (payloads === null) return [];
  const passed = inputs.flatMap(({ operand, passes }, position) => {
    if (operand?.kind !== "tensor" || passes !== "itself") return [];
    const origin = storage.originOf(operand);
    const input =
      origin.node === null && origin.graph === program.main ? program.inputs[origin.index] : undefined;
    const payload = input && (payloads.weights?.get(input.name) ?? payloads.constants?.get(input.name));
    return payload?.size && !payload.config.use_pickle
      ? [{ value: operand, position, entry: payload.entry }]
      : [];
  });
  return passed.flatMap(({ value: first, position: operand, entry }, i) =>
    passed
      .slice(i + 1)
      .filter((other) => other.entry === entry && !storage.shareStorage(first, other.value))
      .map(({ value: second, position: other }) => ({ operand, other, first, second })),
  );
}
