/** Negative log likelihood and cross entropy. `reduction` is 0 for none, 1 for the mean, 2 for the sum. */
import { dtypes } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { reduceLoss } from "./losses.ts";

interface Likelihood {
  readonly self: Tensor;
  readonly target: Tensor;
  readonly weight: Tensor | null;
  readonly reduction: number;
  readonly ignore_index: number;
}

/**
 * at::native nll_loss_forward and nll_loss2d_forward: scores of sizes [C], [N, C] or [N, C, H, W]; the total weight is
 * that of the targets which count.
 */
function logLikelihood(
  { self, target, weight, reduction, ignore_index }: Likelihood,
  output: Tensor,
  total: Tensor,
): void {
  const scores = reals(self.rank < 2 ? self : call("aten::movedim.int", self, 1, -1));
  const classes = self.sizes[self.rank < 2 ? 0 : 1]!;
  const labels = reals(target);
  const weights = weight === null ? null : reals(weight);
  const each = new Float64Array(labels.length);
  let [sum, weightSum] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label === ignore_index) continue;
    if (!(label >= 0 && label < classes)) throw new RangeError(`Target ${label} is out of bounds.`);
    const share = weights?.[label] ?? 1;
    each[i] = -share * scores[i * classes + label]!;
    sum += each[i]!;
    weightSum += share;
  }
  if (reduction === 0 && self.rank > 1) return fill(output, (y) => y.set(each));
  fill(output, (y) => y.fill(reduction === 1 ? sum / weightSum : sum));
  fill(total, (y) => y.fill(weightSum));
}

/**
 * at::native::nll_loss_nd: a class for each row and place, and a weight for each class.
 *
 * @throws RangeError when these do not fit.
 */
function requireFits({ self, target, weight }: Likelihood): void {
  const [classes, places] = self.rank < 2 ? [self.sizes[0], []] : [self.sizes[1], self.sizes.toSpliced(1, 1)];
  if (classes === undefined) throw new RangeError("expected scores with a dimension of classes");
  const isOfOne = self.rank === 1 && target.numel === 1;
  if (!isOfOne && target.sizes.join() !== places.join()) {
    throw new RangeError(
      `expected targets of sizes [${places.join(", ")}], got [${target.sizes.join(", ")}]`,
    );
  }
  if (target.dtype !== dtypes.int64 && target.dtype !== dtypes.uint8) {
    throw new RangeError(`expected classes in int64, got ${target.dtype.name}`);
  }
  if (weight !== null && weight.numel !== classes) {
    throw new RangeError(`expected a weight for each of ${classes} classes, got ${weight.numel}`);
  }
}

function forward(name: string): Kernel {
  return defineOp(
    `aten::${name}(Tensor self, Tensor target, Tensor? weight, int reduction, SymInt ignore_index) -> (Tensor output, Tensor total_weight)` as "aten::nll_loss_forward(Tensor self, Tensor target, Tensor? weight, int reduction, SymInt ignore_index) -> (Tensor output, Tensor total_weight)",
    {
      meta: (args) => {
        const { self, target, reduction } = args;
        requireFits(args);
        return [self.like(reduction === 0 ? target.sizes : []), self.like([])];
      },
      run: (args, output, total) => logLikelihood(args, output, total!),
    },
  );
}

function lossOf(name: string, forwardOf: (self: Tensor) => string): Kernel {
  return defineOp(
    `aten::${name}(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor` as "aten::nll_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor",
    {
      composite: ({ self, target, weight, reduction, ignore_index }) =>
        callList(forwardOf(self), self, target, weight, reduction, ignore_index)[0]!,
    },
  );
}

/** Targets as probabilities (at::native cross_entropy_loss_prob_target). */
function softTargets(
  self: Tensor,
  target: Tensor,
  weight: Tensor | null,
  reduction: number,
  smoothing: number,
): Tensor {
  const channel = self.rank === 1 ? 0 : 1;
  const classes = self.sizes[channel]!;
  const logs = weightedLogs(self, channel, weight);
  const wanted =
    smoothing > 0
      ? call(
          "aten::add.Scalar",
          call("aten::mul.Scalar", target, Scalar.float(1 - smoothing)),
          Scalar.float(smoothing / classes),
        )
      : target;
  const product = call("aten::mul.Tensor", logs, wanted);
  if (reduction === 0) return call("aten::neg", call("aten::sum.dim_IntList", product, [channel]));
  const total = call("aten::neg", call("aten::sum", product));
  return reduction === 2 ? total : call("aten::div.Scalar", total, Scalar.float(self.numel / classes));
}

function weightedLogs(self: Tensor, channel: number, weight: Tensor | null): Tensor {
  const logs = call("aten::log_softmax.int", self, channel);
  if (weight === null) return logs;
  const shape = self.sizes.map((_, d) => (d === channel ? weight.numel : 1));
  return call("aten::mul.Tensor", logs, call("aten::view", weight, shape));
}

/** A share of the loss is the mean over all classes (at::native cross_entropy_loss_label_smoothing). */
function smoothed(args: Likelihood, logs: Tensor, smoothing: number): Tensor {
  const { self, target, weight, reduction, ignore_index } = args;
  const channel = self.rank === 1 ? 0 : 1;
  const [loss, total] = callList("aten::nll_loss_forward", logs, target, weight, reduction, ignore_index);
  const spread = call(
    "aten::neg",
    call("aten::sum.dim_IntList", weightedLogs(self, channel, weight), [channel]),
  );
  const ignored = call("aten::eq.Scalar", target, Scalar.int(ignore_index));
  const known = call("aten::masked_fill.Scalar", spread, ignored, Scalar.int(0));
  const smooth =
    reduction === 1
      ? call("aten::div.Tensor", call("aten::sum", known), total)
      : reduceLoss(known, reduction);
  return call(
    "aten::add.Tensor",
    call("aten::mul.Scalar", loss, Scalar.float(1 - smoothing)),
    call("aten::mul.Scalar", smooth, Scalar.float(smoothing / self.sizes[channel]!)),
  );
}

export const crossEntropy: readonly Kernel[] = [
  forward("nll_loss_forward"),
  forward("nll_loss2d_forward"),
  lossOf("nll_loss", () => "aten::nll_loss_forward"),
  lossOf("nll_loss2d", () => "aten::nll_loss2d_forward"),
  lossOf("nll_loss_nd", () => "aten::nll_loss_forward"),
  defineOp(
    "aten::cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100, float label_smoothing=0.) -> Tensor",
    {
      composite: ({ self, target, weight, reduction, ignore_index, label_smoothing }) => {
        if (self.sizes.join() === target.sizes.join())
          return softTargets(self, target, weight, reduction, label_smoothing);
        const logs = call("aten::log_softmax.int", self, self.rank === 1 ? 0 : 1);
        if (label_smoothing > 0)
          return smoothed({ self, target, weight, reduction, ignore_index }, logs, label_smoothing);
        return call("aten::nll_loss_nd", logs, target, weight, reduction, ignore_index);
      },
    },
  ),
];
