import { defineRule } from "../../src/lint/rule.ts";
import type { Program } from "../../src/program/program.ts";
import { inputPath } from "../_shared/paths.ts";
import { deviceName } from "../_shared/tensor-difference.ts";

export const bakedDevice = defineRule({
  id: "portability/device",
  severity: "warning",
  presets: ["executorch", "aoti"],
  summary: "a node names a device that the program's inputs are not on",
  description: `
\`torch.export\` writes the device of \`torch.zeros(2, device=...)\` and of \`x.to(...)\` into the program. Where inputs and
weights are on another, the result has to be copied, or is mixed with them and fails; and a program that names
\`cuda:1\` cannot run on a machine with one. AOTInductor compiles for the device that it finds, and ExecuTorch for none
of these.
`,
  data: {
    operator: "the operator",
    device: "the device",
    inputs: "the device of the program's inputs",
    path: "the JSON path of the argument",
  },
  messages: { baked: "{operator} names the device '{device}', and the program's inputs are on '{inputs}'" },
  examples: {
    valid: [
      {
        title: "the device of the inputs",
        program: `
def forward(x: "f32[2]cuda:0"):
    zeros: "f32[2]cuda:0" = torch.ops.aten.zeros.default([2], device=device("cuda:0"))
    add: "f32[2]cuda:0" = torch.ops.aten.add.Tensor(x, zeros)
    return (add,)
`,
      },
    ],
    invalid: [
      {
        title: "another",
        program: `
def forward(x: "f32[2]"):
    to: "f32[2]cuda:1" = torch.ops.aten.to.device(x, device("cuda:1"), torch.float32)
    return (to,)
`,
        diagnostics: [
          {
            message:
              "torch.ops.aten.to.device names the device 'cuda:1', and the program's inputs are on 'cpu'",
            data: {
              operator: "torch.ops.aten.to.device",
              device: "cuda:1",
              inputs: "cpu",
              path: "graph_module.graph.nodes[0].inputs[1]",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const inputs = inputDevice(ctx.program);
    return {
      form: (node) => {
        for (const [i, { arg }] of node.source.inputs.entries()) {
          if (!("as_device" in arg)) continue;
          const device = deviceName(arg.as_device);
          // Without an index it is the first of its kind.
          if (
            inputs === undefined ||
            device === inputs ||
            `${device}:0` === inputs ||
            device === `${inputs}:0`
          )
            continue;
          ctx.report({
            at: node,
            message: "baked",
            data: { operator: node.target, device, inputs, path: inputPath(node, i) },
            help: "make the tensor on the device of an input (torch.zeros_like, x.device), or export it there",
          });
        }
      },
    };
  },
});

/** The one device of all inputs, or undefined where there are several, or none. */
function inputDevice({ main }: Program): string | undefined {
  const devices = new Set(
    main.inputs.flatMap((value) => (value?.meta ? [deviceName(value.meta.device)] : [])),
  );
  return devices.size === 1 ? [...devices][0] : undefined;
}
