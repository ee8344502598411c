/** Loss functions. `reduction` is 0 for none, 1 for the mean, 2 for the sum. */
import { cast } from "../../tensor/copy.ts";
import { isIntegral } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { numberTensor } from "../../tensor/number.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { type Elementwise, elementwise } from "../pointwise.ts";

/** at::native apply_loss_reduction. */
export function reduceLoss(loss: Tensor, reduction: number): Tensor {
  if (reduction === 1) return call("aten::mean", loss);
  return reduction === 2 ? call("aten::sum", loss) : loss;
}

/** One element's loss, as a kernel of its own: it rounds once. */
function pairwise(f: (x: number, y: number) => number, self: Tensor, target: Tensor): Tensor {
  const spec: Elementwise = { real: f as (...x: number[]) => number };
  return elementwise("aten::sub.Tensor", spec, () => [self, target]).call({}) as Tensor;
}

/** A loss of two tensors, element by element. */
function simple(name: string, f: (x: number, y: number) => number): Kernel {
  return defineOp(
    `aten::${name}(Tensor self, Tensor target, int reduction=1) -> Tensor` as "aten::mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor",
    { composite: ({ self, target, reduction }) => reduceLoss(pairwise(f, self, target), reduction) },
  );
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const number = (value: number): Tensor => numberTensor(Scalar.float(value));
const weighted = (t: Tensor, weight: Tensor | null): Tensor =>
  weight === null ? t : call("aten::mul.Tensor", t, weight);
const atLeast0 = (t: Tensor): Tensor => call("aten::clamp_min", t, Scalar.int(0));

/** at::native binary_cross_entropy: logarithms no lower than -100. */
function binaryCrossEntropy(x: number, y: number): number {
  return (y - 1) * Math.max(Math.log1p(-x), -100) - y * Math.max(Math.log(x), -100);
}

function smoothL1(beta: number): (x: number, y: number) => number {
  return (x, y) => {
    const size = Math.abs(x - y);
    return size < beta ? (0.5 * size * size) / beta : size - 0.5 * beta;
  };
}

function huber(delta: number): (x: number, y: number) => number {
  return (x, y) => {
    const size = Math.abs(x - y);
    return size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
  };
}

/** at::native kl_div: 0 where the target is 0. */
function klDivergence(logTarget: boolean): (x: number, y: number) => number {
  if (logTarget) return (x, y) => Math.exp(y) * (y - x);
  return (x, y) => (Number.isNaN(y) ? y : (y === 0 ? 0 : y * Math.log(y)) - y * x);
}

/** With the target 1 the distance, with -1 what is missing to the margin (at::native hinge_embedding_loss). */
function hinge(margin: number): (x: number, y: number) => number {
  return (x, y) => (y !== 1 ? Math.max(margin - x, 0) : 0) + (y !== -1 ? x : 0);
}

/** at::native multi_margin_loss: how far each other class comes within the margin of the right one. */
function multiMargin(self: Tensor, target: Tensor, p: number, margin: number, weight: Tensor | null): Tensor {
  const x = reals(self);
  const classes = self.rank === 0 ? 1 : self.size(-1);
  const labels = reals(target);
  const weights = weight === null ? null : reals(weight);
  const result = call("aten::new_empty", self, target.sizes);
  fill(result, (y) => {
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]!;
      let sum = 0;
      for (let k = 0; k < classes; k++) {
        const short = margin - x[row * classes + label]! + x[row * classes + k]!;
        if (k !== label && short > 0) sum += (p === 1 ? short : short * short) * (weights?.[label] ?? 1);
      }
      y[row] = sum / classes;
    }
  });
  return result;
}

/** at::native multilabel_margin_loss_forward: labels up to the first that is negative. */
function multilabelMargin(self: Tensor, target: Tensor, isTarget: Tensor): Tensor {
  const [x, labels] = [reals(self), reals(target)];
  const classes = self.rank === 0 ? 1 : self.size(-1);
  const rows = self.rank < 2 ? [] : [self.sizes[0]!];
  const result = call("aten::new_empty", self, rows);
  const marks = new Float64Array(self.numel);
  fill(result, (y) => {
    for (let row = 0; row < y.length; row++) {
      const start = row * classes;
      const end = labels.subarray(start, start + classes).findIndex((label) => label < 0);
      const own = labels.subarray(start, start + (end < 0 ? classes : end));
      for (const label of own) marks[start + label] = 1;
      let sum = 0;
      for (const label of own)
        for (let k = 0; k < classes; k++)
          if (marks[start + k] === 0) sum += Math.max(1 - x[start + label]! + x[start + k]!, 0);
      y[row] = sum / classes;
    }
  });
  fill(isTarget, (y) => y.set(marks));
  return result;
}

/** at::native _cosine_embedding_loss: 1 minus the cosine, or the cosine beyond the margin. */
function cosineEmbedding(a: Tensor, b: Tensor, target: Tensor, margin: number): Tensor {
  const along = [target.rank];
  const sum = (x: Tensor, y: Tensor) => call("aten::sum.dim_IntList", call("aten::mul.Tensor", x, y), along);
  const size = (x: Tensor) => call("aten::add.Scalar", sum(x, x), Scalar.float(1e-12));
  const cosine = call(
    "aten::div.Tensor",
    sum(a, b),
    call("aten::sqrt", call("aten::mul.Tensor", size(a), size(b))),
  );
  const zeros = call("aten::zeros_like", cosine);
  const near = call("aten::rsub.Scalar", cosine, Scalar.int(1));
  const far = atLeast0(call("aten::sub.Scalar", cosine, Scalar.float(margin)));
  return call(
    "aten::add.Tensor",
    call("aten::where.self", call("aten::eq.Scalar", target, Scalar.int(1)), near, zeros),
    call("aten::where.self", call("aten::eq.Scalar", target, Scalar.int(-1)), far, zeros),
  );
}

