/** Operators that torch.nn registers itself (torch/nn/modules/linear_cross_entropy.py). */
import { cast, copyInto } from "../tensor/copy.ts";
import { dtypes } from "../tensor/dtype.ts";
import { Scalar } from "../tensor/scalar.ts";
import type { Tensor, TensorSpec } from "../tensor/tensor.ts";
import { call } from "./dispatch.ts";
import { defineOp, type Kernel } from "./kernel.ts";
import { LIBRARY_SCHEMAS } from "./library-schemas.ts";

interface Classified {
  readonly input: Tensor;
  readonly linear_weight: Tensor;
  readonly target: Tensor;
  readonly linear_bias: Tensor | null;
  readonly weight: Tensor | null;
  readonly ignore_index: number;
}

const wide = (t: Tensor | null): Tensor | null => t && cast(t, dtypes.float64);

/** The logarithms of the classes' probabilities, the target's class and weight of each row; in float64, as a whole. */
function classify(args: Classified) {
  const { input, linear_weight, linear_bias, target, weight, ignore_index } = args;
  const counts = call("aten::ne.Scalar", target, Scalar.int(ignore_index));
  const label = call("aten::mul.Tensor", target, counts);
  const own = weight === null ? counts : call("aten::index_select", weight, 0, label);
  const share = call("aten::mul.Tensor", wide(own), wide(counts));
  const logits = call("aten::linear", wide(input), wide(linear_weight), wide(linear_bias));
  return { logs: call("aten::log_softmax.int", logits, 1), label, share };
}

function losses({ logs, label, share }: ReturnType<typeof classify>): Tensor {
  const picked = call(
    "aten::squeeze.dim",
    call("aten::gather", logs, 1, call("aten::unsqueeze", label, 1)),
    1,
  );
  return call("aten::neg", call("aten::mul.Tensor", picked, share));
}

/** [N, classes]: what the sum of the losses, each times its share, gives by the logits. */
function logitGradients({ logs, label, share }: ReturnType<typeof classify>): Tensor {
  const chosen = call("aten::one_hot", label, logs.sizes[1]);
  const difference = call("aten::sub.Tensor", call("aten::exp", logs), chosen);
  return call("aten::mul.Tensor", difference, call("aten::unsqueeze", share, 1));
}

export const torchNnKernels: readonly Kernel[] = [
  defineOp(LIBRARY_SCHEMAS.chunkedCrossEntropy, {
    meta: (args) => {
      const { input, linear_weight } = args;
      const made = (wanted: boolean, sizes: readonly number[]): TensorSpec => ({
        sizes: wanted ? sizes : sizes.map(() => 0),
        dtype: input.dtype,
      });
      return [
        made(true, []),
        made(args.compute_input_grad, input.sizes),
        made(args.compute_linear_weight_grad, linear_weight.sizes),
        made(args.compute_linear_bias_grad, linear_weight.sizes.slice(0, 1)),
      ];
    },
    run: (args, loss, inputGrad, weightGrad, biasGrad) => {
      const found = classify(args);
      const share =
        args.reduction === "mean"
          ? call("aten::div.Tensor", found.share, call("aten::sum", found.share))
          : found.share;
      const rows = { ...found, share };
      const isEmpty = args.reduction === "mean" && args.input.sizes[0] === 0;
      copyInto(loss, call("aten::sum", losses(rows)));
      if (isEmpty) call("aten::fill_.Scalar", loss, Scalar.float(Number.NaN));
      if (!(args.compute_input_grad || args.compute_linear_weight_grad || args.compute_linear_bias_grad))
        return;
      const gradients = logitGradients(rows);
      if (args.compute_input_grad)
        copyInto(inputGrad!, call("aten::mm", gradients, wide(args.linear_weight)));
      if (args.compute_linear_weight_grad)
        copyInto(weightGrad!, call("aten::mm", call("aten::t", gradients), wide(args.input)));
      if (args.compute_linear_bias_grad) copyInto(biasGrad!, call("aten::sum.dim_IntList", gradients, [0]));
    },
  }),
  defineOp(LIBRARY_SCHEMAS.chunkedCrossEntropies, {
    meta: ({ input }) => input.like([input.sizes[0]!]),
    run: (args, out) => copyInto(out, losses(classify(args))),
  }),
];
