/** Sums of products over any dimensions: einsum, tensordot and what is made of them. */
import { cast } from "../../tensor/copy.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { promoteDtypes, resultType } from "../../tensor/promotion.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { reshaped } from "./reshaping.ts";
import { diagonalOf, permuted, squeezed, unsqueezed } from "./views.ts";

const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/**
 * Multiply two tensors of one rank that broadcast, and sum over dimensions, which stay with size 1
 * (at::native::sumproduct_pair).
 */
function productSum(left: Tensor, right: Tensor, sum: ReadonlySet<number>): Tensor {
  if (sum.size === 0) return call("aten::mul.Tensor", left, right);
  let [a, b] = [left, right];
  for (const d of sum) {
    if (b.sizes[d] === 1 && a.sizes[d] !== 1) a = call("aten::sum.dim_IntList", a, [d], true);
    else if (a.sizes[d] === 1 && b.sizes[d] !== 1) b = call("aten::sum.dim_IntList", b, [d], true);
  }
  // Integers have become int64 where they were summed.
  if (a.dtype !== b.dtype) {
    const dtype = promoteDtypes(a.dtype, b.dtype);
    [a, b] = [cast(a, dtype), cast(b, dtype)];
  }
  const dims = a.sizes.map((_, d) => d);
  const inner = dims.filter((d) => sum.has(d));
  const batch = dims.filter((d) => !sum.has(d) && a.sizes[d] !== 1 && b.sizes[d] !== 1);
  const rows = dims.filter((d) => !sum.has(d) && a.sizes[d] !== 1 && b.sizes[d] === 1);
  const columns = dims.filter((d) => !sum.has(d) && a.sizes[d] === 1);
  const sizesOf = (t: Tensor, of: readonly number[]): number[] => of.map((d) => t.sizes[d]!);
  const [n, k] = [count(sizesOf(a, batch)), count(sizesOf(a, inner))];
  const x = reshaped(permuted(a, [...batch, ...rows, ...inner, ...columns]), [n, count(sizesOf(a, rows)), k]);
  const y = reshaped(permuted(b, [...batch, ...inner, ...columns, ...rows]), [
    n,
    k,
    count(sizesOf(b, columns)),
  ]);
  const order = [...batch, ...rows, ...columns, ...inner];
  const sizes = [...sizesOf(a, batch), ...sizesOf(a, rows), ...sizesOf(b, columns), ...inner.map(() => 1)];
  const back = dims.map((d) => order.indexOf(d));
  return permuted(reshaped(call("aten::bmm", x, y), sizes), back);
}

/** The labels of each operand and of the result; dimensions of an ellipsis are numbers, counted from the back. */
type Label = string | number;

function labelsOf(term: string, ellipsis: number): Label[] {
  const labels: Label[] = [];
  for (const part of term.replace("...", ".")) {
    if (part !== ".") labels.push(part);
    else for (let i = ellipsis; i > 0; i--) labels.push(i);
  }
  return labels;
}

interface Equation {
  readonly operands: readonly (readonly Label[])[];
  readonly result: readonly Label[];
}

/** at::native::einsum: without `->` the result has the ellipsis, then what occurs once, in order. */
function parseEquation(text: string, tensors: readonly Tensor[]): Equation {
  const [left, right] = text.replaceAll(" ", "").split("->") as [string, string | undefined];
  const terms = left.split(",");
  if (terms.length !== tensors.length)
    throw new RangeError(`einsum: "${text}" is not for ${tensors.length} operands`);
  const widths = terms.map((term, i) => tensors[i]!.rank - term.replace("...", "").length);
  const ellipsis = Math.max(0, ...terms.map((term, i) => (term.includes("...") ? widths[i]! : 0)));
  const operands = terms.map((term, i) => labelsOf(term, term.includes("...") ? widths[i]! : 0));
  const letters = [...left.replace(/[.,]/g, "")].sort();
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return { operands, result: labelsOf(right ?? `...${once.join("")}`, ellipsis) };
}

