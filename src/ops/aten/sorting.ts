/** Sorting, the largest few, unique values, and places in sorted sequences. */
import { cast } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { elementOffsets, fill, gatherElements, reals } from "../../tensor/elements.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { numberTensor } from "../../tensor/number.ts";
import { resultType } from "../../tensor/promotion.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { introsort, nthElement, partialSort } from "../math/introsort.ts";
import { comparable, indexSpec, indexTensor, rowsAlong } from "../rows.ts";
import { compareNaNLast } from "./extremes.ts";

/** Puts the places of a row into order, or as many of the first as are wanted. */
type Arrange = (order: Uint32Array, before: (a: number, b: number) => boolean) => void;

/** Equal elements keep their order. */
const stably: Arrange = (order, before) => {
  order.sort((a, b) => (before(a, b) ? -1 : before(b, a) ? 1 : a - b));
};

const quickly: Arrange = (order, before) => introsort(order, 0, order.length, before);

/** at::native::topk_impl_loop: by a heap where k is small beside the row. */
const largestFew =
  (k: number, sorted: boolean): Arrange =>
  (order, before) => {
    if (k === 0) return;
    if (k * 64 <= order.length) return partialSort(order, 0, k, order.length, before);
    nthElement(order, 0, k - 1, order.length, before);
    if (sorted) introsort(order, 0, k - 1, before);
  };

/** The first `k` places of each row in order. NaN counts as the largest. */
function sortRows(
  self: Tensor,
  { dim, descending, k }: { dim: number; descending: boolean; k: number },
  arrange: Arrange,
  [values, indices]: readonly [Tensor, Tensor],
): void {
  const { view, count, length } = rowsAlong(self, dim);
  const x = comparable(view);
  const picked = new Int32Array(count * k);
  const before = (a: number, b: number): boolean =>
    descending ? compareNaNLast(x[b]!, x[a]!) < 0 : compareNaNLast(x[a]!, x[b]!) < 0;
  for (let row = 0; row < count; row++) {
    const order = Uint32Array.from({ length }, (_, i) => row * length + i);
    arrange(order, before);
    picked.set(order.subarray(0, k), row * k);
  }
  const offsets = elementOffsets(view);
  gatherElements(
    rowsAlong(values, dim).view,
    self,
    picked.map((at) => offsets[at]!),
  );
  fill(rowsAlong(indices, dim).view, (y) => {
    for (let i = 0; i < y.length; i++) y[i] = picked[i]! % length;
  });
}

function lengthAlong(self: Tensor, dim: number): number {
  return self.rank === 0 ? 1 : self.sizes[wrapDim(dim, self.rank)]!;
}

