import { defineRule } from "../../src/lint/rule.ts";
import type { Value } from "../../src/program/program.ts";
import { nodePath } from "../_shared/paths.ts";

export const constantWritten = defineRule({
  id: "signature/constant-written",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the program writes a tensor that the signature calls a constant",
  description: `
A tensor that a module holds as a plain attribute, or that \`forward\` takes from outside, becomes a constant of the
program. \`torch.export\` lets the model write it, and the exported program runs; \`run_decompositions\` refuses it then:
"Constant c is mutated in the forward method. Pls register it as buffer". The signature has no way to say that a
constant changes.
`,
  data: { constant: "its qualified name", path: "the JSON path of the node that writes it" },
  messages: { written: "{operator} writes the constant '{constant}'" },
  examples: {
    valid: [
      {
        title: "a buffer, and a copy of the constant",
        program: `
def forward(x: "f32[2]", b_n: "f32[2]" = buffer("n"), c_one: "f32[2]" = constant("one")):
    add_: "f32[2]" = torch.ops.aten.add_.Tensor(b_n, x)
    clone: "f32[2]" = torch.ops.aten.clone.default(c_one)
    mul_: "f32[2]" = torch.ops.aten.mul_.Tensor(clone, add_)
    return (mul_,)
`,
      },
    ],
    invalid: [
      {
        title: "through a view",
        program: `
def forward(x: "f32[2]", c_cache: "f32[3, 2]" = constant("cache")):
    select: "f32[2]" = torch.ops.aten.select.int(c_cache, 0, 0)
    copy_: "f32[2]" = torch.ops.aten.copy_.default(select, x)
    sum_1: "f32[]" = torch.ops.aten.sum.default(c_cache)
    return (sum_1,)
`,
        diagnostics: [
          {
            message: "torch.ops.aten.copy_.default writes the constant 'cache'",
            data: { constant: "cache", path: "graph_module.graph.nodes[1]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const { main, inputs } = ctx.program;
      const constants = new Map<Value, string>();
      for (const [i, { kind, name }] of inputs.entries()) {
        const value = main.inputs[i];
        if (value && kind === "tensor_constant") constants.set(value, name);
      }
      if (constants.size === 0) return;
      for (const { node, value } of ctx.storage.writes(main)) {
        for (const root of ctx.storage.storages(value)) {
          const origin = ctx.storage.origin(root);
          const constant = constants.get(origin);
          if (constant === undefined || isShapeOnly(node.target)) continue;
          constants.delete(origin);
          ctx.report({
            at: node,
            message: "written",
            data: { constant, path: nodePath(node) },
            words: { operator: node.target },
            ...(ctx.storage.isCertain(value) ? {} : { severity: "warning" as const }),
            help: "register it with register_buffer (persistent=False keeps it out of the state dict), and export again",
          });
        }
      }
    },
  }),
});

/** Operators that write no element, but the tensor's own shape. */
const isShapeOnly = (target: string): boolean =>
  /^torch\.ops\.aten\.(un)?(squeeze_|t_|transpose_|swap\w+_|as_strided_|detach_|resize_\w*|set_)\./.test(
    target,
  );
