/** Pooling over windows: the largest element, with its place, or the average. */
import { dtypes } from "../../tensor/dtype.ts";
import { fill, reals, storeReals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { suggestedStrides } from "../../tensor/memory-format.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import type { Arguments, Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { perDimension } from "./convolution.ts";
import { squeezed, unsqueezed } from "./views.ts";

/** Where one output element's window lies along one dimension; `step` apart, ends are exclusive. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The windows of one dimension: one for each output element. */
export type Spans = readonly Span[];

interface Geometry {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

function geometry(args: Arguments, count: number): Geometry {
  const kernel = perDimension(args.kernel_size as number[], count);
  const stride = args.stride as readonly number[];
  return {
    kernel,
    stride: stride.length === 0 ? kernel : perDimension(stride, count),
    padding: perDimension(args.padding as number[], count),
    dilation: perDimension((args.dilation as number[] | undefined) ?? [1], count),
  };
}

/** at::native::pooling_output_shape: the last window of ceil_mode starts within the input or its left padding. */
function pooledSize(size: number, g: Geometry, d: number, ceil: boolean): number {
  const [kernel, stride, padding, dilation] = [g.kernel[d]!, g.stride[d]!, g.padding[d]!, g.dilation[d]!];
  if (padding > Math.floor(((kernel - 1) * dilation + 1) / 2)) {
    throw new RangeError(`pooling: the padding ${padding} is more than half of the kernel ${kernel}`);
  }
  const room = size + 2 * padding - dilation * (kernel - 1) - 1;
  let count = Math.floor((room + (ceil ? stride - 1 : 0)) / stride) + 1;
  if (ceil && (count - 1) * stride >= size + padding) count--;
  if (count < 1) throw new RangeError(`pooling: the kernel ${kernel} is larger than the padded size ${size}`);
  return count;
}

/** Windows as they are placed, which may begin and end in the padding. */
function placed(g: Geometry, d: number, count: number): Spans {
  return Array.from({ length: count }, (_, at) => {
    const start = at * g.stride[d]! - g.padding[d]!;
    return { start, end: start + (g.kernel[d]! - 1) * g.dilation[d]! + 1, step: g.dilation[d]! };
  });
}

/** Windows without what lies in the padding. */
function clipped(spans: Spans, size: number): Spans {
  return spans.map(({ start, end, step }) => ({
    start: start < 0 ? start + Math.ceil(-start / step) * step : start,
    end: Math.min(end, size),
    step,
  }));
}

/**
 * Visit every window of every plane of an input whose last dimensions are pooled: `visit(output, plane, spans)` with the
 * positions of the output element and of the plane's first element.
 */
export function forEachWindow(
  planes: number,
  area: number,
  spans: readonly Spans[],
  visit: (at: number, plane: number, window: readonly Span[]) => void,
): void {
  const counts = spans.map((list) => list.length);
  const total = numelOf(counts);
  const windows = Array.from({ length: total }, (_, at) => {
    const window = new Array<Span>(spans.length);
    for (let d = spans.length - 1, rest = at; d >= 0; d--) {
      window[d] = spans[d]![rest % counts[d]!]!;
      rest = Math.floor(rest / counts[d]!);
    }
    return window;
  });
  for (let plane = 0; plane < planes; plane++) {
    for (let at = 0; at < total; at++) visit(plane * total + at, plane * area, windows[at]!);
  }
}

/** Visit the positions, within a plane, of a window's elements. */
function forEachInWindow(
  sizes: readonly number[],
  window: readonly Span[],
  visit: (position: number) => void,
): void {
  const last = window.length - 1;
  const inner = window[last]!;
  const row = sizes[last]!;
  const walk = (base: number): void => {
    for (let i = inner.start; i < inner.end; i += inner.step) visit(base * row + i);
  };
  if (last === 0) return walk(0);
  const middle = window[last - 1]!;
  const outer = last === 2 ? window[0]! : { start: 0, end: 1, step: 1 };
  for (let i = outer.start; i < outer.end; i += outer.step) {
    for (let j = middle.start; j < middle.end; j += middle.step) walk(i * sizes[last - 1]! + j);
  }
}

/** The largest element of each window and its position in its plane; NaN is the largest. */
export function maxOver(input: Tensor, spans: readonly Spans[], out: Tensor, indices: Tensor): void {
  const x = reals(input);
  const space = input.sizes.slice(-spans.length);
  const area = numelOf(space);
  const places = new Float64Array(out.numel);
  fill(out, (y) => {
    forEachWindow(area === 0 ? 0 : x.length / area, area, spans, (at, plane, window) => {
      let [best, place] = [-Infinity, -1];
      forEachInWindow(space, window, (position) => {
        const value = x[plane + position]!;
        if (place < 0 || value > best || Number.isNaN(value)) [best, place] = [value, position];
      });
      y[at] = best;
      places[at] = place;
    });
  });
  storeReals(indices, places);
}

/** Sums of windows divided by `divisor(window)`. */
export function averageOver(
  input: Tensor,
  spans: readonly Spans[],
  out: Tensor,
  divisors: readonly number[],
): void {
  const x = reals(input);
  const space = input.sizes.slice(-spans.length);
  const area = numelOf(space);
  fill(out, (y) => {
    forEachWindow(area === 0 ? 0 : x.length / area, area, spans, (at, plane, window) => {
      let sum = 0;
      forEachInWindow(space, window, (position) => {
        sum += x[plane + position]!;
      });
      y[at] = sum / divisors[at % divisors.length]!;
    });
  });
}

function pooledSizes(self: Tensor, g: Geometry, ceil: boolean): number[] {
  const count = g.kernel.length;
  if (self.rank !== count + 1 && self.rank !== count + 2) {
    throw new RangeError(
      `pooling: expected ${count + 1} or ${count + 2} dimensions, got [${self.sizes.join(", ")}]`,
    );
  }
  const space = self.sizes.slice(-count).map((size, d) => pooledSize(size, g, d, ceil));
  return [...self.sizes.slice(0, -count), ...space];
}

/** A pooling of images or volumes that gives the largest elements and their places. */
function maxPool(count: 2 | 3): Kernel {
  return tableOp(`aten::max_pool${count}d_with_indices`, {
    meta: (args: Arguments) => {
      const self = args.self as Tensor;
      const sizes = pooledSizes(self, geometry(args, count), args.ceil_mode as boolean);
      const strides = suggestedStrides(sizes, self);
      return [
        { sizes, dtype: self.dtype, strides },
        { sizes, dtype: dtypes.int64, strides },
      ];
    },
    run: (args: Arguments, out: Tensor, indices: Tensor) => {
      const self = args.self as Tensor;
      const g = geometry(args, count);
      const spans = g.kernel.map((_, d) =>
        clipped(placed(g, d, out.sizes.at(d - count)!), self.sizes.at(d - count)!),
      );
      maxOver(self, spans, out, indices);
    },
  });
}

/** at::native::avg_pool2d: the divisor counts padding, but not what ceil_mode adds behind it. */
function averagePool(count: 2 | 3): Kernel {
  return tableOp(`aten::avg_pool${count}d`, {
    meta: (args: Arguments) => {
      const self = args.self as Tensor;
      const sizes = pooledSizes(self, geometry(args, count), args.ceil_mode as boolean);
      return { sizes, dtype: self.dtype, strides: suggestedStrides(sizes, self) };
    },
    run: (args: Arguments, out: Tensor) => {
      const self = args.self as Tensor;
      const g = geometry(args, count);
      const space = self.sizes.slice(-count);
      const whole = g.kernel.map((_, d) => placed(g, d, out.sizes.at(d - count)!));
      const spans = whole.map((list, d) => clipped(list, space[d]!));
      const counted = args.count_include_pad
        ? whole.map((list, d) => list.map((s) => ({ ...s, end: Math.min(s.end, space[d]! + g.padding[d]!) })))
        : spans;
      const divisors = new Array<number>(numelOf(spans.map((list) => list.length)));
      forEachWindow(1, 0, counted, (at, _, window) => {
        divisors[at] =
          (args.divisor_override as number | null) ?? window.reduce((n, s) => n * (s.end - s.start), 1);
      });
      averageOver(self, spans, out, divisors);
    },
  });
}

/** One dimension is pooled as an image of height 1. */
const asImage = (self: Tensor): Tensor => unsqueezed(self, -2);
const asLine = (t: Tensor): Tensor => squeezed(t, [-2]);
const line = (list: unknown, fill: number): number[] => {
  const values = list as readonly number[];
  return values.length === 0 ? [] : [fill, values[0]!];
};

function maxPoolLine({ self, kernel_size, stride, padding, dilation, ceil_mode }: Arguments): Tensor[] {
  const image = asImage(self as Tensor);
  return callList(
    "aten::max_pool2d_with_indices",
    image,
    line(kernel_size, 1),
    line(stride, 1),
    line(padding, 0),
    line(dilation, 1),
    ceil_mode,
  ).map(asLine);
}

const maxPoolOnly = (count: 2 | 3) =>
  tableOp(`aten::max_pool${count}d`, {
    composite: ({ self, kernel_size, stride, padding, dilation, ceil_mode }) =>
      callList(
        `aten::max_pool${count}d_with_indices`,
        self,
        kernel_size,
        stride,
        padding,
        dilation,
        ceil_mode,
      )[0],
  });

export const pooling: readonly Kernel[] = [
  maxPool(2),
  maxPool(3),
  maxPoolOnly(2),
  maxPoolOnly(3),
  tableOp("aten::max_pool1d_with_indices", { composite: maxPoolLine }),
  tableOp("aten::max_pool1d", { composite: (args) => maxPoolLine(args)[0] }),
  averagePool(2),
  averagePool(3),
  tableOp("aten::avg_pool1d", {
    composite: ({ self, kernel_size, stride, padding, ceil_mode, count_include_pad }) =>
      asLine(
        call(
          "aten::avg_pool2d",
          asImage(self as Tensor),
          line(kernel_size, 1),
          line(stride, 1),
          line(padding, 0),
          ceil_mode,
          count_include_pad,
        ),
      ),
  }),
];