/** Where a value would stand in an ascending row: before its equals, or after them with `right`. */
function lowerBound(
  row: (i: number) => number | bigint,
  length: number,
  value: number | bigint,
  right: boolean,
): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareNaNLast(row(middle), value);
    if (order < 0 || (right && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** at::native searchsorted: one sequence for all values, or one for each row of them. */
function search(sequence: Tensor, self: Tensor, right: boolean, sorter: Tensor | null, out: Tensor): void {
  const dtype = resultType([sequence, self]);
  const edges = comparable(cast(sequence, dtype));
  const values = comparable(cast(self, dtype));
  const order = sorter === null ? null : reals(sorter);
  const length = sequence.size(-1);
  const perRow = sequence.rank === 1 ? values.length : self.size(-1);
  fill(out, (y) => {
    for (let i = 0; i < y.length; i++) {
      const start = sequence.rank === 1 ? 0 : Math.floor(i / perRow) * length;
      const edge = (k: number) => edges[start + (order === null ? k : order[start + k]!)]!;
      y[i] = lowerBound(edge, length, values[i]!, right);
    }
  });
}

/** The distinct elements in the order of `groups`, where each element went, and how many went there. */
function uniqueResults(
  self: Tensor,
  order: ArrayLike<number>,
  starts: (k: number) => boolean,
  inverse: boolean,
  counts: boolean,
): Tensor[] {
  const flat = call("aten::contiguous", self);
  const firsts: number[] = [];
  const sizes: number[] = [];
  const groups = new Float64Array(order.length);
  for (let k = 0; k < order.length; k++) {
    if (k === 0 || starts(k)) {
      firsts.push(flat.offset + order[k]!);
      sizes.push(0);
    }
    sizes[sizes.length - 1]!++;
    groups[order[k]!] = firsts.length - 1;
  }
  const values = Tensor.zeros([firsts.length], self.dtype);
  gatherElements(values, flat, firsts);
  const none = indexTensor([]);
  return [
    values,
    inverse ? call("aten::view", indexTensor(groups), self.sizes) : none,
    counts ? indexTensor(sizes) : none,
  ];
}

function unique(self: Tensor, inverse: boolean, counts: boolean): Tensor[] {
  const x = comparable(self);
  const order = Uint32Array.from({ length: x.length }, (_, i) => i);
  order.sort((a, b) => compareNaNLast(x[a]!, x[b]!) || a - b);
  return uniqueResults(self, order, (k) => x[order[k]!] !== x[order[k - 1]!], inverse, counts);
}

function uniqueConsecutive(self: Tensor, inverse: boolean, counts: boolean): Tensor[] {
  const x = comparable(self);
  return uniqueResults(
    self,
    Uint32Array.from({ length: x.length }, (_, i) => i),
    (k) => x[k] !== x[k - 1],
    inverse,
    counts,
  );
}

/** Slices along a dimension, compared from their first element on. Groups and counts come whether asked for or not. */
function uniqueSlices(self: Tensor, dim: number, sort: boolean): Tensor[] {
  const rows = call("aten::contiguous", call("aten::movedim.int", self, dim, 0));
  const count = rows.size(0);
  const width = count === 0 ? 0 : rows.numel / count;
  const x = comparable(rows);
  const compare = (a: number, b: number): number => {
    for (let k = 0; k < width; k++) {
      const order = compareNaNLast(x[a * width + k]!, x[b * width + k]!);
      if (order !== 0) return order;
    }
    return 0;
  };
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (sort) order.sort((a, b) => compare(a, b) || a - b);
  const [places, groups, sizes] = uniqueResults(
    indexTensor(Uint32Array.from({ length: count }, (_, i) => i)),
    order,
    (k) => compare(order[k]!, order[k - 1]!) !== 0,
    true,
    true,
  );
  return [call("aten::index_select", self, dim, places), groups!, sizes!];
}

export const sorting: readonly Kernel[] = [
  defineOp(
    "aten::sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)",
    {
      meta: ({ self }) => [self.like(), indexSpec(self.sizes)],
      run: ({ self, stable, dim, descending }, values, indices) => {
        const k = lengthAlong(self, dim);
        // As torch does, elements that are all one element of the storage are left where they are.
        const isOne = self.rank > 0 && self.strides.at(dim) === 0;
        sortRows(self, { dim, descending, k }, stable || isOne ? stably : quickly, [values, indices!]);
      },
    },
  ),
  defineOp("aten::sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)", {
    composite: ({ self, dim, descending }) => callList("aten::sort.stable", self, false, dim, descending),
  }),
  defineOp("aten::argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor", {
    composite: ({ self, dim, descending }) => callList("aten::sort.stable", self, false, dim, descending)[1]!,
  }),
  defineOp("aten::argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor", {
    composite: ({ self, stable, dim, descending }) =>
      callList("aten::sort.stable", self, stable, dim, descending)[1]!,
  }),
  defineOp("aten::msort(Tensor self) -> Tensor", {
    composite: ({ self }) => callList("aten::sort", self, 0)[0]!,
  }),
  defineOp(
    "aten::topk(Tensor self, SymInt k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor indices)",
    {
      meta: ({ self, k, dim }) => {
        const d = wrapDim(dim, self.rank);
        if (k < 0 || k > lengthAlong(self, dim))
          throw new RangeError(`topk: selected index k out of range: ${k}`);
        const sizes = self.sizes.map((size, at) => (at === d ? k : size));
        return [self.like(sizes), indexSpec(sizes)];
      },
      run: ({ self, k, dim, largest, sorted }, values, indices) =>
        sortRows(self, { dim, descending: largest, k }, largestFew(k, sorted), [values, indices!]),
    },
  ),
  ...(["searchsorted.Tensor", "searchsorted.Scalar"] as const).map((name) =>
    defineOp(
      `aten::${name}(Tensor sorted_sequence, ${name.endsWith("Scalar") ? "Scalar" : "Tensor"} self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor` as "aten::searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor",
      {
        meta: ({ self, out_int32 }) => ({
          sizes: asTensor(self).sizes,
          dtype: out_int32 ? dtypes.int32 : dtypes.int64,
        }),
        run: ({ sorted_sequence, self, right, side, sorter }, out) =>
          search(sorted_sequence, asTensor(self), side === null ? right : side === "right", sorter, out),
      },
    ),
  ),
  ...(["bucketize.Tensor", "bucketize.Scalar"] as const).map((name) =>
    defineOp(
      `aten::${name}(${name.endsWith("Scalar") ? "Scalar" : "Tensor"} self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor` as "aten::bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor",
      {
        meta: ({ self, out_int32 }) => ({
          sizes: asTensor(self).sizes,
          dtype: out_int32 ? dtypes.int32 : dtypes.int64,
        }),
        run: ({ self, boundaries, right }, out) => search(boundaries, asTensor(self), right, null, out),
      },
    ),
  ),
  defineOp("aten::_unique(Tensor self, bool sorted=True, bool return_inverse=False) -> (Tensor, Tensor)", {
    composite: ({ self, sorted, return_inverse }) =>
      callList("aten::_unique2", self, sorted, return_inverse, false).slice(0, 2),
  }),
  defineOp(
    "aten::_unique2(Tensor self, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)",
    { composite: ({ self, return_inverse, return_counts }) => unique(self, return_inverse, return_counts) },
  ),
  defineOp(
    "aten::unique_consecutive(Tensor self, bool return_inverse=False, bool return_counts=False, int? dim=None) -> (Tensor, Tensor, Tensor)",
    {
      composite: ({ self, return_inverse, return_counts, dim }) =>
        dim === null || (dim === 0 && self.rank === 1)
          ? uniqueConsecutive(self, return_inverse, return_counts)
          : uniqueSlices(self, dim, false),
    },
  ),
  defineOp(
    "aten::unique_dim(Tensor self, int dim, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)",
    {
      composite: ({ self, dim }) => uniqueSlices(self, dim, true),
    },
  ),
];

/** The value of the overload for Python numbers. */
function asTensor(value: unknown): Tensor {
  return value instanceof Tensor ? value : numberTensor(value as Parameters<typeof numberTensor>[0]);
}
