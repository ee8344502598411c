/** Pooling over windows at random places, and the way back from pooled elements to their places. */
import { contiguous } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { maxOver, type Spans } from "./pooling.ts";

interface Unpool {
  readonly self: Tensor;
  readonly indices: Tensor;
  readonly output_size: readonly number[];
}

/** Puts each element at its index of its plane (at::native::max_unpooling2d_forward_out_cpu). */
function unpool(rank: 2 | 3): Kernel {
  return tableOp<Unpool>(`aten::max_unpool${rank}d`, {
    meta: ({ self, output_size }) => self.like([...self.sizes.slice(0, -rank), ...output_size]),
    run: ({ self, indices, output_size }, out) => {
      const [x, at] = [reals(self), reals(indices)];
      const [from, to] = [numelOf(self.sizes.slice(-rank)), numelOf(output_size)];
      for (let i = 0; i < at.length; i++) {
        if (!(at[i]! >= 0 && at[i]! < to))
          throw new RangeError(`max_unpool: index ${at[i]} is outside of [${output_size.join(", ")}]`);
      }
      fill(out, (y) => {
        for (let i = 0; i < x.length; i++) y[Math.floor(i / from) * to + at[i]!] = x[i]!;
      });
    },
  });
}

interface Fractional {
  readonly self: Tensor;
  readonly kernel_size: readonly number[];
  readonly output_size: readonly number[];
  readonly random_samples: Tensor;
}

/** Starts of windows, spread by a sample from 0 to 1 (at::native::generate_intervals); the last ends with the input. */
function randomSpans(sample: number, size: number, count: number, kernel: number): Spans {
  const alpha = (size - kernel) / (count - 1);
  return Array.from({ length: count }, (_, i) => {
    const start =
      i === count - 1 ? size - kernel : Math.trunc((i + sample) * alpha) - Math.trunc(sample * alpha);
    return { start, end: start + kernel, step: 1 };
  });
}

/** Each plane has samples of its own; they name the last dimension first. */
function fractional(rank: 2 | 3): Kernel {
  return tableOp<Fractional>(`aten::fractional_max_pool${rank}d`, {
    meta: ({ self, output_size }) => {
      const sizes = [...self.sizes.slice(0, -rank), ...output_size];
      return [self.like(sizes), self.like(sizes, dtypes.int64)];
    },
    run: ({ self, kernel_size, output_size, random_samples }, out, indices) => {
      const space = self.sizes.slice(-rank);
      const samples = reals(random_samples);
      const planes = numelOf(self.sizes.slice(0, -rank));
      const plane = (t: Tensor, sizes: readonly number[], i: number): Tensor => {
        const flat = t.view([planes, ...sizes], [numelOf(sizes), ...t.strides.slice(-rank)]);
        return flat.view(sizes, flat.strides.slice(1), flat.offset + i * flat.strides[0]!);
      };
      const whole = contiguous(self);
      for (let i = 0; i < planes; i++) {
        const spans = space.map((size, d) =>
          randomSpans(samples[i * rank + rank - 1 - d]!, size, output_size[d]!, kernel_size[d]!),
        );
        maxOver(plane(whole, space, i), spans, plane(out, output_size, i), plane(indices!, output_size, i));
      }
    },
  });
}

interface PoolGradient {
  readonly grad_output: Tensor;
  readonly self: Tensor;
  readonly indices: Tensor;
}

export const unpooling: readonly Kernel[] = [
  unpool(2),
  unpool(3),
  fractional(2),
  fractional(3),
  tableOp<PoolGradient>("aten::max_pool2d_with_indices_backward", {
    meta: ({ self }) => self.like(),
    run: ({ grad_output, self, indices }, out) => {
      const [x, at] = [reals(grad_output), reals(indices)];
      const [from, to] = [numelOf(grad_output.sizes.slice(-2)), numelOf(self.sizes.slice(-2))];
      fill(out, (y) => {
        for (let i = 0; i < x.length; i++) y[Math.floor(i / from) * to + at[i]!]! += x[i]!;
      });
    },
  }),
];
