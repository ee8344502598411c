import { defineRule } from "../../src/lint/rule.ts";
import type { Body } from "../../src/ops/hop/hop.ts";
import { dtypeName } from "../../src/program/print-literals.ts";
import type { Value } from "../../src/program/program.ts";
import { ScalarType } from "../../src/schema/types.generated.ts";
import { type Returned, returnedBy } from "../_shared/returned.ts";
import { formatSizes } from "../_shared/sizes.ts";

export const conditionType = defineRule({
  id: "loop/condition-type",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the condition of while_loop does not return a boolean",
  description: `
The condition of \`while_loop\` returns one bool tensor without dimensions, or a condition on sizes. Other than the
predicate of a cond, a tensor of size 1 or of another dtype will not do, and neither will a tuple of one.

A \`torch.while_loop\` with such a condition is refused when it is traced. A graph that calls the operator directly is
exported, and torch 2.13 lets it through \`run_decompositions\`; running it ends in "cond_fn must return a boolean scalar
tensor or a boolean", and inductor asserts the same.

Reduce with \`any()\` or \`all()\`, and compare: \`i < n\`.
`,
  data: { body: "the condition's name in the document", found: "what it returns" },
  messages: { type: "the condition of while_loop returns {found}, not a bool tensor without dimensions" },
  examples: {
    valid: [
      {
        title: "a comparison of a scalar",
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
        title: "a tensor with one dimension",
        program: `
def forward(i: "i64[1]"):
    loop: ("i64[1]",) = torch.ops.higher_order.while_loop(condition, body, (i,), ())
    return (loop[0],)

def condition(i: "i64[1]"):
    lt: "b8[1]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[1]"):
    add: "i64[1]" = torch.ops.aten.add.Tensor(i, 1)
    return (add,)
`,
        diagnostics: [
          {
            message:
              "the condition of while_loop returns torch.bool[1], not a bool tensor without dimensions",
            data: { body: "condition", found: "torch.bool[1]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: ({ kind, bodies }) => {
      const condition = bodies[0];
      if (kind !== "while_loop" || bodies.length !== 2 || condition === undefined) return;
      const fault = faultOf(condition);
      if (fault === undefined) return;
      ctx.report({
        at: fault.value?.node ?? condition.graph,
        message: "type",
        data: { body: condition.graph.name, found: fault.found },
        help: "return one comparison, reduced with any() or all()",
      });
    },
  }),
});

interface Fault {
  readonly found: string;
  readonly value: Value | null;
}

/** Mirrors `_validate_cond_output` in torch/_higher_order_ops/while_loop.py. */
function faultOf({ graph }: Body): Fault | undefined {
  const returned = returnedBy(graph);
  const [first] = returned;
  if (returned.length !== 1) return { found: `${returned.length} values`, value: null };
  if (first!.kind !== "tensor") {
    return first!.kind === "bool" ? undefined : { found: wordFor(first!), value: null };
  }
  const { value } = first!;
  const meta = value?.meta;
  if (meta !== undefined && (meta.dtype !== ScalarType.BOOL || meta.sizes.length > 0)) {
    return { found: `${dtypeName(meta.dtype)}${formatSizes(meta.sizes)}`, value };
  }
  // Files that do not say whether a graph returns a tensor or a tuple of one leave it undefined.
  return graph.source.is_single_tensor_return === false ? { found: "a tuple", value: null } : undefined;
}

function wordFor({ kind }: Returned): string {
  return kind === "None" ? "None" : kind === "int" ? "an int" : `a ${kind}`;
}
