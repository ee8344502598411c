import { callDevice, isSameDevice } from "../../src/analysis/devices.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Node, Program } from "../../src/program/program.ts";
import { graphPath, nodePath } from "../_shared/paths.ts";
import { deviceName } from "../_shared/tensor-difference.ts";

export const device = defineRule({
  id: "graph/device",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "an operator gets tensors on different devices, or its result is said to be on another than it is",
  description: `
The tensors that an operator computes with have to be on one device. Only a tensor without dimensions in the CPU's memory
goes with all, and a few operators take their indices from elsewhere. \`torch.export.load\` accepts a program that mixes
devices, as it comes out of a pass that moved some of the weights; \`run_decompositions\` says "Unhandled FakeTensor
Device Propagation", and without it the first call fails.

Where the operands agree, or the call names a device, the result is there, whatever its metadata says.
`,
  data: {
    operator: "the operator",
    left: "the device of the first operand, or of the result by its metadata",
    right: "the device of the other, or of the result as the operator makes it",
    path: "the JSON path of the node, or of the metadata",
  },
  messages: {
    mixed: "{operator} gets '{a}' on {left} and '{b}' on {right}",
    result: "'{a}' is on {left} by its metadata, but {operator} makes it on {right}",
  },
  examples: {
    valid: [
      {
        title: "a number on the CPU, indices on the CPU, a device that the call names",
        program: `
def forward(x: "f32[2]cuda:0", n: "f32[]", i: "i64[1]"):
    mul: "f32[2]cuda:0" = torch.ops.aten.mul.Tensor(x, n)
    index: "f32[1]cuda:0" = torch.ops.aten.index.Tensor(mul, [i])
    _to_copy: "f32[1]" = torch.ops.aten._to_copy.default(index, device=device("cpu"))
    return (_to_copy,)
`,
      },
    ],
    invalid: [
      {
        title: "two devices",
        program: `
def forward(x: "f32[2]cuda:0", y: "f32[2]"):
    add: "f32[2]cuda:0" = torch.ops.aten.add.Tensor(x, y)
    return (add,)
`,
        diagnostics: [
          {
            message: "torch.ops.aten.add.Tensor gets 'x' on cuda:0 and 'y' on cpu",
            data: {
              operator: "torch.ops.aten.add.Tensor",
              left: "cuda:0",
              right: "cpu",
              path: "graph_module.graph.nodes[0]",
            },
          },
        ],
      },
      {
        title: "a result that is elsewhere",
        program: `
def forward(x: "f32[2]cuda:0"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
        diagnostics: [
          {
            message: "'sin' is on cpu by its metadata, but torch.ops.aten.sin.default makes it on cuda:0",
            data: {
              operator: "torch.ops.aten.sin.default",
              left: "cpu",
              right: "cuda:0",
              path: "graph_module.graph.tensor_values.sin",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const isMixed = hasSeveralDevices(ctx.program);
    return {
      form: (node) => {
        if (!isMixed && !namesDevice(node)) return;
        const operator = ctx.registry.find(node.target);
        const call = operator && callDevice(node, operator);
        if (call === undefined) return;
        if (call.mixed) {
          const [a, b] = call.mixed;
          ctx.report({
            at: node,
            message: "mixed",
            data: {
              operator: node.target,
              left: deviceName(a.meta!.device),
              right: deviceName(b.meta!.device),
              path: nodePath(node),
            },
            words: { a: a.name, b: b.name },
            help: "move one of them with to(device), or export the model on one device",
          });
        }
        for (const value of node.outputs) {
          if (!value.meta || !call.device || isSameDevice(value.meta.device, call.device)) continue;
          ctx.report({
            at: node,
            message: "result",
            data: {
              operator: node.target,
              left: deviceName(value.meta.device),
              right: deviceName(call.device),
              path: `${graphPath(node.graph)}.tensor_values.${value.name}`,
            },
            words: { a: value.name },
            help: "mend the metadata in the pass that changed the node, or export the program again",
          });
        }
      },
    };
  },
});

function hasSeveralDevices({ graphs }: Program): boolean {
  let first: string | undefined;
  for (const { source } of graphs) {
    for (const { device } of source.tensor_values.values()) {
      first ??= deviceName(device);
      if (deviceName(device) !== first) return true;
    }
  }
  return false;
}

const namesDevice = ({ source }: Node): boolean => source.inputs.some(({ arg }) => "as_device" in arg);
