/** The gradients that are Core ATen operators: exports of training steps hold them. */
import { reals, storeReals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Kernel, mode, type Result } from "../kernel.ts";

/** A new tensor with these numbers; without elements while only geometry is inferred. */
function made(like: Tensor, sizes: readonly number[], values: () => Float64Array): Tensor {
  const out = Tensor.ofSpec({ sizes, dtype: like.dtype }, mode.meta);
  if (!mode.meta) storeReals(out, values());
  return out;
}

/** The results that are asked for; None for the others. */
function masked(mask: readonly boolean[], results: readonly (() => Tensor)[]): Result[] {
  return results.map((result, i) => (mask[i] === false ? null : result()));
}

interface NormGradient {
  readonly grad: Tensor;
  readonly input: Tensor;
  readonly mean: Tensor;
  readonly rstd: Tensor;
  readonly weight: Tensor | null;
  /** Elements that share a mean. */
  readonly size: number;
  /** The place of an element in the weight. */
  readonly place: (index: number) => number;
}

/** d/dx of (x - mean) * rstd * weight, over rows of `size` elements. */
function normInputGradient({ grad, input, mean, rstd, weight, size, place }: NormGradient): Float64Array {
  const [g, x, m, r] = [reals(grad), reals(input), reals(mean), reals(rstd)];
  const w = weight === null ? null : reals(weight);
  const result = new Float64Array(input.numel);
  for (let row = 0; row * size < result.length; row++) {
    let [sum, projected] = [0, 0];
    const start = row * size;
    for (let i = start; i < start + size; i++) {
      const scaled = g[i]! * (w === null ? 1 : w[place(i)]!);
      sum += scaled;
      projected += scaled * (x[i]! - m[row]!) * r[row]!;
    }
    for (let i = start; i < start + size; i++) {
      const scaled = g[i]! * (w === null ? 1 : w[place(i)]!);
      const normal = (x[i]! - m[row]!) * r[row]!;
      result[i] = r[row]! * (scaled - (sum + normal * projected) / size);
    }
  }
  return result;
}

/** Sums over all elements that share a place: of the gradient, or of the gradient times the normalized input. */
function normParameterGradient(
  { grad, input, mean, rstd, size, place }: NormGradient,
  count: number,
  scaled: boolean,
) {
  const [g, x, m, r] = [reals(grad), reals(input), reals(mean), reals(rstd)];
  const result = new Float64Array(count);
  for (let i = 0; i < g.length; i++) {
    const row = Math.floor(i / size);
    result[place(i)]! += scaled ? g[i]! * (x[i]! - m[row]!) * r[row]! : g[i]!;
  }
  return result;
}

/** A window's place along one dimension of an average. */
interface Span {
  readonly start: number;
  readonly end: number;
  /** Elements that count, padding among them where that counts. */
  readonly count: number;
}

/** Every element's share of the averages that it is part of. */
function averageGradient(
  grad: Tensor,
  self: Tensor,
  rows: readonly Span[],
  columns: readonly Span[],
  divisor: number | null,
) {
  const [height, width] = [self.size(-2), self.size(-1)];
  const g = reals(grad);
  const result = new Float64Array(self.numel);
  const planes = numelOf(self.sizes.slice(0, -2));
  for (let plane = 0; plane < planes; plane++) {
    for (const [r, row] of rows.entries()) {
      for (const [c, column] of columns.entries()) {
        const share =
          g[(plane * rows.length + r) * columns.length + c]! / (divisor ?? row.count * column.count);
        for (let y = row.start; y < row.end; y++) {
          for (let x = column.start; x < column.end; x++) result[(plane * height + y) * width + x]! += share;
        }
      }
    }
  }
  return result;
}

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly countPadding: boolean;
}

function averageSpans(
  size: number,
  outputs: number,
  { kernel, stride, padding, countPadding }: Window,
): Span[] {
  return Array.from({ length: outputs }, (_, i) => {
    const from = i * stride - padding;
    const to = Math.min(from + kernel, size + padding);
    const [start, end] = [Math.max(from, 0), Math.min(to, size)];
    return { start, end, count: countPadding ? to - from : end - start };
  });
}

function adaptiveSpans(size: number, outputs: number): Span[] {
  return Array.from({ length: outputs }, (_, i) => {
    const [start, end] = [Math.floor((i * size) / outputs), Math.ceil(((i + 1) * size) / outputs)];
    return { start, end, count: end - start };
  });
}

