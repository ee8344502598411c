/** Batch normalization in all its forms: they differ in whose statistics they use and which they write. */
import { copyInto } from "../../tensor/copy.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { fill, type Reals, reals } from "../../tensor/elements.ts";
import { suggestedStrides } from "../../tensor/memory-format.ts";
import { promoteDtypes } from "../../tensor/promotion.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, type Kernel, mode, type Result } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

interface Call {
  readonly input: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly running_mean: Tensor | null;
  readonly running_var: Tensor | null;
  readonly momentum: number;
  readonly eps: number;
}

/** What normalizing gives: the result, and what is saved for the backward pass. */
interface Normalized {
  readonly out: Tensor;
  readonly saveMean: Tensor;
  readonly saveInvstd: Tensor;
  /** The running statistics afterwards, each in its own dtype; none where there were none. */
  readonly mean: Tensor | null;
  readonly variance: Tensor | null;
}

interface Statistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Mean and biased variance of each channel, dimension 1, in two passes. */
function statisticsOf(x: Reals, channels: number, area: number): Statistics {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  const count = x.length / channels;
  const channelOf = (i: number): number => Math.floor(i / area) % channels;
  for (let i = 0; i < x.length; i++) mean[channelOf(i)]! += x[i]! / count;
  for (let i = 0; i < x.length; i++) variance[channelOf(i)]! += (x[i]! - mean[channelOf(i)]!) ** 2 / count;
  return { mean, variance };
}

/**
 * Statistics of a low precision input with wider parameters are as wide as these (at::native::batch_norm_cpu), but have the
 * input's dtype in metadata (torch/_decomp/decompositions.py native_batch_norm_helper).
 */
function statisticsDtype({ input, weight, bias, running_mean }: Call): DType {
  if (mode.meta) return input.dtype;
  const parameter = weight ?? bias ?? running_mean;
  return parameter?.dtype === dtypes.float32 ? dtypes.float32 : input.dtype;
}

/** at::native::batch_norm_cpu. The running statistics of a training call are not written, but returned. */
function normalize(args: Call, training: boolean): Normalized {
  const { input, weight, bias, running_mean, running_var, momentum, eps } = args;
  const channels = input.sizes[1]!;
  const dtype = statisticsDtype(args);
  const make = (size: number): Tensor => Tensor.ofSpec({ sizes: [size], dtype }, mode.meta);
  const out = Tensor.ofSpec({ ...input.like(), strides: suggestedStrides(input.sizes, input) }, mode.meta);
  const [saveMean, saveInvstd] = [make(training ? channels : 0), make(training ? channels : 0)];
  // By torch's inference the new statistics are those in float32, or wider, blended with the old ones.
  const keptIn = (t: Tensor): DType => (mode.meta ? promoteDtypes(t.dtype, dtypes.float32) : t.dtype);
  const own = (t: Tensor | null): Tensor | null => t && Tensor.ofSpec(t.like(t.sizes, keptIn(t)), mode.meta);
  const [mean, variance] = training ? [own(running_mean), own(running_var)] : [running_mean, running_var];
  if (mode.meta) return { out, saveMean, saveInvstd, mean, variance };
  const x = reals(input);
  const area = input.numel / Math.max(input.sizes[0]! * channels, 1);
  const stats = training
    ? statisticsOf(x, channels, area)
    : { mean: Float64Array.from(reals(running_mean!)), variance: Float64Array.from(reals(running_var!)) };
  if (training) {
    fill(saveMean, (y) => y.set(stats.mean));
    fill(saveInvstd, (y) => y.set(stats.variance.map((v) => 1 / Math.sqrt(v + eps))));
  }
  // torch normalizes with what it saves, rounded to its dtype; of bfloat16 it learns the rounded mean, too.
  const mu = training ? reals(saveMean) : stats.mean;
  const invstd = training ? reals(saveInvstd) : stats.variance.map((v) => 1 / Math.sqrt(v + eps));
  const [scale, shift] = [weight && reals(weight), bias && reals(bias)];
  fill(out, (y) => {
    for (let i = 0; i < y.length; i++) {
      const c = Math.floor(i / area) % channels;
      y[i] = (x[i]! - mu[c]!) * invstd[c]! * (scale?.[c] ?? 1) + (shift?.[c] ?? 0);
    }
  });
  if (training) {
    // The running variance is that of the population, from which the batch is drawn.
    const count = x.length / channels;
    const kept = input.dtype === dtypes.bfloat16 ? mu : stats.mean;
    blend(mean, running_mean, kept, momentum, 1);
    blend(variance, running_var, stats.variance, momentum, count / (count - 1));
  }
  return { out, saveMean, saveInvstd, mean, variance };
}

function blend(
  target: Tensor | null,
  old: Tensor | null,
  seen: ArrayLike<number>,
  momentum: number,
  factor: number,
): void {
  if (target === null || old === null) return;
  const before = reals(old);
  fill(target, (y) => {
    for (let c = 0; c < y.length; c++) y[c] = momentum * seen[c]! * factor + (1 - momentum) * before[c]!;
  });
}

function update({ running_mean, running_var }: Call, { mean, variance }: Normalized): void {
  if (mode.meta) return;
  if (running_mean !== null && mean !== running_mean) copyInto(running_mean, mean!);
  if (running_var !== null && variance !== running_var) copyInto(running_var, variance!);
}

type Form = (args: Call & { readonly training: boolean }) => Result;

/** Results of a form: the three of every form, then what it adds. */
const three = ({ out, saveMean, saveInvstd }: Normalized): Tensor[] => [out, saveMean, saveInvstd];
/** cuDNN's scratch memory: nothing on a CPU. */
const reserve = (): Tensor => Tensor.ofSpec({ sizes: [0], dtype: dtypes.uint8 }, mode.meta);

/** Writes the running statistics when it trains. */
const writing =
  (training?: boolean): ((args: Call & { readonly training: boolean }) => Normalized) =>
  (args) => {
    const result = normalize(args, training ?? args.training);
    update(args, result);
    return result;
  };

function form(name: string, compute: Form): Kernel {
  return tableOp(name, {
    composite: (args: Arguments) => compute(args as never),
  });
}

const noStats = { running_mean: null, running_var: null };
/** The running statistics of a functional form are new tensors, also when nothing was learnt. */
const statsOut = ({ running_mean, running_var }: Call, { mean, variance }: Normalized): Tensor[] => [
  mean === running_mean ? call("aten::clone", mean!) : mean!,
  variance === running_var ? call("aten::clone", variance!) : variance!,
];

export const batchNorm: readonly Kernel[] = [
  form("aten::native_batch_norm", (args) => three(writing()(args))),
  form("aten::_native_batch_norm_legit", (args) => three(writing()(args))),
  form("aten::_native_batch_norm_legit.no_stats", (args) => three(normalize({ ...args, ...noStats }, true))),
  form("aten::_native_batch_norm_legit_no_training", (args) => three(normalize(args, false))),
  form("aten::_native_batch_norm_legit_functional", (args) => {
    const result = normalize(args, args.training);
    return [...three(result), ...statsOut(args, result)];
  }),
  form("aten::_batch_norm_with_update", (args) => [...three(writing(true)(args)), reserve()]),
  form("aten::_batch_norm_no_update", (args) => [...three(normalize(args, false)), reserve()]),
  form("aten::_batch_norm_with_update_functional", (args) => {
    const result = normalize(args, true);
    return [...three(result), reserve(), ...statsOut(args, result)];
  }),
  form("aten::batch_norm", (args) => writing()(args).out),
];
