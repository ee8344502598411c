import { defineRule } from "../../src/lint/rule.ts";
import type { Body } from "../../src/ops/hop/hop.ts";
import type { Value } from "../../src/program/program.ts";
import type { TensorMeta } from "../../src/schema/types.generated.ts";
import { strideConflict } from "../_shared/merge-strides.ts";
import { type Returned, returnedBy } from "../_shared/returned.ts";
import { differ, formatSize, formatSizes } from "../_shared/sizes.ts";
import { type Difference, kindDifferences } from "../_shared/tensor-difference.ts";
import { isFromTorch } from "../_shared/torch-version.ts";

export const outputMetadata = defineRule({
  id: "cond/output-metadata",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the branches of torch.cond return different kinds of tensors",
  description: `
What the branches of \`torch.cond\` return in one place must be alike in dtype, device, layout, rank, storage offset
and order of strides, and be dense in memory. Sizes may differ: the result then has a size that is known at run time
only, and torch makes up strides for it from the order that both branches share.

\`torch.export\` of torch 2.13 refuses a cond that breaks this ("expected same dtype but got ...", "The sorted order of
strides of the two branches' output doesn't match", "not a simple accumulative multiplication of sizes"), so it takes
a graph pass to make one; \`torch.export.load\` accepts it, and \`run_decompositions\` fails with the same words.
A slice such as \`y[:, :2]\` of a larger tensor is refused even when both branches return it with equal strides.

What a program may do depends on the torch that wrote it. That of 2.6 and before merges no outputs: sizes have to be equal
too ("Expect branches to return tensors with same metadata"), and until 2.7 a branch returns tensors, and no numbers.
\`run_decompositions\` of that torch refuses the program; a newer one may take it.

Convert in the branch: \`to(dtype)\`, \`contiguous()\`, \`clone()\`.
`,
  data: {
    output: "position among the branches' outputs, from 0",
    property:
      "kind, dtype, device, layout, rank, storage offset, stride order, density, or (to torch 2.6) sizes",
    trueBranch: "what the true branch returns",
    falseBranch: "what the false branch returns",
  },
  messages: {
    differ:
      "the branches of torch.cond disagree on the {property} of output {output}: {trueBranch} and {falseBranch}",
    number:
      "output {output} of torch.cond is {trueBranch}, where the torch that wrote the program takes tensors",
    gaps: "output {output} of torch.cond is a part of a larger tensor, with strides {trueBranch} and {falseBranch}",
  },
  examples: {
    valid: [
      {
        title: "outputs that differ in size",
        program: `
def forward(p: "b8[]", x: "f32[4, 3]"):
    cond: ("f32[u0, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[4, 3]"):
    sin: "f32[4, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[4, 3]"):
    slice_1: "f32[2, 3]" = torch.ops.aten.slice.Tensor(x, 0, 0, 2)
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(slice_1)
    return (clone,)
`,
      },
    ],
    invalid: [
      {
        title: "a dtype that one branch changes",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    to: "f16[2, 3]" = torch.ops.aten.to.dtype(x, torch.float16)
    return (to,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message:
              "the branches of torch.cond disagree on the dtype of output 0: torch.float16 and torch.float32",
            data: {
              output: 0,
              property: "dtype",
              trueBranch: "torch.float16",
              falseBranch: "torch.float32",
            },
          },
        ],
      },
      {
        title: "outputs that differ in size, in a program of torch 2.6",
        program: `
torch "2.6.0"
def forward(p: "b8[]", x: "f32[4, 3]"):
    cond: ("f32[4, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[4, 3]"):
    sin: "f32[4, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[4, 3]"):
    slice_1: "f32[2, 3]" = torch.ops.aten.slice.Tensor(x, 0, 0, 2)
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(slice_1)
    return (clone,)
`,
        diagnostics: [
          {
            message: "the branches of torch.cond disagree on the sizes of output 0: [4, 3] and [2, 3]",
            data: { output: 0, property: "sizes", trueBranch: "[4, 3]", falseBranch: "[2, 3]" },
          },
        ],
      },
      {
        title: "numbers, in a program of torch 2.7",
        program: `
torch "2.7.1"
def forward(p: "b8[]", x: "f32[4, 3]"):
    cond: ("f32[4, 3]", "Sym(u0)") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[4, 3]"):
    sin: "f32[4, 3]" = torch.ops.aten.sin.default(x)
    return (sin, 1)

def false_graph_0(x: "f32[4, 3]"):
    cos: "f32[4, 3]" = torch.ops.aten.cos.default(x)
    return (cos, 2)
`,
        diagnostics: [
          {
            message: "output 1 of torch.cond is an int, where the torch that wrote the program takes tensors",
            data: { output: 1, property: "number", trueBranch: "an int", falseBranch: "an int" },
          },
        ],
      },
      {
        title: "columns of a larger tensor",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    slice_1: "f32[2, 2][3, 1]" = torch.ops.aten.slice.Tensor(sin, 1, 0, 2)
    return (slice_1,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    slice_1: "f32[2, 2][3, 1]" = torch.ops.aten.slice.Tensor(cos, 1, 0, 2)
    return (slice_1,)
`,
        diagnostics: [
          {
            message: "output 0 of torch.cond is a part of a larger tensor, with strides [3, 1] and [3, 1]",
            data: { output: 0, property: "density", trueBranch: "[3, 1]", falseBranch: "[3, 1]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: ({ kind, node, bodies: [first, second] }) => {
      if (kind !== "cond" || first === undefined || second === undefined) return;
      for (const { output, value, property, left, right } of disagreements(first, second)) {
        ctx.report({
          at: value?.node ?? node,
          message: property === "density" ? "gaps" : property === "number" ? "number" : "differ",
          data: { output, property, trueBranch: left, falseBranch: right },
          help: HELP[property] ?? "return the same kind of value from both branches",
        });
      }
    },
  }),
});

const HELP: Readonly<Record<string, string>> = {
  dtype: "convert one of them with to(dtype)",
  "storage offset": "return a clone() from both branches",
  "stride order": "return contiguous() from both branches",
  density: "return contiguous() from both branches",
};

/** What the torch that wrote the program makes one of two of: sizes since pytorch/pytorch#147130, numbers since #152742. */
interface Merges {
  readonly sizes: boolean;
  readonly numbers: boolean;
}

interface Disagreement extends Difference {
  readonly output: number;
  /** What the false branch returns. */
  readonly value: Value | null;
}

/** Branches that return different numbers of values are for cond/arity to report. */
function disagreements(first: Body, second: Body): Disagreement[] {
  const ours = returnedBy(first.graph);
  const theirs = returnedBy(second.graph);
  if (ours.length !== theirs.length) return [];
  const { program } = first.graph;
  const merges = { sizes: isFromTorch(program, 2, 7), numbers: isFromTorch(program, 2, 8) };
  return ours.flatMap((a, output) =>
    differences(a, theirs[output]!, merges).map((found) => ({
      ...found,
      output,
      value: theirs[output]!.value,
    })),
  );
}

/** Mirrors `_merge_output` in torch/_higher_order_ops/cond.py, as far as the document tells. */
function differences(a: Returned, b: Returned, merges: Merges): Difference[] {
  if (a.kind === "int" && b.kind === "int" && !merges.numbers) {
    return [{ property: "number", left: wordFor(a), right: wordFor(b) }];
  }
  if (a.kind !== b.kind) return [{ property: "kind", left: wordFor(a), right: wordFor(b) }];
  const [x, y] = [a.value?.meta, b.value?.meta];
  if (a.kind !== "tensor" || x === undefined || y === undefined) return [];
  const found = kindDifferences(x, y);
  if (found.length === 0 && !merges.sizes && x.sizes.some((size, d) => differ(size, y.sizes[d]!))) {
    return [{ property: "sizes", left: formatSizes(x.sizes), right: formatSizes(y.sizes) }];
  }
  if (differ(x.storage_offset, y.storage_offset)) {
    const [left, right] = [formatSize(x.storage_offset), formatSize(y.storage_offset)];
    found.push({ property: "storage offset", left, right });
  }
  return found.length > 0 ? found : strideDifferences(x, y);
}

function strideDifferences(a: TensorMeta, b: TensorMeta): Difference[] {
  const conflict = strideConflict(a, b);
  if (conflict === undefined) return [];
  const property = conflict === "order" ? "stride order" : "density";
  return [{ property, left: formatSizes(a.strides), right: formatSizes(b.strides) }];
}

function wordFor({ kind }: Returned): string {
  return kind === "None"
    ? "None"
    : kind === "int"
      ? "an int"
      : kind === "other"
        ? "another kind"
        : `a ${kind}`;
}
