/** Largest, smallest and middle elements, and where they are. */
import { isIntegral } from "../../tensor/dtype.ts";
import { elementOffsets, fill, gatherElements } from "../../tensor/elements.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { introsort } from "../math/introsort.ts";
import { binary } from "../pointwise.ts";
import { comparable, dimOf, dimsOf, indexSpec, reducedSizes, rowsOf } from "../rows.ts";

type Ordered = ReturnType<typeof comparable>;

/** Which element of x[start] to x[end - 1] it is. */
export type Pick = (x: Ordered, start: number, end: number) => number;

/** The first of the largest or smallest; NaN is above and below everything. */
const extreme =
  (sign: 1 | -1): Pick =>
  (x, start, end) => {
    let best = start;
    for (let i = start; i < end; i++) {
      const value = x[i]!;
      if (Number.isNaN(value)) return i;
      if (sign > 0 ? value > x[best]! : value < x[best]!) best = i;
    }
    return best;
  };

/** Picks an element of every row: its value, bit by bit, and its place in the row. */
function pickRows(
  self: Tensor,
  dims: readonly number[],
  pick: Pick,
  values: Tensor | null,
  indices: Tensor | null,
): void {
  const { view, count, length } = rowsOf(self, dims);
  if (count > 0 && length === 0) throw new RangeError("an empty dimension has no element to choose");
  const x = comparable(view);
  const picked = new Int32Array(count);
  for (let row = 0; row < count; row++) picked[row] = pick(x, row * length, (row + 1) * length);
  if (values !== null) {
    const offsets = elementOffsets(view);
    gatherElements(
      values,
      self,
      picked.map((at) => offsets[at]!),
    );
  }
  if (indices === null) return;
  fill(indices, (y) => {
    for (let row = 0; row < count; row++) y[row] = picked[row]! - row * length;
  });
}

/** The middle element, the lower of two, equal ones in their order; NaN where there is one, unless it is passed over. */
const median =
  (skipNaN: boolean): Pick =>
  (x, start, end) => {
    const order: number[] = [];
    for (let i = start; i < end; i++) {
      if (!Number.isNaN(x[i])) order.push(i);
      else if (!skipNaN) return i;
    }
    order.sort((a, b) => (x[a]! < x[b]! ? -1 : x[a]! > x[b]! ? 1 : a - b));
    return order[(order.length - 1) >> 1] ?? start;
  };

/** The most frequent element, the first of several once they are sorted; NaN is in nobody's order (at::native mode_kernel). */
const mode: Pick = (x, start, end) => {
  const order = Uint32Array.from({ length: end - start }, (_, i) => start + i);
  introsort(order, 0, order.length, (a, b) => x[a]! < x[b]!);
  let [best, most, count] = [start, 0, 0];
  for (const [k, i] of order.entries()) {
    count++;
    if (k + 1 < order.length && x[order[k + 1]!] === x[i]) continue;
    if (count > most) [best, most] = [i, count];
    count = 0;
  }
  return best;
};

/** The k-th smallest; NaN counts as the largest. */
const kth =
  (k: number): Pick =>
  (x, start, end) => {
    const order = Uint32Array.from({ length: end - start }, (_, i) => start + i);
    quickSelect(order, k - 1, (a, b) => compareNaNLast(x[a]!, x[b]!) > 0);
    return order[k - 1]!;
  };

/** at::native quick_select_template, step by step: which of equal elements is chosen follows from its swaps. */
function quickSelect(order: Uint32Array, k: number, above: (a: number, b: number) => boolean): void {
  const swap = (a: number, b: number): void => {
    [order[a], order[b]] = [order[b]!, order[a]!];
  };
  const arrange = (a: number, b: number): void => {
    if (above(order[a]!, order[b]!)) swap(a, b);
  };
  let [low, high] = [0, order.length - 1];
  while (high > low) {
    if (high === low + 1) return arrange(low, high);
    swap(low + Math.floor((high - low) / 2), low + 1);
    arrange(low + 1, high);
    arrange(low, high);
    arrange(low + 1, low);
    const pivot = order[low]!;
    let [i, j] = [low + 1, high];
    for (;;) {
      do i++;
      while (above(pivot, order[i]!));
      do j--;
      while (above(order[j]!, pivot));
      if (j < i) break;
      swap(i, j);
    }
    swap(low, j);
    if (j <= k) low = i;
    if (j >= k) high = j - 1;
  }
}