/** Along one dimension: which element of the larger side meets which of the smaller at a kernel position. */
interface ConvolutionShape {
  readonly small: readonly number[];
  readonly large: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** For each position of the smaller side and of the kernel, the position of the larger side; -1 in the padding. */
function meetings({ small, large, kernel, stride, padding, dilation }: ConvolutionShape): Int32Array {
  const [positions, taps] = [numelOf(small), numelOf(kernel)];
  const result = new Int32Array(positions * taps);
  for (let p = 0; p < positions; p++) {
    for (let k = 0; k < taps; k++) {
      let [at, step, restP, restK] = [0, 1, p, k];
      for (let d = small.length - 1; d >= 0 && at >= 0; d--) {
        const i = restP % small[d]!;
        const tap = restK % kernel[d]!;
        [restP, restK] = [Math.floor(restP / small[d]!), Math.floor(restK / kernel[d]!)];
        const place = i * stride[d]! - padding[d]! + tap * dilation[d]!;
        at = place < 0 || place >= large[d]! ? -1 : at + place * step;
        step *= large[d]!;
      }
      result[p * taps + k] = at;
    }
  }
  return result;
}

interface ConvolutionSides {
  /** [N, groups * a, small...] and [N, groups * b, large...]; weight is [groups * a, b, kernel...]. */
  readonly small: Tensor;
  readonly large: Tensor;
  readonly weight: Tensor;
  readonly groups: number;
  readonly met: Int32Array;
}

type Visit = (small: number, large: number, weight: number) => void;

/** Calls `visit` with the places of every product in a convolution. */
function forEachProduct({ small, large, weight, groups, met }: ConvolutionSides, visit: Visit): void {
  const [batch, ownSmall, ownLarge] = [small.size(0), small.size(1), large.size(1)];
  const [a, b] = [ownSmall / groups, ownLarge / groups];
  const [ps, pl, taps] = [
    numelOf(small.sizes.slice(2)),
    numelOf(large.sizes.slice(2)),
    numelOf(weight.sizes.slice(2)),
  ];
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < ownSmall; i++) {
      const group = Math.floor(i / a);
      for (let j = 0; j < b; j++) {
        const [s, l, w] = [(n * ownSmall + i) * ps, (n * ownLarge + group * b + j) * pl, (i * b + j) * taps];
        for (let p = 0; p < ps; p++) {
          for (let k = 0; k < taps; k++) {
            const at = met[p * taps + k]!;
            if (at >= 0) visit(s + p, l + at, w + k);
          }
        }
      }
    }
  }
}

const layerNorm = (args: {
  grad_out: Tensor;
  input: Tensor;
  mean: Tensor;
  rstd: Tensor;
  weight: Tensor | null;
  normalized_shape: readonly number[];
}): NormGradient => {
  const size = numelOf(args.normalized_shape);
  return { ...args, grad: args.grad_out, size, place: (index) => index % size };
};

