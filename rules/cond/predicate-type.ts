import { defineRule } from "../../src/lint/rule.ts";
import { dtypeName } from "../../src/program/print-literals.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { type Argument, ScalarType, type SymInt } from "../../src/schema/types.generated.ts";
import { kindOf } from "../_shared/returned.ts";
import { formatSizes } from "../_shared/sizes.ts";

export const predicateType = defineRule({
  id: "cond/predicate-type",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the predicate of torch.cond is not a boolean",
  description: `
The predicate of \`torch.cond\` is a bool tensor with one element, of any rank, or a condition on sizes (a SymBool).

- A tensor with more elements, a number or a string is an error. \`torch.export\` writes none of them; a graph pass
  may. torch 2.13 runs such a program in eager and through \`run_decompositions\`, by what Python takes for true, and
  inductor fails on a float, a string and None.
- A tensor with one element of another dtype warns. \`torch.export\` accepts it, and torch 2.13 runs and compiles it
  right, anything but zero being true. ExecuTorch's runtime takes a bool tensor only and stops with "Expected
  dtype".
- A constant True or False is worth knowing: one of the branches never runs.

Compare in the model, \`torch.cond(x.sum() > 0, ...)\`, and reduce what has more elements: \`(cache != 0).any()\`.
`,
  data: {
    found: "what the predicate is: a kind of constant, or a tensor's dtype and sizes",
  },
  messages: {
    constant: "the predicate of torch.cond is {found}, not a boolean",
    elements: "the predicate of torch.cond is {found}, not a tensor with one element",
    dtype: "the predicate of torch.cond is not a bool tensor ({found})",
    fixed: "the predicate of torch.cond is the constant {found}, so one branch never runs",
  },
  examples: {
    valid: [
      {
        title: "a bool tensor with one element",
        program: `
def forward(x: "f32[2, 3]", b_initialized: "b8[1, 1]" = buffer("initialized")):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(b_initialized, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "the sum itself, without a comparison",
        program: `
def forward(x: "f32[2, 3]"):
    sum_1: "f32[]" = torch.ops.aten.sum.default(x)
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(sum_1, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message: "the predicate of torch.cond is not a bool tensor (torch.float32[])",
            data: { found: "torch.float32[]" },
          },
        ],
      },
      {
        title: "a mask that nothing reduced",
        program: `
def forward(x: "f32[2, 3]"):
    gt: "b8[2, 3]" = torch.ops.aten.gt.Scalar(x, 0)
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(gt, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message: "the predicate of torch.cond is torch.bool[2, 3], not a tensor with one element",
            data: { found: "torch.bool[2, 3]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    targets: {
      "torch.ops.higher_order.cond": (node) => {
        const arg = node.source.inputs[0]?.arg;
        const fault = arg && !("as_graph" in arg) ? faultOf(node, arg) : undefined;
        if (fault) {
          const { message, found, severity } = fault;
          const help = "pass a comparison, reduced to one element with any() or all()";
          ctx.report({ at: node, message, data: { found }, help, severity });
        }
      },
    },
  }),
});

interface Fault {
  readonly message: "constant" | "elements" | "dtype" | "fixed";
  readonly found: string;
  readonly severity?: "warning" | "info";
}

const NUMBERS: Readonly<Record<string, string>> = { sym_int: "an int", sym_float: "a float" };

function faultOf(node: Node, arg: Argument): Fault | undefined {
  // As a list of one it is true, and run_decompositions fails.
  if (Array.isArray(Object.values(arg)[0])) return { message: "constant", found: "a list" };
  const [value] = node.valuesOf(arg);
  if (value?.kind === "tensor") return faultOfTensor(value);
  if (value) {
    const found = NUMBERS[value.kind];
    return found ? { message: "constant", found } : undefined;
  }
  if (value === null) return undefined;
  const constant = "as_bool" in arg ? arg.as_bool : symbolicConstant(arg);
  if (constant !== undefined) {
    return { message: "fixed", found: constant ? "True" : "False", severity: "info" };
  }
  return { message: "constant", found: WORDS[kindOf(arg)] ?? "no tensor" };
}

const WORDS: Readonly<Record<string, string>> = {
  int: "an int",
  float: "a float",
  string: "a string",
  None: "None",
};

function symbolicConstant(arg: Argument): boolean | undefined {
  return "as_sym_bool" in arg && "as_bool" in arg.as_sym_bool ? arg.as_sym_bool.as_bool : undefined;
}

function faultOfTensor({ meta }: Value): Fault | undefined {
  if (meta === undefined) return undefined;
  const found = `${dtypeName(meta.dtype)}${formatSizes(meta.sizes)}`;
  if (meta.sizes.some(isNotOne)) return { message: "elements", found };
  // A size that is not known may be one, and torch then runs it.
  if (meta.sizes.some((size) => "as_expr" in size))
    return { message: "elements", found, severity: "warning" };
  return meta.dtype === ScalarType.BOOL ? undefined : { message: "dtype", found, severity: "warning" };
}

function isNotOne(size: SymInt): boolean {
  return "as_int" in size && Number(size.as_int) !== 1;
}