/** Ascending, NaN last. */
export function compareNaNLast(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** `values, indices` along a dimension, and the value alone of the whole tensor. */
function withIndices(name: string, pick: Pick): Kernel {
  return defineOp(
    `aten::${name}(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)` as "aten::max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
    {
      meta: ({ self, dim, keepdim }) => {
        const sizes = reducedSizes(self, dimOf(self, dim), keepdim);
        return [self.like(sizes), indexSpec(sizes)];
      },
      run: ({ self, dim }, values, indices) => pickRows(self, dimOf(self, dim), pick, values, indices!),
    },
  );
}

function ofAll(name: string, pick: Pick): Kernel {
  return defineOp(`aten::${name}(Tensor self) -> Tensor` as "aten::max(Tensor self) -> Tensor", {
    meta: ({ self }) => self.like([]),
    run: ({ self }, out) => {
      // at::native median: of nothing it is NaN.
      if (self.numel === 0 && name.endsWith("median") && !isIntegral(self.dtype))
        return fill(out, (y) => y.fill(Number.NaN));
      pickRows(self, dimsOf(self, null), pick, out, null);
    },
  });
}

function overDims(name: string, pick: Pick): Kernel {
  return defineOp(
    `aten::${name}(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor` as "aten::amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor",
    {
      meta: ({ self, dim, keepdim }) => self.like(reducedSizes(self, dimsOf(self, dim), keepdim)),
      run: ({ self, dim }, out) => pickRows(self, dimsOf(self, dim), pick, out, null),
    },
  );
}

/** @throws RangeError for truth values and complex numbers (at::meta::check_argmax_argmin). */
function ordered(self: Tensor): Tensor {
  if (/bool|complex/.test(self.dtype.category))
    throw new RangeError(`expected numbers to compare, got ${self}`);
  return self;
}

function places(name: string, pick: Pick): Kernel {
  return defineOp(
    `aten::${name}(Tensor self, int? dim=None, bool keepdim=False) -> Tensor` as "aten::argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor",
    {
      meta: ({ self, dim, keepdim }) =>
        indexSpec(reducedSizes(ordered(self), dim === null ? dimsOf(self, null) : dimOf(self, dim), keepdim)),
      run: ({ self, dim }, out) =>
        pickRows(self, dim === null ? dimsOf(self, null) : dimOf(self, dim), pick, null, out),
    },
  );
}

const [largest, smallest] = [extreme(1), extreme(-1)];

export const extremes: readonly Kernel[] = [
  ...binary("aten::max", {
    real: (a, b) => Math.max(a, b!),
    integer: (a, b) => (a! > b! ? a! : b!),
  }),
  ...binary("aten::min", {
    real: (a, b) => Math.min(a, b!),
    integer: (a, b) => (a! < b! ? a! : b!),
  }),
  ofAll("max", largest),
  ofAll("min", smallest),
  ofAll("median", median(false)),
  ofAll("nanmedian", median(true)),
  withIndices("max.dim", largest),
  withIndices("min.dim", smallest),
  withIndices("median.dim", median(false)),
  withIndices("nanmedian.dim", median(true)),
  overDims("amax", largest),
  overDims("amin", smallest),
  places("argmax", largest),
  places("argmin", smallest),
  defineOp("aten::mode(Tensor self, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)", {
    meta: ({ self, dim, keepdim }) => {
      const sizes = reducedSizes(self, dimOf(self, dim), keepdim);
      return [self.like(sizes), indexSpec(sizes)];
    },
    run: ({ self, dim }, values, indices) => pickRows(self, dimOf(self, dim), mode, values, indices!),
  }),
  defineOp(
    "aten::kthvalue(Tensor self, SymInt k, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)",
    {
      meta: ({ self, dim, keepdim }) => {
        const sizes = reducedSizes(self, dimOf(self, dim), keepdim);
        return [self.like(sizes), indexSpec(sizes)];
      },
      run: ({ self, k, dim }, values, indices) => pickRows(self, dimOf(self, dim), kth(k), values, indices!),
    },
  ),
  defineOp("aten::_aminmax(Tensor self) -> (Tensor, Tensor)", {
    composite: ({ self }) => [call("aten::amin", self), call("aten::amax", self)],
  }),
  defineOp("aten::_aminmax.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor, Tensor)", {
    composite: ({ self, dim, keepdim }) => [
      call("aten::amin", self, [dim], keepdim),
      call("aten::amax", self, [dim], keepdim),
    ],
  }),
  defineOp("aten::aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)", {
    composite: ({ self, dim, keepdim }) => {
      const dims = dim === null ? [] : [dim];
      return [call("aten::amin", self, dims, keepdim), call("aten::amax", self, dims, keepdim)];
    },
  }),
];
