import { defineRule } from "../../src/lint/rule.ts";
import { isHop } from "../../src/ops/hop/hop.ts";
import type { OperatorRegistry } from "../../src/ops/registry.ts";
import type { Node } from "../../src/program/program.ts";
import { nodePath } from "../_shared/paths.ts";

export const deadNode = defineRule({
  id: "graph/dead-node",
  severity: "info",
  presets: ["strict"],
  summary: "nothing uses the result of a node that has no other effect",
  description: `
No node and no output of the graph uses what this node computes, and its schema declares no mutation. Every compiler
removes it; a reference interpreter and \`ep.module()\` compute it all the same. Where the Python that made it was meant
to have an effect, it has none. A node that only dead nodes use is not reported until they are gone.

Assertions, constraints on symbols, random operators, higher-order operators and operators without a schema are left
alone. What \`executorch::update_cross_attn_cache\` does is for \`cache/update-unused\`.
`,
  data: { path: "the JSON path of the node" },
  messages: { dead: "nothing uses the result of {operator}" },
  examples: {
    valid: [
      {
        title: "an assertion, and a write",
        program: `
def forward(x: "f32[2]", b_n: "f32[2]" = buffer("n")):
    _assert_tensor_metadata: None = torch.ops.aten._assert_tensor_metadata.default(x, dtype=torch.float32)
    copy_: "f32[2]" = torch.ops.aten.copy_.default(b_n, x)
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
      },
    ],
    invalid: [
      {
        title: "the first of two dead nodes",
        program: `
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    neg: "f32[2]" = torch.ops.aten.neg.default(sin)
    cos: "f32[2]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          { message: "nothing uses the result of aten::neg", data: { path: "graph_module.graph.nodes[1]" } },
        ],
      },
    ],
  },
  create: (ctx) => ({
    graph: (graph) => {
      const returned = new Set(graph.outputs);
      for (const node of graph.nodes) {
        const { outputs } = node;
        if (outputs.length === 0) continue;
        if (outputs.some((value) => returned.has(value) || graph.isUsed(value))) continue;
        if (!isPure(node, ctx.registry)) continue;
        ctx.report({
          at: node,
          message: "dead",
          data: { path: nodePath(node) },
          words: { operator: ctx.registry.find(node.target)?.qualifiedName ?? node.target },
          help: "use the result, or remove the line",
        });
      }
    },
  }),
});

/** Mirrors torch.fx.Node.is_impure, for what a document can hold. */
const EFFECTS = /::(_assert|_functional_assert|sym_constrain_range|_functional_sym_constrain|_print)/;

function isPure(node: Node, registry: OperatorRegistry): boolean {
  if (isHop(node)) return false;
  const operator = registry.find(node.target);
  if (operator === undefined) return /^(_operator|math|torch\.sym_)/.test(node.target);
  if (operator.qualifiedName.startsWith("executorch::")) return false;
  if (EFFECTS.test(operator.qualifiedName) || operator.has("nondeterministic_seeded")) return false;
  return !operator.schema.args.some(({ alias }) => alias?.write);
}
