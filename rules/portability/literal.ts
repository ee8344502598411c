import { defineRule } from "../../src/lint/rule.ts";
import { dtypeName } from "../../src/program/print-literals.ts";
import type { Node } from "../../src/program/program.ts";
import type { Argument, ScalarType } from "../../src/schema/types.generated.ts";
import { inputPath } from "../_shared/paths.ts";

export const nonFiniteLiteral = defineRule({
  id: "portability/literal",
  severity: "warning",
  presets: ["executorch", "aoti"],
  summary: "a number in the program is NaN or infinite, or becomes so in the dtype that it is used in",
  description: `
A mask of \`-inf\` makes NaN of a row that is masked in full, quantizers measure ranges with it, and delegates that compute
in float16 or in integers, or that write JSON, have no such number. \`torch.finfo(torch.float32).min\` is finite where
it was written and infinite in a program that was exported in float16.
`,
  data: {
    operator: "the operator",
    value: "the number",
    dtype: "the dtype that it becomes infinite in; empty for one that is not finite itself",
    path: "the JSON path of the argument",
  },
  messages: {
    literal: "{operator} is given {value}",
    overflow: "{operator} is given {value}, which is infinite in {dtype}",
  },
  examples: {
    valid: [
      {
        title: "the smallest number of the dtype",
        program: `
def forward(x: "f16[2]", mask: "b8[2]"):
    masked_fill: "f16[2]" = torch.ops.aten.masked_fill.Scalar(x, mask, -65504.0)
    return (masked_fill,)
`,
      },
    ],
    invalid: [
      {
        title: "a mask of minus infinity, and float32's smallest number in float16",
        program: `
def forward(x: "f32[2]", y: "f16[2]", mask: "b8[2]"):
    a: "f32[2]" = torch.ops.aten.masked_fill.Scalar(x, mask, -inf)
    b: "f16[2]" = torch.ops.aten.masked_fill.Scalar(y, mask, -3.4028234663852886e+38)
    return (a, b)
`,
        diagnostics: [
          {
            message: "torch.ops.aten.masked_fill.Scalar is given -Infinity",
            data: {
              operator: "torch.ops.aten.masked_fill.Scalar",
              value: "-Infinity",
              dtype: "",
              path: "graph_module.graph.nodes[0].inputs[2]",
            },
          },
          {
            message:
              "torch.ops.aten.masked_fill.Scalar is given -3.4028234663852886e+38, which is infinite in torch.float16",
            data: {
              operator: "torch.ops.aten.masked_fill.Scalar",
              value: "-3.4028234663852886e+38",
              dtype: "torch.float16",
              path: "graph_module.graph.nodes[1].inputs[2]",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    form: (node) => {
      for (const [i, { arg }] of node.source.inputs.entries()) {
        for (const value of floatsIn(arg)) {
          const dtype = Number.isFinite(value) ? overflowing(node, value) : undefined;
          if (Number.isFinite(value) && dtype === undefined) continue;
          ctx.report({
            at: node,
            message: dtype === undefined ? "literal" : "overflow",
            data: {
              operator: node.target,
              value: String(value),
              dtype: dtype === undefined ? "" : dtypeName(dtype),
              path: inputPath(node, i),
            },
            help: "use a large finite number of the dtype, such as torch.finfo(x.dtype).min",
          });
        }
      }
    },
  }),
});

function floatsIn(arg: Argument): readonly number[] {
  if ("as_float" in arg) return [arg.as_float];
  return "as_floats" in arg ? arg.as_floats : [];
}

/** The largest number of each dtype that is narrower than float32, by torch's code. */
const LARGEST: Readonly<Record<number, number>> = { 6: 65504, 29: 448, 30: 57344 };

/** The dtype of the node's result, where the number is beyond it. */
function overflowing({ outputs: [output] }: Node, value: number): ScalarType | undefined {
  const dtype = output?.meta?.dtype;
  const largest = dtype === undefined ? undefined : LARGEST[dtype];
  return largest !== undefined && Math.abs(value) > largest ? dtype : undefined;
}