export const losses: readonly Kernel[] = [
  simple("mse_loss", (x, y) => (x - y) ** 2),
  defineOp("aten::l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor", {
    composite: ({ self, target, reduction }) =>
      reduceLoss(call("aten::abs", call("aten::sub.Tensor", self, target)), reduction),
  }),
  simple("soft_margin_loss", (x, y) => softplus(-x * y)),
  defineOp("aten::smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1.) -> Tensor", {
    composite: ({ self, target, reduction, beta }) =>
      reduceLoss(pairwise(smoothL1(beta), self, target), reduction),
  }),
  defineOp("aten::huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1.) -> Tensor", {
    composite: ({ self, target, reduction, delta }) =>
      reduceLoss(pairwise(huber(delta), self, target), reduction),
  }),
  defineOp("aten::kl_div(Tensor self, Tensor target, int reduction=1, *, bool log_target=False) -> Tensor", {
    composite: ({ self, target, reduction, log_target }) =>
      reduceLoss(pairwise(klDivergence(log_target), self, target), reduction),
  }),
  defineOp(
    "aten::hinge_embedding_loss(Tensor self, Tensor target, float margin=1., int reduction=1) -> Tensor",
    {
      composite: ({ self, target, margin, reduction }) =>
        reduceLoss(pairwise(hinge(margin), self, target), reduction),
    },
  ),
  defineOp(
    "aten::binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, int reduction=1) -> Tensor",
    {
      composite: ({ self, target, weight, reduction }) =>
        reduceLoss(weighted(pairwise(binaryCrossEntropy, self, target), weight), reduction),
    },
  ),
  defineOp(
    "aten::binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, Tensor? pos_weight=None, int reduction=1) -> Tensor",
    {
      composite: ({ self, target, weight, pos_weight, reduction }) => {
        const logSigmoid = call("aten::log_sigmoid", self);
        const share =
          pos_weight === null
            ? logSigmoid
            : call(
                "aten::mul.Tensor",
                logSigmoid,
                call(
                  "aten::add.Scalar",
                  call("aten::mul.Tensor", call("aten::sub.Scalar", pos_weight, Scalar.int(1)), target),
                  Scalar.int(1),
                ),
              );
        const rest = call("aten::mul.Tensor", call("aten::rsub.Scalar", target, Scalar.int(1)), self);
        return reduceLoss(weighted(call("aten::sub.Tensor", rest, share), weight), reduction);
      },
    },
  ),
  defineOp(
    "aten::poisson_nll_loss(Tensor input, Tensor target, bool log_input, bool full, float eps, int reduction) -> Tensor",
    {
      composite: ({ input, target, log_input, full, eps, reduction }) => {
        const f = (x: number, y: number): number => {
          const loss = log_input ? Math.exp(x) - y * x : x - y * Math.log(x + eps);
          const stirling = full && y > 1 ? y * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI * y) : 0;
          return loss + stirling;
        };
        const wide = isIntegral(input.dtype) ? call("aten::exp", call("aten::zeros_like", input)) : input;
        return reduceLoss(pairwise(f, wide === input ? input : cast(input, wide.dtype), target), reduction);
      },
    },
  ),
  defineOp(
    "aten::margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin=0., int reduction=1) -> Tensor",
    {
      composite: ({ input1, input2, target, margin, reduction }) => {
        const apart = call(
          "aten::mul.Tensor",
          call("aten::neg", target),
          call("aten::sub.Tensor", input1, input2),
        );
        return reduceLoss(atLeast0(call("aten::add.Tensor", apart, number(margin))), reduction);
      },
    },
  ),
  defineOp(
    "aten::cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float margin=0., int reduction=1) -> Tensor",
    {
      composite: ({ input1, input2, target, margin, reduction }) =>
        reduceLoss(cosineEmbedding(input1, input2, target, margin), reduction),
    },
  ),
  defineOp(
    "aten::triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float margin=1., float p=2., float eps=9.9999999999999995e-07, bool swap=False, int reduction=1) -> Tensor",
    {
      composite: ({ anchor, positive, negative, margin, p, eps, swap, reduction }) => {
        const far = call("aten::pairwise_distance", anchor, negative, p, eps);
        const nearest = swap
          ? call("aten::minimum", far, call("aten::pairwise_distance", positive, negative, p, eps))
          : far;
        const gap = call(
          "aten::sub.Tensor",
          call("aten::pairwise_distance", anchor, positive, p, eps),
          nearest,
        );
        return reduceLoss(atLeast0(call("aten::add.Scalar", gap, Scalar.float(margin))), reduction);
      },
    },
  ),
  defineOp(
    "aten::multi_margin_loss(Tensor self, Tensor target, Scalar p=1, Scalar margin=1, Tensor? weight=None, int reduction=1) -> Tensor",
    {
      composite: ({ self, target, p, margin, weight, reduction }) =>
        reduceLoss(multiMargin(self, target, p.re, margin.re, weight), reduction),
    },
  ),
  defineOp(
    "aten::multilabel_margin_loss_forward(Tensor self, Tensor target, int reduction) -> (Tensor output, Tensor is_target)",
    {
      composite: ({ self, target, reduction }) => {
        const isTarget = call("aten::zeros_like", target, self.dtype);
        return [reduceLoss(multilabelMargin(self, target, isTarget), reduction), isTarget];
      },
    },
  ),
  defineOp("aten::multilabel_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor", {
    composite: ({ self, target, reduction }) =>
      callList("aten::multilabel_margin_loss_forward", self, target, reduction)[0]!,
  }),
];
