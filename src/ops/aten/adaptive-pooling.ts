/** Pooling to given output sizes. */
import { dtypes } from "../../tensor/dtype.ts";
import { suggestedStrides } from "../../tensor/memory-format.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import type { Arguments, Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { averageOver, forEachWindow, maxOver, type Spans } from "./pooling.ts";
import { squeezed, unsqueezed } from "./views.ts";

/** Windows that cover a dimension evenly (at::native::start_index and end_index). */
function evenSpans(size: number, count: number): Spans {
  return Array.from({ length: count }, (_, at) => ({
    start: Math.floor((at * size) / count),
    end: Math.ceil(((at + 1) * size) / count),
    step: 1,
  }));
}

function spansOf(self: Tensor, out: Tensor, count: number): Spans[] {
  return Array.from({ length: count }, (_, d) =>
    evenSpans(self.sizes.at(d - count)!, out.sizes.at(d - count)!),
  );
}

function adaptiveSpec({ self, output_size }: Arguments, count: number): TensorSpec {
  const t = self as Tensor;
  const space = output_size as readonly number[];
  const sizes = [
    ...t.sizes.slice(0, -count),
    ...Array.from({ length: count }, (_, d) => space[d] ?? space[0]!),
  ];
  return { sizes, dtype: t.dtype, strides: suggestedStrides(sizes, t) };
}

function averageKernel(name: string, count: 2 | 3): Kernel {
  return tableOp(name, {
    meta: (args: Arguments) => adaptiveSpec(args, count),
    run: ({ self }: Arguments, out: Tensor) => {
      const spans = spansOf(self as Tensor, out, count);
      const divisors: number[] = [];
      forEachWindow(1, 0, spans, (at, _, window) => {
        divisors[at] = window.reduce((n, { start, end }) => n * (end - start), 1);
      });
      averageOver(self as Tensor, spans, out, divisors);
    },
  });
}

function maxKernel(count: 2 | 3): Kernel {
  return tableOp(`aten::adaptive_max_pool${count}d`, {
    meta: (args: Arguments) => {
      const spec = adaptiveSpec(args, count);
      return [spec, { ...spec, dtype: dtypes.int64 }];
    },
    run: ({ self }: Arguments, out: Tensor, indices: Tensor) =>
      maxOver(self as Tensor, spansOf(self as Tensor, out, count), out, indices),
  });
}

const asImage = (self: unknown): Tensor => unsqueezed(self as Tensor, -2);
const asLine = (t: Tensor): Tensor => squeezed(t, [-2]);
const ofLine = (output_size: unknown): number[] => [1, (output_size as readonly number[])[0]!];

export const adaptivePooling: readonly Kernel[] = [
  averageKernel("aten::_adaptive_avg_pool2d", 2),
  averageKernel("aten::adaptive_avg_pool2d", 2),
  averageKernel("aten::_adaptive_avg_pool3d", 3),
  averageKernel("aten::adaptive_avg_pool3d", 3),
  maxKernel(2),
  maxKernel(3),
  tableOp("aten::adaptive_avg_pool1d", {
    composite: ({ self, output_size }) =>
      asLine(call("aten::adaptive_avg_pool2d", asImage(self), ofLine(output_size))),
  }),
  tableOp("aten::adaptive_max_pool1d", {
    composite: ({ self, output_size }) =>
      callList("aten::adaptive_max_pool2d", asImage(self), ofLine(output_size)).map(asLine),
  }),
];
