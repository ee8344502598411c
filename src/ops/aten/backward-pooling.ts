/** Gradients of poolings and of padding that no decomposition of torch takes apart. */

import { tensor } from "../../tensor/create.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

interface Pooled {
  readonly grad_output: Tensor;
  readonly self: Tensor;
  readonly indices: Tensor;
}

/** A gradient goes to the element that the maximum was found at; indices count within the last `depth` dimensions. */
function toMaximum(name: string, depth: number): Kernel {
  return tableOp<Pooled>(`aten::${name}`, {
    composite: ({ grad_output, self, indices }) => {
      const planes = numelOf(self.sizes.slice(0, -depth));
      const flat = (t: Tensor): Tensor => call("aten::reshape", t, [planes, numelOf(t.sizes.slice(-depth))]);
      const zeros = call("aten::new_zeros", self, [planes, numelOf(self.sizes.slice(-depth))]);
      const sums = call("aten::scatter_add", zeros, 1, flat(indices), flat(grad_output));
      return call("aten::view", sums, self.sizes);
    },
  });
}

/** Each padding element's gradient goes to the element that it repeats. */
function replicated(name: string): Kernel {
  return tableOp<Pooled & { padding: readonly number[] }>(`aten::${name}_backward`, {
    composite: ({ grad_output, self, padding }) => {
      const count = call("aten::arange", Scalar.int(self.numel), dtypes.float64);
      const places = call(`aten::${name}`, call("aten::view", count, self.sizes), padding);
      const index = call("aten::to.dtype", call("aten::view", places, [-1]), dtypes.int64);
      const zeros = call("aten::new_zeros", self, [self.numel]);
      const grads = call("aten::reshape", grad_output, [-1]);
      return call("aten::view", call("aten::index_add", zeros, 0, index, grads), self.sizes);
    },
  });
}

/** One output's window along a dimension, and how many elements it counts. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** Multiplies along a dimension by the [outputs, size] matrix of shares that each output takes of each element. */
function sharesAlong(grad: Tensor, dim: number, size: number, spans: readonly Span[]): Tensor {
  const shares = spans.map(({ start, end, count }) =>
    Array.from({ length: size }, (_, i) => (i >= start && i < end ? 1 / count : 0)),
  );
  const last = call("aten::transpose.int", grad, dim, -1);
  return call(
    "aten::transpose.int",
    call("aten::matmul", last, tensor(shares, { dtype: "float64" })),
    dim,
    -1,
  );
}

/** The gradient of an average over boxes, one dimension after the other. */
function averaged({ grad_output, self }: Pooled, spansOf: (dim: number) => readonly Span[]): Tensor {
  let grad = call("aten::to.dtype", grad_output, dtypes.float64);
  for (let dim = -3; dim < 0; dim++) grad = sharesAlong(grad, dim, self.size(dim), spansOf(dim));
  return call("aten::to.dtype", call("aten::contiguous", grad), self.dtype);
}

interface Averaged extends Pooled {
  readonly kernel_size: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly count_include_pad: boolean;
  readonly divisor_override: number | null;
}

function windowsOf(args: Averaged, dim: number): Span[] {
  const along = (list: readonly number[]): number => list[dim + 3] ?? list[0]!;
  const { self, grad_output, kernel_size, stride, count_include_pad, divisor_override } = args;
  const [kernel, padding, size] = [along(kernel_size), along(args.padding), self.size(dim)];
  const step = stride.length === 0 ? kernel : along(stride);
  return Array.from({ length: grad_output.size(dim) }, (_, i) => {
    const from = i * step - padding;
    const to = Math.min(from + kernel, size + padding);
    const [start, end] = [Math.max(from, 0), Math.min(to, size)];
    if (divisor_override !== null) return { start, end, count: dim === -3 ? divisor_override : 1 };
    return { start, end, count: count_include_pad ? to - from : end - start };
  });
}

function adaptiveWindows({ self, grad_output }: Pooled, dim: number): Span[] {
  const [size, outputs] = [self.size(dim), grad_output.size(dim)];
  return Array.from({ length: outputs }, (_, i) => {
    const [start, end] = [Math.floor((i * size) / outputs), Math.ceil(((i + 1) * size) / outputs)];
    return { start, end, count: end - start };
  });
}

export const poolingGradients: readonly Kernel[] = [
  toMaximum("adaptive_max_pool2d_backward", 2),
  toMaximum("adaptive_max_pool3d_backward", 3),
  toMaximum("max_pool3d_with_indices_backward", 3),
  toMaximum("fractional_max_pool2d_backward", 2),
  toMaximum("fractional_max_pool3d_backward", 3),
  ...["replication_pad1d", "replication_pad2d", "replication_pad3d"].map(replicated),
  tableOp<Averaged>("aten::avg_pool3d_backward", {
    composite: (args) => averaged(args, (dim) => windowsOf(args, dim)),
  }),
  tableOp<Pooled>("aten::_adaptive_avg_pool3d_backward", {
    composite: (args) => averaged(args, (dim) => adaptiveWindows(args, dim)),
  }),
];