/** An operand with a dimension for each of `all` in order, of size 1 where it has none; repeated labels are diagonals. */
function aligned(t: Tensor, labels: readonly Label[], all: readonly Label[]): Tensor {
  let result = t;
  const own = [...labels];
  for (let d = 0; d < own.length; d++) {
    for (let again = own.indexOf(own[d]!, d + 1); again >= 0; again = own.indexOf(own[d]!, d + 1)) {
      const label = own[d]!;
      result = diagonalOf(result, 0, d, again);
      own.splice(again, 1);
      own.splice(d, 1);
      own.push(label);
    }
  }
  const present = all.filter((label) => own.includes(label));
  result = permuted(
    result,
    present.map((label) => own.indexOf(label)),
  );
  all.forEach((label, d) => {
    if (!own.includes(label)) result = unsqueezed(result, d);
  });
  return result;
}

function einsum(text: string, tensors: readonly Tensor[]): Tensor {
  const { operands, result } = parseEquation(text, tensors);
  const all = [...new Set([...result, ...operands.flat()])];
  const parts = tensors.map((t, i) => aligned(t, operands[i]!, all));
  const summed = all.map((_, d) => d).filter((d) => d >= result.length);
  let product = parts[0]!;
  if (parts.length === 1 && summed.length > 0) {
    product = call("aten::sum.dim_IntList", product, summed, true);
  }
  for (let i = 1; i < parts.length; i++) {
    // A label is summed as soon as no later operand has it.
    const now = summed.filter((d) => !operands.slice(i + 1).some((labels) => labels.includes(all[d]!)));
    product = productSum(product, parts[i]!, new Set(now));
  }
  return summed.length === 0 ? product : squeezed(product, summed);
}

/** at::native::tensordot. */
function tensordot(
  self: Tensor,
  other: Tensor,
  dimsSelf: readonly number[],
  dimsOther: readonly number[],
): Tensor {
  const [left, right] = [
    dimsSelf.map((d) => wrapDim(d, self.rank)),
    dimsOther.map((d) => wrapDim(d, other.rank)),
  ];
  let [a, b] = [self, other];
  left.forEach((d, i) => {
    const e = right[i]!;
    if (b.sizes[e] === 1 && a.sizes[d] !== 1) a = call("aten::sum.dim_IntList", a, [d], true, a.dtype);
    else if (a.sizes[d] === 1 && b.sizes[e] !== 1) b = call("aten::sum.dim_IntList", b, [e], true, b.dtype);
  });
  const rest = (t: Tensor, dims: readonly number[]): number[] =>
    t.sizes.map((_, d) => d).filter((d) => !dims.includes(d));
  const [rows, columns] = [rest(a, left), rest(b, right)];
  const sizes = [...rows.map((d) => a.sizes[d]!), ...columns.map((d) => b.sizes[d]!)];
  const inner = count(left.map((d) => a.sizes[d]!));
  const x = reshaped(permuted(a, [...rows, ...left]), [count(rows.map((d) => a.sizes[d]!)), inner]);
  const y = reshaped(permuted(b, [...right, ...columns]), [inner, count(columns.map((d) => b.sizes[d]!))]);
  return reshaped(call("aten::mm", x, y), sizes);
}

/** at::native::_trilinear: each operand gets dimensions of size 1, and what they make together is summed. */
function trilinear(
  operands: readonly [Tensor, Tensor, Tensor],
  expands: readonly (readonly number[])[],
  sumdim: readonly number[],
): Tensor {
  const parts = operands.map((t, i) => expands[i]!.reduce(unsqueezed, t)) as [Tensor, Tensor, Tensor];
  const early = sumdim.filter((d) => parts[2].sizes[d] === 1);
  const late = new Set(sumdim.filter((d) => !early.includes(d)));
  const product = productSum(productSum(parts[0], parts[1], new Set(early)), parts[2], late);
  return squeezed(product, sumdim);
}

function bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const flat = (t: Tensor): Tensor => reshaped(t, [count(t.sizes.slice(0, -1)), t.size(-1)]);
  const out = trilinear([flat(input1), weight, flat(input2)], [[1, 3], [0], [1, 2]], [2, 3]);
  const result = reshaped(out, [...input1.sizes.slice(0, -1), weight.sizes[0]!]);
  return bias === null ? result : call("aten::add.Tensor", result, bias);
}

