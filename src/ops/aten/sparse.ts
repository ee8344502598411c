/**
 * Sparse COO tensors, as programs have them whose ends are dense. One is held as the dense tensor that it stands for, so
 * every operator takes it, and its result stands for a sparse one. Beside it is noted, where it was made of parts, which
 * of its elements are specified: indices, values, softmax and sparse_mask go by that.
 */
import { contiguousCopy } from "../../tensor/copy.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { integers, storeIntegers } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Kernel, mode, type Result } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

/** What is specified of a sparse tensor, in the order it was given. */
interface Parts {
  /** [sparse dimensions, specified], int64. */
  readonly indices: Tensor;
  /** [specified, dense dimensions...] */
  readonly values: Tensor;
  /** Sorted, each place once. */
  readonly isCoalesced: boolean;
}

const noted = new WeakMap<Tensor, Parts>();

function partsOf(self: Tensor): Parts {
  const parts = noted.get(self);
  if (parts !== undefined) return parts;
  throw new Error(
    "which elements of this sparse tensor are specified is not known: pt2lint knows it of tensors made by " +
      "sparse_coo_tensor, to_sparse, coalesce, sparse_mask and softmax, and computes the others as dense ones",
  );
}

/** The dense tensor of the parts, with the parts noted. They outlive the step that they were made in. */
function withParts(dense: Tensor, { indices, values, isCoalesced }: Parts): Tensor {
  const kept = (t: Tensor): Tensor => contiguousCopy(t).copy();
  noted.set(dense, { indices: kept(indices), values: kept(values), isCoalesced });
  return dense;
}

/** The indices along each sparse dimension, as indexing takes them. */
function rowsOf(indices: Tensor): Tensor[] {
  return Array.from({ length: indices.sizes[0]! }, (_, d) => call("aten::select.int", indices, 0, d));
}

/** Values of one place add up. */
function densified(sizes: readonly number[], { indices, values }: Parts): Tensor {
  if (indices.sizes[0] === 0) return call("aten::sum.dim_IntList", values, [0]);
  const zeros = call("aten::new_zeros", values, sizes);
  return call("aten::index_put", zeros, rowsOf(indices), values, true);
}

interface Made {
  readonly indices: Tensor;
  readonly values: Tensor;
  readonly size: readonly number[];
  readonly dtype: DType | null;
  readonly is_coalesced: boolean | null;
}

function sparseOf({ indices, values, size, dtype, is_coalesced }: Made): Tensor {
  if (mode.meta) return Tensor.ofSpec({ sizes: size, dtype: dtype ?? values.dtype }, true);
  const parts = {
    indices: call("aten::to.dtype", indices, dtypes.int64),
    values: call("aten::to.dtype", values, dtype ?? values.dtype),
    isCoalesced: is_coalesced === true,
  };
  return withParts(densified(size, parts), parts);
}

/** The elements that are not zero; of the last `denseDims` dimensions, whole blocks with one that is not. */
function toSparse(self: Tensor, denseDims: number): Tensor {
  if (mode.meta) return Tensor.ofSpec(self.like(), true);
  const depth = self.rank - denseDims;
  let chosen = call("aten::ne.Scalar", self, Scalar.int(0));
  for (let d = self.rank - 1; d >= depth; d--) chosen = call("aten::any.dim", chosen, d);
  const indices = call("aten::t", call("aten::nonzero", chosen));
  return withParts(call("aten::clone", self), {
    indices,
    values: valuesAt(self, indices),
    isCoalesced: true,
  });
}

function valuesAt(dense: Tensor, indices: Tensor): Tensor {
  if (indices.sizes[0] === 0) return call("aten::unsqueeze", dense, 0);
  return call("aten::index.Tensor", dense, rowsOf(indices));
}

function coalesced(self: Tensor): Tensor {
  const parts = noted.get(self);
  if (parts === undefined || parts.isCoalesced) return self;
  const [depth, count] = parts.indices.sizes as [number, number];
  const raw = integers(parts.indices);
  const sizes = self.sizes.slice(0, depth);
  const places = new Map<bigint, number[]>();
  for (let i = 0; i < count; i++) {
    let key = 0n;
    for (let d = 0; d < depth; d++) key = key * BigInt(sizes[d]!) + raw[d * count + i]!;
    const members = places.get(key);
    if (members === undefined) places.set(key, [i]);
    else members.push(i);
  }
  const order = [...places.keys()].sort((a, b) => (a < b ? -1 : 1)).map((key) => places.get(key)!);
  const indices = Tensor.zeros([depth, order.length], dtypes.int64);
  storeIntegers(
    indices,
    Array.from({ length: depth * order.length }, (_, i) => {
      const first = order[i % order.length]![0]!;
      return raw[Math.floor(i / order.length) * count + first]!;
    }),
  );
  const inverse = Tensor.zeros([count], dtypes.int64);
  const targets = new Array<bigint>(count);
  for (const [to, members] of order.entries()) for (const i of members) targets[i] = BigInt(to);
  storeIntegers(inverse, targets);
  const empty = call("aten::new_zeros", parts.values, [order.length, ...parts.values.sizes.slice(1)]);
  const values = call("aten::index_add", empty, 0, inverse, parts.values);
  return withParts(call("aten::clone", self), { indices, values, isCoalesced: true });
}

