import { defineRule } from "../../src/lint/rule.ts";
import type { Operator } from "../../src/ops/operator.ts";
import { nodePath } from "../_shared/paths.ts";

export const portableOperator = defineRule({
  id: "portability/operator",
  severity: "warning",
  presets: ["executorch"],
  summary: "an operator that run_decompositions leaves alone is not in Core ATen",
  description: `
Core ATen is the set of operators that backends of ExecuTorch implement. \`run_decompositions\` breaks most others down into
these; of what it leaves, \`to_edge\` says "Operator is not in Core ATen opset", unless a partitioner takes the node
first or the check is switched off.

Operators that write their arguments are not looked at, since functionalization replaces them, and neither are custom
ones: they need a kernel on the device.
`,
  data: { operator: "its name", path: "the JSON path of the node" },
  messages: { outside: "{operator} is not in Core ATen, and nothing decomposes it" },
  examples: {
    valid: [
      {
        title: "one in Core ATen, and one that is decomposed into such",
        program: `
def forward(x: "f32[2, 4]", w: "f32[3, 4]"):
    linear: "f32[2, 3]" = torch.ops.aten.linear.default(x, w)
    silu: "f32[2, 3]" = torch.ops.aten.silu.default(linear)
    exp: "f32[2, 3]" = torch.ops.aten.exp.default(silu)
    return (exp,)
`,
      },
    ],
    invalid: [
      {
        title: "a decomposition of matrices",
        program: `
def forward(x: "f32[3, 3]"):
    det: ("f32[]", "f32[3, 3][1, 3]", "i32[3]") = torch.ops.aten._linalg_det.default(x)
    return (det[0],)
`,
        diagnostics: [
          {
            message: "aten::_linalg_det is not in Core ATen, and nothing decomposes it",
            data: { operator: "aten::_linalg_det", path: "graph_module.graph.nodes[0]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    form: (node) => {
      const operator = ctx.registry.find(node.target);
      if (operator === undefined || isPortable(operator)) return;
      ctx.report({
        at: node,
        message: "outside",
        data: { operator: operator.qualifiedName, path: nodePath(node) },
        help: "use other operators, give to_edge_transform_and_lower a partitioner that takes it, or a decomposition",
      });
    },
  }),
});

/** Conditions on sizes, which ExecuTorch takes out. */
const CONDITIONS = /^aten::(_assert_|_functional_assert_|sym_|_functional_sym_)/;

function isPortable(operator: Operator): boolean {
  const { qualifiedName, schema } = operator;
  if (!qualifiedName.startsWith("aten::") || CONDITIONS.test(qualifiedName)) return true;
  if (["core", "view", "view_copy", "composite", "decomposed"].some((tag) => operator.has(tag))) return true;
  return schema.args.some(({ alias }) => alias?.write);
}
