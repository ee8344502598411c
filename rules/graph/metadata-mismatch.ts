import { Inference } from "../../src/analysis/inference.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { graphPath, nodePath } from "../_shared/paths.ts";

export const metadataMismatch = defineRule({
  id: "graph/metadata-mismatch",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a result has another dtype, shape or layout in memory than its operator gives it",
  description: `
The document says of every value what shape and dtype it has, and compilers and backends plan memory and generate code
by that. \`torch.export.load\` takes it as it is: metadata that is wrong, after a pass that changed a node and not its
metadata, shows much later or never.

This rule works out the results of each operator that pt2lint can run from the metadata of its operands: dtypes and sizes
of all; strides and offsets where torch lays the result out in one way only (views and pointwise operators, and, in programs
of torch 2.13 on the CPU, the others whose strides were measured, most of them for contiguous operands); what autocast makes
of operands on the CPU; and the value of symbolic numbers such as \`sym_size\` and \`s0 * 2\`. What has symbols is compared at up to three sets of numbers for them,
which the program's ranges, guards and assertions allow. Operators whose result depends on data are left out.

Where an operator has no result for such operands and arguments (a view of another number of elements, a dimension that is
not there), \`run_decompositions\` fails with its message, and so does the first call.
`,
  data: {
    name: "the name of the value",
    stated: "its dtype and sizes, and its strides where they differ, or its number, by the metadata",
    inferred: "the same by the operator",
    reason: "why the operator refuses its operands and arguments",
    path: "the JSON path of the metadata, or of the node",
  },
  messages: {
    refused: "{operator} does not take what it is given: {reason}",
    mismatch: "'{name}' is {stated} by its metadata, but its operator makes it {inferred}",
  },
  examples: {
    valid: [
      {
        title: "sizes with a symbol",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0, 3]"):
    cat: "f32[2*s0, 3]" = torch.ops.aten.cat.default([x, x])
    return (cat,)
`,
      },
      {
        title: "a view, and what is made of it in the same layout",
        program: `
def forward(x: "f32[2, 3]"):
    t: "f32[3, 2][1, 3]" = torch.ops.aten.t.default(x)
    sin: "f32[3, 2][1, 3]" = torch.ops.aten.sin.default(t)
    return (sin,)
`,
      },
    ],
    invalid: [
      {
        title: "another size, another dtype",
        program: `
def forward(x: "f32[2, 3]"):
    sin: "f32[2, 4]" = torch.ops.aten.sin.default(x)
    gt: "f32[2, 3]" = torch.ops.aten.gt.Scalar(x, 0)
    return (sin, gt)
`,
        diagnostics: [
          {
            message: "'sin' is float32[2, 4] by its metadata, but its operator makes it float32[2, 3]",
            data: {
              name: "sin",
              stated: "float32[2, 4]",
              inferred: "float32[2, 3]",
              path: "graph_module.graph.tensor_values.sin",
            },
          },
          {
            message: "'gt' is float32[2, 3] by its metadata, but its operator makes it bool[2, 3]",
            data: {
              name: "gt",
              stated: "float32[2, 3]",
              inferred: "bool[2, 3]",
              path: "graph_module.graph.tensor_values.gt",
            },
          },
        ],
      },
      {
        title: "a view that is not contiguous",
        program: `
def forward(x: "f32[2, 3]"):
    t: "f32[3, 2]" = torch.ops.aten.t.default(x)
    return (t,)
`,
        diagnostics: [
          {
            message:
              "'t' is float32[3, 2] with strides [2, 1] by its metadata, but its operator makes it float32[3, 2] with strides [1, 3]",
          },
        ],
      },
      {
        title: "another number",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0, 3]"):
    sym_size_int: "Sym(s0)" = torch.ops.aten.sym_size.int(x, 0)
    mul: "Sym(3*s0)" = _operator.mul(sym_size_int, 2)
    add: "f32[s0, 3]" = torch.ops.aten.add.Tensor(x, mul)
    return (add,)
`,
        diagnostics: [{ message: "'mul' is 9 by its metadata, but its operator makes it 6" }],
      },
      {
        title: "values that do not fit where they are put, and a dimension that is given twice",
        program: `
def forward(x: "f32[6, 3]", i: "i64[4]", v: "f32[2, 3]"):
    index_put: "f32[6, 3]" = torch.ops.aten.index_put.default(x, [i], v)
    sum_1: "f32[3]" = torch.ops.aten.sum.dim_IntList(index_put, [0, 0])
    return (sum_1,)
`,
        diagnostics: [
          {
            message:
              "torch.ops.aten.index_put.default does not take what it is given: cannot expand [2, 3] to [4, 3]",
          },
          {
            message:
              "torch.ops.aten.sum.dim_IntList does not take what it is given: dimension 0 is given twice",
          },
        ],
      },
      {
        title: "a view of more elements",
        program: `
def forward(x: "f32[2, 3]"):
    view: "f32[2, 4]" = torch.ops.aten.view.default(x, [2, 4])
    return (view,)
`,
        diagnostics: [
          {
            message:
              "torch.ops.aten.view.default does not take what it is given: shape [2, 4] is invalid for 6 elements",
            data: { reason: "shape [2, 4] is invalid for 6 elements", path: "graph_module.graph.nodes[0]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const inference = new Inference(ctx.program, ctx.registry);
    return {
      form: (node) => {
        const { mismatches, refused } = inference.check(node);
        if (refused !== undefined) {
          ctx.report({
            at: node,
            message: "refused",
            data: { path: nodePath(node), reason: refused },
            words: { operator: node.target },
            help: "mend the argument, or the metadata of the operands, in the pass that changed them",
          });
        }
        for (const { value, stated, inferred, at } of mismatches) {
          const table = value.kind === "tensor" ? "tensor_values" : `${value.kind}_values`;
          const path = `${graphPath(node.graph)}.${table}.${value.name}`;
          const numbers = [...at].map(([name, number]) => `${name} = ${number}`).join(", ");
          ctx.report({
            at: node,
            message: "mismatch",
            data: { name: value.name, stated, inferred, path },
            help: "mend the metadata in the pass that changed the node, or export the program again",
            ...(at.size > 0 ? { detail: [`with ${numbers}`] } : {}),
          });
        }
      },
    };
  },
});
