import { defineRule } from "../../src/lint/rule.ts";
import type { HopCall } from "../../src/ops/hop/hop.ts";
import type { Value } from "../../src/program/program.ts";
import { graphPath } from "../_shared/paths.ts";
import { formatSizes } from "../_shared/sizes.ts";
import { type Difference, kindDifferences } from "../_shared/tensor-difference.ts";

export const subgraphMetadata = defineRule({
  id: "graph/subgraph-metadata",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "what goes into a branch or a body, or comes out of it, is another tensor inside than outside",
  description: `
A higher-order operator hands its operands to its graphs and gives back what these return. Each of these tensors has
metadata twice, in the graph around the operator and in the graph inside, and both must agree in dtype, device and
rank, and in the sizes that are numbers. A pass that changed one side and not the other leaves a program that
\`torch.export.load\` accepts; a backend compiles the two sides by what each says.

What loops cut into slices or stack is compared by dtype only.
`,
  data: {
    property: "the property in which they differ",
    inside: "what the graph inside has",
    outside: "what the graph around it has",
    path: "the JSON path of the metadata inside, or of the result's outside",
  },
  messages: {
    input: "'{name}' goes into {graph} with another {property} than it has there ({outside} and {inside})",
    result:
      "'{name}' comes out of {graph} with another {property} than it has there ({outside} and {inside})",
  },
  examples: {
    valid: [
      {
        title: "the same on both sides",
        program: `
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(a: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(a)
    return (sin,)

def false_graph_0(a: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(a)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "another dtype inside, another rank outside",
        program: `
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2, 1]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(a: "f16[2]"):
    to: "f32[2]" = torch.ops.aten.to.dtype(a, torch.float32)
    return (to,)

def false_graph_0(a: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(a)
    return (cos,)
`,
        diagnostics: [
          {
            message:
              "'x' goes into true_graph_0 with another dtype than it has there (torch.float32 and torch.float16)",
            data: {
              property: "dtype",
              inside: "torch.float16",
              outside: "torch.float32",
              path: "graph_module.graph.nodes[0].inputs[1].arg.as_graph.graph.tensor_values.a",
            },
          },
          {
            message: "'getitem' comes out of true_graph_0 with another rank than it has there (2 and 1)",
            data: {
              property: "rank",
              inside: "1",
              outside: "2",
              path: "graph_module.graph.tensor_values.getitem",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: (call) => {
      for (const { message, outside, inside, difference } of disagreements(call)) {
        const at = message === "input" ? inside : outside;
        ctx.report({
          at: call.node,
          message,
          data: {
            property: difference.property,
            inside: difference.right,
            outside: difference.left,
            path: `${graphPath(at.graph)}.tensor_values.${at.name}`,
          },
          words: { name: outside.name, graph: inside.graph.name },
          help: "mend the metadata on the side that the last pass did not change",
        });
      }
    },
  }),
});

interface Disagreement {
  readonly message: "input" | "result";
  readonly outside: Value;
  readonly inside: Value;
  readonly difference: Difference;
}

/** Of the results, those of cond and of calls are compared: a loop may stack what its body returns. */
function disagreements({ node, kind, bodies }: HopCall): Disagreement[] {
  const found: Disagreement[] = [];
  for (const { graph, inputs } of bodies) {
    for (const [i, { operand, passes }] of inputs.entries()) {
      const inside = graph.inputs[i];
      const difference = operand && inside && differenceOf(operand, inside, passes === "itself");
      if (difference) found.push({ message: "input", outside: operand, inside, difference });
    }
  }
  const [first] = bodies;
  if (first === undefined || !["cond", "call"].includes(kind)) return found;
  for (const outside of node.outputs) {
    const inside = first.graph.outputs[outside.index];
    const difference = inside && differenceOf(outside, inside, true);
    if (difference && (kind === "call" || difference.property !== "shape")) {
      found.push({ message: "result", outside, inside, difference });
    }
  }
  return found;
}

function differenceOf(outside: Value, inside: Value, whole: boolean): Difference | undefined {
  const [a, b] = [outside.meta, inside.meta];
  if (outside.kind !== "tensor" || inside.kind !== "tensor" || a === undefined || b === undefined)
    return undefined;
  const [difference] = kindDifferences(a, b).filter(
    ({ property }) => property === "dtype" || (whole && property !== "layout"),
  );
  if (difference !== undefined || !whole) return difference;
  const differs = a.sizes.some((size, d) => {
    const other = b.sizes[d]!;
    return "as_int" in size && "as_int" in other && Number(size.as_int) !== Number(other.as_int);
  });
  return differs ? { property: "shape", left: formatSizes(a.sizes), right: formatSizes(b.sizes) } : undefined;
}