/** Vectors at the ends are a row and a column (at::native::linalg_multi_dot). */
function chain(tensors: readonly Tensor[]): Tensor {
  const [first, last] = [tensors[0]!, tensors.at(-1)!];
  const parts = tensors.map((t, i) => (t.rank === 2 ? t : unsqueezed(t, i === 0 ? 0 : 1)));
  const product = parts.reduce((a, b) => call("aten::mm", a, b));
  const sizes = [
    ...(first.rank === 1 ? [] : [product.sizes[0]!]),
    ...(last.rank === 1 ? [] : [product.sizes[1]!]),
  ];
  return reshaped(product, sizes);
}

const conjugate = (t: Tensor): Tensor =>
  t.dtype.category === "complex" ? call("aten::conj_physical", t) : t;

/** at::native::kron: the operands' dimensions side by side. */
function kron(self: Tensor, other: Tensor): Tensor {
  const rank = Math.max(self.rank, other.rank);
  const sizesOf = (t: Tensor): number[] => [...new Array<number>(rank - t.rank).fill(1), ...t.sizes];
  const [a, b] = [sizesOf(self), sizesOf(other)];
  const x = reshaped(
    self,
    a.flatMap((size) => [size, 1]),
  );
  const y = reshaped(
    other,
    b.flatMap((size) => [1, size]),
  );
  return reshaped(
    call("aten::mul.Tensor", x, y),
    a.map((size, d) => size * b[d]!),
  );
}

export const contractions: readonly Kernel[] = [
  defineOp("aten::einsum(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor", {
    composite: ({ equation, tensors }) => einsum(equation, tensors),
  }),
  defineOp("aten::tensordot(Tensor self, Tensor other, int[] dims_self, int[] dims_other) -> Tensor", {
    composite: ({ self, other, dims_self, dims_other }) => tensordot(self, other, dims_self, dims_other),
  }),
  defineOp("aten::inner(Tensor self, Tensor other) -> Tensor", {
    composite: ({ self, other }) =>
      self.rank === 0 || other.rank === 0
        ? call("aten::mul.Tensor", self, other)
        : tensordot(self, other, [-1], [-1]),
  }),
  defineOp("aten::outer(Tensor self, Tensor vec2) -> Tensor", {
    composite: ({ self, vec2 }) => call("aten::mul.Tensor", unsqueezed(self, 1), vec2),
  }),
  defineOp("aten::ger(Tensor self, Tensor vec2) -> Tensor", {
    composite: ({ self, vec2 }) => call("aten::mul.Tensor", unsqueezed(self, 1), vec2),
  }),
  defineOp("aten::linalg_multi_dot(Tensor[] tensors) -> Tensor", {
    composite: ({ tensors }) => chain(tensors),
  }),
  defineOp("aten::chain_matmul(Tensor[] matrices) -> Tensor", {
    composite: ({ matrices }) => chain(matrices),
  }),
  defineOp("aten::linalg_vecdot(Tensor x, Tensor y, *, int dim=-1) -> Tensor", {
    composite: ({ x, y, dim }) =>
      call(
        "aten::sum.dim_IntList",
        call("aten::mul.Tensor", conjugate(x), y),
        [dim],
        false,
        resultType([x, y]),
      ),
  }),
  defineOp(
    "aten::_trilinear(Tensor i1, Tensor i2, Tensor i3, int[] expand1, int[] expand2, int[] expand3, int[] sumdim, int unroll_dim=1) -> Tensor",
    {
      composite: ({ i1, i2, i3, expand1, expand2, expand3, sumdim }) =>
        trilinear([i1, i2, i3], [expand1, expand2, expand3], sumdim),
    },
  ),
  defineOp("aten::bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None) -> Tensor", {
    composite: ({ input1, input2, weight, bias }) => bilinear(input1, input2, weight, bias),
  }),
  defineOp("aten::kron(Tensor self, Tensor other) -> Tensor", {
    composite: ({ self, other }) => kron(self, other),
  }),
];
