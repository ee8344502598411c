/** Connectionist temporal classification. */
import { fill, reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { unsqueezed } from "./views.ts";

/** The lengths of the operator's two overloads. */
type Lengths = readonly number[] | Tensor;

const lengthsOf = (lengths: Lengths): readonly number[] =>
  lengths instanceof Tensor ? [...reals(lengths)] : lengths;

/** One sequence: its log probabilities start at `start` and lie `step` apart, as many as `frames`. */
interface Sequence {
  readonly logProbs: ArrayLike<number>;
  readonly start: number;
  readonly step: number;
  readonly frames: number;
  /** The labels with a blank before, between and after them. */
  readonly labels: readonly number[];
}

function logSum(...values: readonly number[]): number {
  const most = Math.max(...values);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** The logarithms of the probabilities of all beginnings (Graves et al., equations 6 and 7), a row for each frame. */
function forward(
  { logProbs, start, step, frames, labels }: Sequence,
  alpha: Float64Array,
  width: number,
): void {
  const at = (t: number, s: number): number =>
    t < 0 || s < 0 ? Number.NEGATIVE_INFINITY : alpha[t * width + s]!;
  for (let t = 0; t < frames; t++) {
    for (const [s, label] of labels.entries()) {
      const own = logProbs[start + t * step + label]!;
      const skips = s > 1 && s % 2 === 1 && label !== labels[s - 2];
      const before =
        t === 0
          ? s < 2
            ? 0
            : Number.NEGATIVE_INFINITY
          : logSum(at(t - 1, s), at(t - 1, s - 1), ...(skips ? [at(t - 1, s - 2)] : []));
      alpha[t * width + s] = before + own;
    }
  }
}

/** at::native::ctc_loss_cpu_template: the negative logarithm of each sequence's probability, and all beginnings. */
function loss(
  logProbs: Tensor,
  targets: Tensor,
  inputs: Lengths,
  labelled: Lengths,
  blank: number,
): readonly Tensor[] {
  const [frames, batch, classes] = logProbs.sizes as [number, number, number];
  const [inputLengths, targetLengths] = [lengthsOf(inputs), lengthsOf(labelled)];
  const width = 2 * Math.max(0, ...targetLengths) + 1;
  const [x, y] = [reals(logProbs), reals(targets)];
  const results = new Float64Array(batch);
  const alphas = new Float64Array(batch * frames * width).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  for (let n = 0; n < batch; n++) {
    const length = targetLengths[n]!;
    const first = targets.rank === 1 ? next : n * targets.sizes[1]!;
    next += length;
    const own = Array.from(y.subarray(first, first + length));
    const labels = [blank, ...own.flatMap((label) => [label, blank])];
    const alpha = alphas.subarray(n * frames * width, (n + 1) * frames * width);
    const count = inputLengths[n]!;
    forward({ logProbs: x, start: n * classes, step: batch * classes, frames: count, labels }, alpha, width);
    const last = labels.length - 1;
    const end = (s: number): number => (s < 0 ? Number.NEGATIVE_INFINITY : alpha[(count - 1) * width + s]!);
    results[n] =
      count === 0 ? (length === 0 ? 0 : Number.POSITIVE_INFINITY) : -logSum(end(last), end(last - 1));
  }
  const [value, beginnings] = [
    Tensor.zeros([batch], logProbs.dtype),
    Tensor.zeros([batch, frames, width], logProbs.dtype),
  ];
  fill(value, (out) => out.set(results));
  fill(beginnings, (out) => out.set(alphas));
  return [value, beginnings];
}

/** at::native::ctc_loss_impl */
function reduced(
  values: Tensor,
  targetLengths: Lengths,
  reduction: number,
  zeroInfinity: boolean,
  batched: boolean,
) {
  let result = values;
  if (zeroInfinity) {
    const infinite = call("aten::eq.Scalar", result, Scalar.float(Number.POSITIVE_INFINITY));
    result = call("aten::masked_fill.Scalar", result, infinite, Scalar.float(0));
  }
  if (reduction === 2) return call("aten::sum", result);
  if (reduction === 0) return batched ? result : call("aten::squeeze.dim", result, 0);
  const lengths = Tensor.zeros([values.numel], values.dtype);
  fill(lengths, (out) => out.set(lengthsOf(targetLengths).map((length) => Math.max(length, 1))));
  return call("aten::mean", call("aten::div.Tensor", result, lengths));
}

const kernels = (overload: ".IntList" | ".Tensor", type: "int[]" | "Tensor"): Kernel[] => [
  defineOp(
    `aten::_ctc_loss${overload === ".Tensor" ? overload : ""}(Tensor log_probs, Tensor targets, ${type} input_lengths, ${type} target_lengths, int blank=0, bool zero_infinity=False) -> (Tensor, Tensor)` as "aten::_ctc_loss(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, int blank=0, bool zero_infinity=False) -> (Tensor, Tensor)",
    {
      composite: ({ log_probs, targets, input_lengths, target_lengths, blank }) =>
        loss(log_probs, targets, input_lengths, target_lengths, blank),
    },
  ),
  defineOp(
    `aten::ctc_loss${overload}(Tensor log_probs, Tensor targets, ${type} input_lengths, ${type} target_lengths, int blank=0, int reduction=1, bool zero_infinity=False) -> Tensor` as "aten::ctc_loss.Tensor(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, int blank=0, int reduction=1, bool zero_infinity=False) -> Tensor",
    {
      composite: ({ log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity }) => {
        const batched = log_probs.rank === 3;
        const [x, y] = batched ? [log_probs, targets] : [unsqueezed(log_probs, 1), unsqueezed(targets, 0)];
        const name = overload === ".Tensor" ? "aten::_ctc_loss.Tensor" : "aten::_ctc_loss";
        const [values] = callList(name, x, y, input_lengths, target_lengths, blank);
        return reduced(values!, target_lengths, reduction, zero_infinity, batched);
      },
    },
  ),
];

export const ctcLosses: readonly Kernel[] = [
  ...kernels(".IntList", "int[]"),
  ...kernels(".Tensor", "Tensor"),
];
