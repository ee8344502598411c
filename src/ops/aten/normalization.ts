/** Normalizations over the elements of one sample: layer_norm, rms_norm, group_norm and instance_norm. */
import { type DType, dtypes, realDtype } from "../../tensor/dtype.ts";
import { fill, type Reals, reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { suggestedStrides } from "../../tensor/memory-format.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel, mode } from "../kernel.ts";
import { reshaped } from "./reshaping.ts";

/** How many rows a tensor has, and how long they are, when it is normalized over its last dimensions. */
function rowsOf(input: Tensor, normalized: readonly number[]): { lead: readonly number[]; length: number } {
  const lead = input.sizes.slice(0, input.rank - normalized.length);
  if (input.sizes.slice(lead.length).join() !== normalized.join()) {
    throw new RangeError(
      `normalized_shape [${normalized.join(", ")}] is not the end of [${input.sizes.join(", ")}]`,
    );
  }
  return { lead, length: numelOf(normalized) };
}

/** Mean and 1 / sqrt(variance + eps) of a run of elements, in doubles, in two passes. */
function moments(x: Reals, start: number, length: number, eps: number): [mean: number, rstd: number] {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += x[start + i]!;
  const mean = sum / length;
  let squares = 0;
  for (let i = 0; i < length; i++) squares += (x[start + i]! - mean) ** 2;
  return [mean, 1 / Math.sqrt(squares / length + eps)];
}

/**
 * The statistics of a low precision input with wider parameters are as wide as these (at::native::layer_norm_cpu). The
 * metadata of an exported program does not say so: torch's inference takes the input's dtype (torch/_refs).
 */
function statisticsDtype(input: Tensor, weight: Tensor | null, bias: Tensor | null): DType {
  if (mode.meta) return input.dtype;
  return (weight ?? bias)?.dtype === dtypes.float32 ? dtypes.float32 : input.dtype;
}

function normalizeRows(
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
  outs: readonly Tensor[],
): void {
  const [out, meanOut, rstdOut] = outs as [Tensor, Tensor, Tensor];
  const x = reals(input);
  const [scale, shift] = [weight && reals(weight), bias && reals(bias)];
  const rows = meanOut.numel;
  const length = rows === 0 ? 0 : input.numel / rows;
  const stats = Array.from({ length: rows }, (_, row) => moments(x, row * length, length, eps));
  fill(meanOut, (y) => stats.forEach(([mean], row) => void (y[row] = mean)));
  fill(rstdOut, (y) => stats.forEach(([, rstd], row) => void (y[row] = rstd)));
  fill(out, (y) => {
    for (let row = 0; row < rows; row++) {
      const [mean, rstd] = stats[row]!;
      for (let i = 0; i < length; i++) {
        y[row * length + i] = (x[row * length + i]! - mean) * rstd * (scale?.[i] ?? 1) + (shift?.[i] ?? 0);
      }
    }
  });
}

interface Grouped {
  readonly input: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly N: number;
  readonly C: number;
  readonly HxW: number;
  readonly group: number;
  readonly eps: number;
}

function normalizeGroups(
  { input, weight, bias, N, C, HxW, group, eps }: Grouped,
  outs: readonly Tensor[],
): void {
  const [out, meanOut, rstdOut] = outs as [Tensor, Tensor, Tensor];
  const x = reals(input);
  const [scale, shift] = [weight && reals(weight), bias && reals(bias)];
  const length = (C / group) * HxW;
  const stats = Array.from({ length: N * group }, (_, at) => moments(x, at * length, length, eps));
  fill(meanOut, (y) => stats.forEach(([mean], at) => void (y[at] = mean)));
  fill(rstdOut, (y) => stats.forEach(([, rstd], at) => void (y[at] = rstd)));
  fill(out, (y) => {
    for (let i = 0; i < y.length; i++) {
      const [mean, rstd] = stats[Math.floor(i / length)]!;
      const channel = Math.floor(i / HxW) % C;
      y[i] = (x[i]! - mean) * rstd * (scale?.[channel] ?? 1) + (shift?.[channel] ?? 0);
    }
  });
}

/** What torch computes a dtype in (at::toOpMathType). */
const widened = (dtype: DType): DType => (dtype.form === "encoded" ? dtypes.float32 : dtype);

/** Complex numbers are squared, not their sizes. */
function complexRms(input: Tensor, count: number, weight: Tensor | null, eps: number | null): Tensor {
  const dims = Array.from({ length: count }, (_, i) => -1 - i);
  const squares = call("aten::mean.dim", call("aten::mul.Tensor", input, input), dims, true);
  const shifted = call("aten::add.Scalar", squares, Scalar.float(rmsEpsilon(realDtype(input.dtype), eps)));
  const result = call("aten::mul.Tensor", input, call("aten::rsqrt", shifted));
  return weight === null ? result : call("aten::mul.Tensor", result, weight);
}

/** at::native::rms_norm_composite: eps is that of the dtype it computes in unless given. */
function rmsEpsilon(dtype: DType, eps: number | null): number {
  return eps ?? (dtype === dtypes.float64 ? 2 ** -52 : 2 ** -23);
}

function rmsNormalize(
  input: Tensor,
  weight: Tensor | null,
  eps: number,
  length: number,
  out: Tensor,
  rstdOut?: Tensor,
): void {
  const x = reals(input);
  const scale = weight && reals(weight);
  const rstd = Float64Array.from({ length: length === 0 ? 0 : x.length / length }, (_, row) => {
    let squares = 0;
    for (let i = 0; i < length; i++) squares += x[row * length + i]! ** 2;
    return 1 / Math.sqrt(squares / length + eps);
  });
  if (rstdOut !== undefined) fill(rstdOut, (y) => y.set(rstd));
  fill(out, (y) => {
    for (let i = 0; i < y.length; i++)
      y[i] = x[i]! * rstd[Math.floor(i / length)]! * (scale?.[i % length] ?? 1);
  });
}

/** at::native::instance_norm: batch_norm with the samples as channels. */
function instanceNorm(args: {
  readonly input: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly running_mean: Tensor | null;
  readonly running_var: Tensor | null;
  readonly use_input_stats: boolean;
  readonly momentum: number;
  readonly eps: number;
}): Tensor {
  const { input, running_mean, running_var } = args;
  const [samples, channels] = input.sizes as [number, number];
  const repeated = (t: Tensor | null): Tensor | null => t && call("aten::repeat", t, [samples]);
  const [mean, variance] = [repeated(running_mean), repeated(running_var)];
  const flat = reshaped(call("aten::contiguous", input), [1, samples * channels, ...input.sizes.slice(2)]);
  const { use_input_stats, momentum, eps } = args;
  const [weight, bias] = [repeated(args.weight), repeated(args.bias)];
  const out = call(
    "aten::batch_norm",
    flat,
    weight,
    bias,
    mean,
    variance,
    use_input_stats,
    momentum,
    eps,
    false,
  );
  for (const [running, all] of [
    [running_mean, mean],
    [running_var, variance],
  ] as const) {
    if (running !== null && use_input_stats) {
      const average = call("aten::mean.dim", call("aten::view", all, [samples, channels]), [0]);
      call("aten::copy_", running, average);
    }
  }
  return reshaped(out, input.sizes);
}

export const normalization: readonly Kernel[] = [
  defineOp(
    "aten::native_layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight, Tensor? bias, float eps) -> (Tensor, Tensor, Tensor)",
    {
      meta: ({ input, normalized_shape, weight, bias }) => {
        const { lead } = rowsOf(input, normalized_shape);
        const stats = input.like(
          [...lead, ...normalized_shape.map(() => 1)],
          statisticsDtype(input, weight, bias),
        );
        return [input.like(), stats, stats];
      },
      run: ({ input, weight, bias, eps }, ...outs) => normalizeRows(input, weight, bias, eps, outs),
    },
  ),
  defineOp(
    "aten::layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1.0000000000000001e-05, bool cudnn_enable=True) -> Tensor",
    {
      composite: ({ input, normalized_shape, weight, bias, eps }) =>
        callList("aten::native_layer_norm", input, normalized_shape, weight, bias, eps)[0]!,
    },
  ),
  defineOp(
    "aten::_fused_rms_norm(Tensor input, int[] normalized_shape, Tensor? weight, float? eps) -> (Tensor, Tensor)",
    {
      meta: ({ input, normalized_shape }) => {
        const { lead } = rowsOf(input, normalized_shape);
        return [input.like(), input.like([...lead, ...normalized_shape.map(() => 1)], widened(input.dtype))];
      },
      run: ({ input, normalized_shape, weight, eps }, out, rstd) =>
        rmsNormalize(input, weight, rmsEpsilon(input.dtype, eps), numelOf(normalized_shape), out, rstd),
    },
  ),
  defineOp(
    "aten::rms_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor",
    {
      composite: ({ input, normalized_shape, weight, eps }) =>
        input.dtype.category === "complex"
          ? complexRms(input, normalized_shape.length, weight, eps)
          : callList("aten::_fused_rms_norm", input, normalized_shape, weight, eps)[0]!,
    },
  ),
  defineOp(
    "aten::native_group_norm(Tensor input, Tensor? weight, Tensor? bias, SymInt N, SymInt C, SymInt HxW, int group, float eps) -> (Tensor, Tensor, Tensor)",
    {
      meta: ({ input, weight, bias, N, group }) => {
        const stats = input.like([N, group], statisticsDtype(input, weight, bias));
        return [{ ...input.like(), strides: suggestedStrides(input.sizes, input) }, stats, stats];
      },
      run: (args, ...outs) => normalizeGroups(args, outs),
    },
  ),
  defineOp(
    "aten::group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1.0000000000000001e-05, bool cudnn_enabled=True) -> Tensor",
    {
      composite: ({ input, num_groups, weight, bias, eps }) => {
        const [n, c] = input.sizes as [number, number];
        const area = numelOf(input.sizes.slice(2));
        return callList("aten::native_group_norm", input, weight, bias, n, c, area, num_groups, eps)[0]!;
      },
    },
  ),
  defineOp(
    "aten::instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled) -> Tensor",
    { composite: (args) => instanceNorm(args) },
  ),
];
