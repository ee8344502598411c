/** Histograms, in one dimension and in several. */
import type { DType } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { reshaped } from "./reshaping.ts";
import { selected } from "./views.ts";

/** The bin of a value between neighbouring edges, of which the last belongs to the last bin; -1 outside. */
function binOf(value: number, edges: ArrayLike<number>): number {
  const bins = edges.length - 1;
  if (!(value >= edges[0]! && value <= edges[bins]!)) return -1;
  let [low, high] = [0, bins - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (edges[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Counts points, or adds up their weights, in the boxes between the edges of each of their coordinates. */
function countBoxes(
  points: ArrayLike<number>,
  edges: readonly ArrayLike<number>[],
  weights: ArrayLike<number> | null,
): Float64Array {
  const rank = edges.length;
  const counts = new Float64Array(edges.reduce((product, { length }) => product * (length - 1), 1));
  for (let i = 0; i * rank < points.length; i++) {
    let box = 0;
    for (let d = 0; d < rank && box >= 0; d++) {
      const bin = binOf(points[i * rank + d]!, edges[d]!);
      box = bin < 0 ? -1 : box * (edges[d]!.length - 1) + bin;
    }
    if (box >= 0) counts[box]! += weights?.[i] ?? 1;
  }
  return counts;
}

/** With `density`, shares of the whole, by the size of the box. */
function histogram(
  self: Tensor,
  edges: readonly Tensor[],
  weight: Tensor | null,
  density: boolean,
  dtype: DType,
): Tensor {
  const limits = edges.map(reals);
  const sizes = limits.map(({ length }) => length - 1);
  const counts = countBoxes(reals(self), limits, weight && reals(weight));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const result = Tensor.zeros(sizes, dtype);
  fill(result, (y) => {
    for (let box = 0; box < y.length; box++) {
      let [value, rest] = [counts[box]!, box];
      if (density) value /= total;
      for (let d = sizes.length - 1; density && d >= 0; d--) {
        const bin = rest % sizes[d]!;
        rest = Math.floor(rest / sizes[d]!);
        value /= limits[d]![bin + 1]! - limits[d]![bin]!;
      }
      y[box] = value;
    }
  });
  return result;
}

/** at::native::histogramdd_bin_edges: evenly between the range of each coordinate, given or found. */
function edgesOf(self: Tensor, bins: readonly number[], range: readonly number[] | null): Tensor[] {
  const points = pointsOf(self, bins.length);
  return bins.map((count, d) => {
    const column = selected(points, 1, d);
    // Without points, between 0 and 1.
    const [low, high] =
      range === null ? (column.numel === 0 ? [0, 1] : [0, 0]) : range.slice(2 * d, 2 * d + 2);
    return evenEdges(column, count, low!, high!, 0.5);
  });
}

function pointsOf(self: Tensor, rank: number): Tensor {
  if (self.rank < 2)
    throw new RangeError(`histogramdd: input tensor should have at least 2 dimensions, but got ${self.rank}`);
  if (self.size(-1) !== rank) {
    throw new RangeError(
      `histogramdd: expected ${self.size(-1)} sequences of bin edges for ${self.size(-1)}-dimensional data, got ${rank}`,
    );
  }
  return reshaped(self, [numelOf(self.sizes.slice(0, -1)), rank]);
}

/**
 * The range of the elements when none is given (at::native select_outer_bin_edges); one that is empty is widened at
 * both ends.
 */
function rangeOf(self: Tensor, low: number, high: number, margin: number): readonly [number, number] {
  let [min, max] = [low, high];
  if (min === max && self.numel > 0) {
    const values = reals(self);
    [min, max] = [values[0]!, values[0]!];
    for (const value of values) [min, max] = [Math.min(min, value), Math.max(max, value)];
  }
  if (!Number.isFinite(min) || !Number.isFinite(max))
    throw new RangeError(`range of [${min}, ${max}] is not finite`);
  return min === max ? [min - margin, max + margin] : [min, max];
}

/** Bins of equal widths between two edges. */
function evenEdges(self: Tensor, bins: number, low: number, high: number, margin: number): Tensor {
  const [min, max] = rangeOf(self, low, high, margin);
  return call("aten::linspace", Scalar.float(min), Scalar.float(max), bins + 1, self.dtype);
}

function histogramResult(self: Tensor, edges: Tensor, weight: Tensor | null, density: boolean): Tensor[] {
  return [histogram(self, [edges], weight, density, self.dtype), edges];
}

export const histograms: readonly Kernel[] = [
  defineOp("aten::histc(Tensor self, int bins=100, Scalar min=0, Scalar max=0) -> Tensor", {
    meta: ({ self, bins }) => self.like([bins]),
    run: ({ self, bins, min, max }, out) => {
      const edges = reals(evenEdges(self, bins, min.re, max.re, 1));
      fill(out, (y) => y.set(countBoxes(reals(self), [edges], null)));
    },
  }),
  defineOp(
    "aten::histogram.bin_ct(Tensor self, int bins=100, *, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor bin_edges)",
    {
      composite: ({ self, bins, range, weight, density }) =>
        histogramResult(self, evenEdges(self, bins, range?.[0] ?? 0, range?.[1] ?? 0, 0.5), weight, density),
    },
  ),
  defineOp(
    "aten::histogram.bins_tensor(Tensor self, Tensor bins, *, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor bin_edges)",
    {
      composite: ({ self, bins, weight, density }) =>
        histogramResult(self, call("aten::clone", bins), weight, density),
    },
  ),
  defineOp(
    "aten::_histogramdd_bin_edges(Tensor self, int[] bins, *, float[]? range=None, Tensor? weight=None, bool density=False) -> Tensor[]",
    { composite: ({ self, bins, range }) => edgesOf(self, bins, range) },
  ),
  defineOp(
    "aten::_histogramdd_from_bin_cts(Tensor self, int[] bins, *, float[]? range=None, Tensor? weight=None, bool density=False) -> Tensor",
    {
      composite: ({ self, bins, range, weight, density }) =>
        histogram(self, edgesOf(self, bins, range), weight, density, self.dtype),
    },
  ),
  defineOp(
    "aten::_histogramdd_from_bin_tensors(Tensor self, Tensor[] bins, *, Tensor? weight=None, bool density=False) -> Tensor",
    {
      composite: ({ self, bins, weight, density }) =>
        histogram(pointsOf(self, bins.length), bins, weight, density, self.dtype),
    },
  ),
  defineOp(
    "aten::histogramdd(Tensor self, int[] bins, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor[] bin_edges)",
    { composite: ({ self, bins, range, weight, density }) => evenly(self, bins, range, weight, density) },
  ),
  defineOp(
    "aten::histogramdd.int_bins(Tensor self, int bins, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor[] bin_edges)",
    {
      composite: ({ self, bins, range, weight, density }) =>
        evenly(self, new Array<number>(self.size(-1)).fill(bins), range, weight, density),
    },
  ),
  defineOp(
    "aten::histogramdd.TensorList_bins(Tensor self, Tensor[] bins, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor[] bin_edges)",
    {
      composite: ({ self, bins, weight, density }) => [
        call("aten::_histogramdd_from_bin_tensors", self, bins, weight, density),
        bins.map((edges) => call("aten::clone", edges)),
      ],
    },
  ),
];

function evenly(
  self: Tensor,
  bins: readonly number[],
  range: readonly number[] | null,
  weight: Tensor | null,
  density: boolean,
): [Tensor, readonly Tensor[]] {
  return [
    call("aten::_histogramdd_from_bin_cts", self, bins, range, weight, density),
    callList("aten::_histogramdd_bin_edges", self, bins, range),
  ];
}