export const backward: readonly Kernel[] = [
  defineOp(
    "aten::embedding_dense_backward(Tensor grad_output, Tensor indices, SymInt num_weights, SymInt padding_idx, bool scale_grad_by_freq) -> Tensor",
    {
      composite: ({ grad_output, indices, num_weights, padding_idx, scale_grad_by_freq }) => {
        const width = grad_output.size(-1);
        return made(grad_output, [num_weights, width], () => {
          const [g, at] = [reals(grad_output), reals(indices)];
          const counts = new Float64Array(num_weights);
          for (const index of at) counts[index]!++;
          const result = new Float64Array(num_weights * width);
          for (const [i, index] of at.entries()) {
            if (index === padding_idx) continue;
            const scale = scale_grad_by_freq ? counts[index]! : 1;
            for (let k = 0; k < width; k++) result[index * width + k]! += g[i * width + k]! / scale;
          }
          return result;
        });
      },
    },
  ),
  defineOp(
    "aten::native_layer_norm_backward(Tensor grad_out, Tensor input, SymInt[] normalized_shape, Tensor mean, Tensor rstd, Tensor? weight, Tensor? bias, bool[3] output_mask) -> (Tensor, Tensor, Tensor)",
    {
      composite: (args) => {
        const norm = layerNorm(args);
        const own = args.weight ?? args.input;
        return masked(args.output_mask, [
          () => made(args.input, args.input.sizes, () => normInputGradient(norm)),
          () => made(own, args.normalized_shape, () => normParameterGradient(norm, norm.size, true)),
          () => made(own, args.normalized_shape, () => normParameterGradient(norm, norm.size, false)),
        ]);
      },
    },
  ),
  defineOp(
    "aten::native_group_norm_backward(Tensor grad_out, Tensor input, Tensor mean, Tensor rstd, Tensor? weight, SymInt N, SymInt C, SymInt HxW, int group, bool[3] output_mask) -> (Tensor, Tensor, Tensor)",
    {
      composite: ({ grad_out, input, mean, rstd, weight, C, HxW, group, output_mask }) => {
        const size = (C / group) * HxW;
        const place = (index: number): number => Math.floor(index / HxW) % C;
        const norm: NormGradient = { grad: grad_out, input, mean, rstd, weight, size, place };
        const own = weight ?? input;
        return masked(output_mask, [
          () => made(input, input.sizes, () => normInputGradient(norm)),
          () => made(own, [C], () => normParameterGradient(norm, C, true)),
          () => made(own, [C], () => normParameterGradient(norm, C, false)),
        ]);
      },
    },
  ),
  defineOp(
    "aten::avg_pool2d_backward(Tensor grad_output, Tensor self, int[2] kernel_size, int[2] stride, int[2] padding, bool ceil_mode, bool count_include_pad, int? divisor_override) -> Tensor",
    {
      composite: ({
        grad_output,
        self,
        kernel_size,
        stride,
        padding,
        count_include_pad,
        divisor_override,
      }) => {
        const spans = (d: 0 | 1): Span[] => {
          const kernel = kernel_size[d] ?? kernel_size[0]!;
          const step = stride.length === 0 ? kernel : (stride[d] ?? stride[0]!);
          const window = {
            kernel,
            stride: step,
            padding: padding[d] ?? padding[0]!,
            countPadding: count_include_pad,
          };
          return averageSpans(self.size(d - 2), grad_output.size(d - 2), window);
        };
        return made(self, self.sizes, () =>
          averageGradient(grad_output, self, spans(0), spans(1), divisor_override),
        );
      },
    },
  ),
  defineOp("aten::_adaptive_avg_pool2d_backward(Tensor grad_output, Tensor self) -> Tensor", {
    composite: ({ grad_output, self }) =>
      made(self, self.sizes, () => {
        const spans = (dim: number): Span[] => adaptiveSpans(self.size(dim), grad_output.size(dim));
        return averageGradient(grad_output, self, spans(-2), spans(-1), null);
      }),
  }),
  defineOp(
    "aten::convolution_backward(Tensor grad_output, Tensor input, Tensor weight, SymInt[]? bias_sizes, SymInt[] stride, SymInt[] padding, SymInt[] dilation, bool transposed, SymInt[] output_padding, SymInt groups, bool[3] output_mask) -> (Tensor, Tensor, Tensor)",
    {
      composite: ({
        grad_output,
        input,
        weight,
        stride,
        padding,
        dilation,
        transposed,
        groups,
        output_mask,
      }) => {
        // A convolution goes from the larger side to the smaller, a transposed one the other way.
        const [small, large] = transposed ? [input, grad_output] : [grad_output, input];
        const rank = weight.rank - 2;
        const each = (list: readonly number[]): number[] =>
          Array.from({ length: rank }, (_, d) => list[d] ?? list[0]!);
        const shape = {
          small: small.sizes.slice(2),
          large: large.sizes.slice(2),
          kernel: weight.sizes.slice(2),
          stride: each(stride),
          padding: each(padding),
          dilation: each(dilation),
        };
        const sides = (): ConvolutionSides => ({ small, large, weight, groups, met: meetings(shape) });
        const inputGradient = (): Float64Array => {
          const [g, w] = [reals(grad_output), reals(weight)];
          const result = new Float64Array(input.numel);
          forEachProduct(sides(), (s, l, k) => {
            if (transposed) result[s]! += g[l]! * w[k]!;
            else result[l]! += g[s]! * w[k]!;
          });
          return result;
        };
        const weightGradient = (): Float64Array => {
          const [a, b] = [reals(small), reals(large)];
          const result = new Float64Array(weight.numel);
          forEachProduct(sides(), (s, l, k) => void (result[k]! += a[s]! * b[l]!));
          return result;
        };
        const biasGradient = (): Float64Array => {
          const g = reals(grad_output);
          const [channels, positions] = [grad_output.size(1), numelOf(grad_output.sizes.slice(2))];
          const result = new Float64Array(channels);
          for (let i = 0; i < g.length; i++) result[Math.floor(i / positions) % channels]! += g[i]!;
          return result;
        };
        return masked(output_mask, [
          () => made(input, input.sizes, inputGradient),
          () => made(weight, weight.sizes, weightGradient),
          () => made(weight, [grad_output.size(1)], biasGradient),
        ]);
      },
    },
  ),
];
