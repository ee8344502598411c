import { defineRule } from "../../src/lint/rule.ts";
import type { Body } from "../../src/ops/hop/hop.ts";
import type { Value } from "../../src/program/program.ts";
import type { TensorMeta } from "../../src/schema/types.generated.ts";
import { asLoop, type Loop, nameOfInput } from "../_shared/loops.ts";
import { returnedBy } from "../_shared/returned.ts";
import { type Difference, isDense, kindDifferences, listDifference } from "../_shared/tensor-difference.ts";

export const carryMetadata = defineRule({
  id: "loop/carry-metadata",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a loop's body changes the dtype, device, sizes or strides of a carry",
  description: `
What the body of a \`while_loop\` returns is its input in the next round, so a carry keeps its dtype, device, sizes and
strides. The same holds for the carries of \`scan\`, and for what \`associative_scan\` combines. Storage offsets
may differ.

torch 2.13 checks it when it traces: "Expected carried_inputs and body_output to have same metadata but found". Export
of a \`while_loop\` that starts from a tensor with gaps, such as \`x[:, :2]\`, or from an expanded one can slip through,
and \`run_decompositions\` fails with the same words: pass \`contiguous()\` or \`clone()\` there.

Convert in the body, \`to(dtype)\`, or before the loop.
`,
  data: {
    body: "the body's name in the document",
    carry: "position among the body's outputs, from 0",
    property: "kind, dtype, device, layout, sizes or strides",
    before: "what goes in",
    after: "what comes out",
  },
  messages: {
    changes: "the {role} of {loop} changes the {property} of {name} from {before} to {after}",
    start: "{loop} starts from {name} with strides {before}, and its {role} returns strides {after}",
  },
  examples: {
    valid: [
      {
        title: "a carry that stays as it is",
        program: `
def forward(i: "i64[]", x: "f32[2, 3]"):
    loop: ("i64[]", "f32[2, 3]") = torch.ops.higher_order.while_loop(condition, body, (i, x), ())
    return (loop[0], loop[1])

def condition(i: "i64[]", x: "f32[2, 3]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[2, 3]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (add, sin)
`,
      },
    ],
    invalid: [
      {
        title: "a carry that becomes float64",
        program: `
def forward(i: "i64[]", x: "f32[2, 3]"):
    loop: ("i64[]", "f32[2, 3]") = torch.ops.higher_order.while_loop(condition, body, (i, x), ())
    return (loop[0], loop[1])

def condition(i: "i64[]", x: "f32[2, 3]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[2, 3]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    to: "f64[2, 3]" = torch.ops.aten.to.dtype(x, torch.float64)
    return (add, to)
`,
        diagnostics: [
          {
            message:
              "the body of while_loop changes the dtype of input 'x' from torch.float32 to torch.float64",
            data: {
              body: "body",
              carry: 1,
              property: "dtype",
              before: "torch.float32",
              after: "torch.float64",
            },
          },
        ],
      },
      {
        title: "a loop that starts from columns of a larger tensor",
        program: `
def forward(i: "i64[]", x: "f32[4, 4]"):
    slice_1: "f32[4, 2][4, 1]" = torch.ops.aten.slice.Tensor(x, 1, 0, 2)
    loop: ("i64[]", "f32[4, 2]") = torch.ops.higher_order.while_loop(condition, body, (i, slice_1), ())
    return (loop[1],)

def condition(i: "i64[]", x: "f32[4, 2]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[4, 2]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    sin: "f32[4, 2]" = torch.ops.aten.sin.default(x)
    return (add, sin)
`,
        diagnostics: [
          {
            message:
              "while_loop starts from input 'x' with strides [4, 1], and its body returns strides [2, 1]",
            data: { body: "body", carry: 1, property: "strides", before: "[4, 1]", after: "[2, 1]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: (call) => {
      const loop = asLoop(call);
      const body = loop?.bodies.at(-1);
      if (loop === undefined || body === undefined) return;
      for (const { message, carry, property, left, right, after } of changes(loop, body)) {
        ctx.report({
          at: message === "start" ? loop.node : (after?.node ?? body.graph),
          message,
          data: { body: body.graph.name, carry, property, before: left, after: right },
          words: { role: body.role, loop: loop.name, name: nameOfInput(ctx, body, carry) },
          help: message === "start" ? "start from contiguous() or clone()" : "convert it back in the body",
        });
      }
    },
  }),
});

interface Change extends Difference {
  readonly message: "changes" | "start";
  readonly carry: number;
  readonly after: Value | null;
}

/** Counts that do not agree are for loop/arity to report. */
function changes(loop: Loop, body: Body): Change[] {
  const { graph, inputs } = body;
  const returned = returnedBy(graph);
  if (loop.name === "map" || returned.length < loop.carries || graph.inputs.length < loop.carries) return [];
  return returned.slice(0, loop.carries).flatMap(({ kind, value }, carry): Change[] => {
    const before = graph.inputs[carry];
    if (!before) return [];
    const wasTensor = before.kind === "tensor";
    if (wasTensor !== (kind === "tensor")) {
      const [left, right] = [
        wasTensor ? "a tensor" : "a number",
        kind === "tensor" ? "a tensor" : "a number",
      ];
      return [{ message: "changes", carry, after: value, property: "kind", left, right }];
    }
    const [x, y] = [before.meta, value?.meta];
    if (x === undefined || y === undefined) return [];
    const found = differences(x, y, loop.name);
    if (found.length > 0) {
      return found.map((difference) => ({ message: "changes", carry, after: value, ...difference }));
    }
    const start = loop.name === "while_loop" ? inputs[carry]?.operand?.meta : undefined;
    const strides = start && listDifference("strides", start.strides, y.strides);
    return strides ? [{ message: "start", carry, after: value, ...strides }] : [];
  });
}

/**
 * Mirrors `check_meta_consistency` in torch/_higher_order_ops/utils.py. `scan` and `associative_scan` compare with a
 * clone of what they start from, which has strides of its own when that has gaps.
 */
function differences(a: TensorMeta, b: TensorMeta, loop: Loop["name"]): Difference[] {
  const found = kindDifferences(a, b).filter(({ property }) => property !== "rank");
  const sizes = listDifference("sizes", a.sizes, b.sizes);
  if (sizes) return [...found, sizes];
  if (found.length > 0 || (loop !== "while_loop" && !isDense(a))) return found;
  const strides = listDifference("strides", a.strides, b.strides);
  return strides ? [strides] : [];
}
