import { defineRule } from "../../src/lint/rule.ts";
import { dtypeName } from "../../src/program/print-literals.ts";
import type { Graph, Value } from "../../src/program/program.ts";
import { graphPath } from "../_shared/paths.ts";

export const portableDtype = defineRule({
  id: "portability/dtype",
  severity: "warning",
  presets: ["executorch"],
  summary: "a tensor has a dtype that ExecuTorch's kernels do not have",
  description: `
ExecuTorch's portable kernels know booleans, integers and the floats of 16, 32 and 64 bits; of complex numbers and floats
of 8 bits hardly any kernel does. Its own check of dtypes stops at the first higher-order operator, so that such a
tensor in a branch is found on the device only. There is one finding for each dtype of each graph, at the first
tensor of it.
`,
  data: { dtype: "the dtype", name: "the first tensor that has it", path: "the JSON path of its metadata" },
  messages: { unsupported: "'{name}' is {dtype}, which ExecuTorch's portable kernels do not have" },
  examples: {
    valid: [
      {
        title: "floats and integers",
        program: `
def forward(x: "bf16[2]", i: "i32[2]"):
    add: "bf16[2]" = torch.ops.aten.add.Tensor(x, i)
    return (add,)
`,
      },
    ],
    invalid: [
      {
        title: "complex numbers",
        program: `
def forward(x: "f32[4]"):
    fft: "c64[3]" = torch.ops.aten._fft_r2c.default(x, [0], 0, True)
    abs_1: "f32[3]" = torch.ops.aten.abs.default(fft)
    return (abs_1,)
`,
        diagnostics: [
          {
            message: "'fft' is torch.complex64, which ExecuTorch's portable kernels do not have",
            data: { dtype: "torch.complex64", name: "fft", path: "graph_module.graph.tensor_values.fft" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    graph: (graph) => {
      const seen = new Set<number>();
      for (const value of valuesOf(graph)) {
        const dtype = value?.meta?.dtype;
        if (value === null || dtype === undefined || !UNSUPPORTED.has(dtype) || seen.has(dtype)) continue;
        seen.add(dtype);
        ctx.report({
          at: value.node ?? graph,
          message: "unsupported",
          data: {
            dtype: dtypeName(dtype),
            name: value.name,
            path: `${graphPath(graph)}.tensor_values.${value.name}`,
          },
          help: "convert to a supported dtype, or leave this part to a delegate that has it",
        });
      }
    },
  }),
});

/** Complex numbers and floats of 8 bits, by torch's codes. */
const UNSUPPORTED = new Set([9, 10, 11, 29, 30, 31, 32, 33]);

function* valuesOf(graph: Graph): Generator<Value | null> {
  yield* graph.inputs;
  for (const { outputs } of graph.nodes) yield* outputs;
}
