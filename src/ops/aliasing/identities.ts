/** Operators that compute, and hand back an argument where there is nothing to compute. */
import type { ConcreteCall, ConcreteTensor } from "./concrete.ts";
import { always, type RuleTable, when } from "./rule.ts";
import { numel } from "./strides.ts";

const isEmpty = (self: ConcreteTensor) => numel(self.sizes) === 0;

/** aten/src/ATen/native/Dropout.cpp: nothing to drop in evaluation, at p = 0 and of no elements. */
export const dropsNothing = (self: ConcreteTensor, call: ConcreteCall) =>
  call.number("p") === 0 || call.bool("train") === false || isEmpty(self);

/** Gradients of cumprod: nothing to accumulate (torch/csrc/autograd/FunctionsManual.cpp). */
const accumulatesNothing = (_: ConcreteTensor, call: ConcreteCall) => {
  const sizes = call.tensor("input")!.sizes;
  const dim = call.number("dim")!;
  return numel(sizes) <= 1 || sizes[dim < 0 ? dim + sizes.length : dim] === 1;
};

/** diff of no elements has no step to take (aten/src/ATen/native/ReduceOps.cpp). */
const differsNothing = ({ sizes }: ConcreteTensor, call: ConcreteCall) => {
  const dim = call.number("dim")!;
  const alone = call.tensor("prepend") === undefined && call.tensor("append") === undefined;
  return alone && call.number("n") !== 0 && sizes[dim < 0 ? dim + sizes.length : dim] === 0;
};

/** sum_to of aten/src/ATen/ExpandUtils.h: no leading dimension goes and none is summed to one. */
const sumsNothing = ({ sizes }: ConcreteTensor, call: ConcreteCall) => {
  const shape = call.numbers("size")!;
  return (
    shape.length > 0 &&
    shape.length === sizes.length &&
    sizes.every((size, d) => shape[d] !== 1 || size === 1)
  );
};

export const IDENTITIES: RuleTable = {
  "aten::dropout": when("input", dropsNothing),
  "aten::feature_dropout": when("input", dropsNothing),
  "aten::alpha_dropout": when("input", dropsNothing),
  "aten::feature_alpha_dropout": when("input", dropsNothing),
  "aten::sum_to_size": when("self", sumsNothing),
  "aten::cumprod_backward": when("grad", accumulatesNothing),
  "aten::cummaxmin_backward": when("input", isEmpty),
  "aten::native_dropout": when("input", isEmpty),
  "aten::diff": when("self", differsNothing),
  "aten::channel_shuffle": when("self", isEmpty),
  "aten::native_channel_shuffle": when("self", isEmpty),
  "aten::fake_quantize_per_channel_affine_cachemask_backward": when("grad", isEmpty),
  "aten::fake_quantize_per_tensor_affine_cachemask_backward": when("grad", isEmpty),
  // The gradients of both gates are one tensor (aten/src/ATen/native/RNN.cpp).
  "aten::_thnn_differentiable_lstm_cell_backward": { outputs: () => [0, 0] },
  "aten::_remove_batch_dim": always("self"),
  // Query, key and value are parts of one tensor (aten/src/ATen/native/transformers/attention.cpp).
  "aten::_transform_bias_rescale_qkv": { outputs: () => [0, 0, 0] },
};