/** What an operator makes of the dense tensors at the specified elements, with zeros elsewhere. */
function atSpecified(self: Tensor, compute: (isSpecified: Tensor) => Tensor): Tensor {
  const { indices } = partsOf(coalesced(self));
  const blocks = self.sizes.slice(indices.sizes[0]!);
  const ones = call("aten::ones", [indices.sizes[1]!, ...blocks], dtypes.bool);
  const chosen = densified(self.sizes, { indices, values: ones, isCoalesced: true });
  const result = compute(chosen);
  const dense = call("aten::where.self", chosen, result, call("aten::new_zeros", result, []));
  return withParts(dense, { indices, values: valuesAt(dense, indices), isCoalesced: true });
}

/** Elements that are not specified count as minus infinity. */
function softmax(self: Tensor, dim: number, dtype: DType, operator: string): Tensor {
  if (mode.meta) return Tensor.ofSpec(self.like(self.sizes, dtype), true);
  return atSpecified(self, (chosen) => {
    const low = call("aten::full", [], Scalar.float(Number.NEGATIVE_INFINITY), self.dtype);
    return call(operator, call("aten::where.self", chosen, self, low), dim, dtype);
  });
}

function softmaxes(name: string, operator: string): Kernel[] {
  type Args = { self: Tensor; dim: number; dtype: DType | null; half_to_float: boolean };
  return [
    tableOp<Args>(`aten::${name}.int`, {
      composite: ({ self, dim, dtype }) => softmax(self, dim, dtype ?? self.dtype, operator),
    }),
    tableOp<Args>(`aten::${name}`, {
      composite: ({ self, dim, half_to_float }) =>
        softmax(self, dim, half_to_float ? dtypes.float32 : self.dtype, operator),
    }),
  ];
}

/** What is asked of a sparse tensor's parts. */
function asked(name: string, answer: (parts: Parts) => Result): Kernel {
  return tableOp<{ self: Tensor }>(`aten::${name}`, { composite: ({ self }) => answer(partsOf(self)) });
}

function ofCoalesced(part: "indices" | "values"): Kernel {
  return asked(part, (parts) => {
    if (parts.isCoalesced) return parts[part];
    throw new RangeError(`cannot get ${part} on an uncoalesced tensor, please call coalesce() first`);
  });
}

/** An operator on sparse matrices that computes what one on dense ones does, with the same arguments in turn. */
function asDense(name: string, operator: string): Kernel {
  return tableOp(`aten::${name}`, { composite: (args) => call(operator, ...Object.values(args)) });
}

type Dense = { self: Tensor; dtype: DType | null };

function dense(name: string): Kernel {
  return tableOp<Dense>(`aten::${name}`, {
    composite: ({ self, dtype }) => call("aten::_to_copy", self, dtype ?? self.dtype),
  });
}

const MAKERS = [
  "sparse_coo_tensor.indices_size",
  "_sparse_coo_tensor_unsafe",
  "_sparse_coo_tensor_with_dims_and_tensors",
];

export const sparse: readonly Kernel[] = [
  ...MAKERS.map((name) => tableOp<Made>(`aten::${name}`, { composite: sparseOf })),
  ...["to_sparse", "_to_sparse"].flatMap((name) => [
    tableOp<{ self: Tensor; dense_dim: number | null }>(`aten::${name}`, {
      composite: ({ self, dense_dim }) => toSparse(self, dense_dim ?? 0),
    }),
    tableOp<{ self: Tensor; sparse_dim: number }>(`aten::${name}.sparse_dim`, {
      composite: ({ self, sparse_dim }) => toSparse(self, self.rank - sparse_dim),
    }),
  ]),
  ...["to_dense", "_to_dense"].map(dense),
  ...["coalesce", "_coalesce"].map((name) =>
    tableOp<{ self: Tensor }>(`aten::${name}`, { composite: ({ self }) => coalesced(self) }),
  ),
  ofCoalesced("indices"),
  ofCoalesced("values"),
  asked("_indices", ({ indices }) => indices),
  asked("_values", ({ values }) => values),
  asked("_nnz", ({ values }) => Scalar.int(values.sizes[0]!)),
  asked("sparse_dim", ({ indices }) => Scalar.int(indices.sizes[0]!)),
  asked("dense_dim", ({ values }) => Scalar.int(values.rank - 1)),
  asked("is_coalesced", ({ isCoalesced }) => Scalar.bool(isCoalesced)),
  tableOp<{ self: Tensor; mask: Tensor }>("aten::sparse_mask", {
    composite: ({ self, mask }) => (mode.meta ? self : atSpecified(mask, () => self)),
  }),
  ...softmaxes("_sparse_softmax", "aten::softmax.int"),
  ...softmaxes("_sparse_log_softmax", "aten::log_softmax.int"),
  asDense("_sparse_mm", "aten::mm"),
  asDense("_sparse_sparse_matmul", "aten::mm"),
  asDense("_sparse_addmm", "aten::addmm"),
  asDense("_sparse_sum", "aten::sum"),
  tableOp<{ self: Tensor; dim: readonly number[]; dtype: DType | null }>("aten::_sparse_sum.dim", {
    composite: ({ self, dim }) => call("aten::sum.dim_IntList", self, dim, false, self.dtype),
  }),
  tableOp<{ self: Tensor; dim: readonly number[]; dtype: DType }>("aten::_sparse_sum.dim_dtype", {
    composite: ({ self, dim, dtype }) => call("aten::sum.dim_IntList", self, dim, false, dtype),
  }),
  tableOp<{ self: Tensor; dtype: DType }>("aten::_sparse_sum.dtype", {
    composite: ({ self, dtype }) => call("aten::sum", self, dtype),
  }),
];
