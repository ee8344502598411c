/** Operators that write what their schema does not say, or do not write what it says. */
import type { WriteKind } from "./call.ts";
import type { ConcreteCall } from "./concrete.ts";
import { dropsNothing } from "./identities.ts";
import type { HiddenRule, RuleTable, WriteCorrections } from "./rule.ts";
import { sameList } from "./strides.ts";

/** The same kind of write (or none) for several arguments. */
function all(names: readonly string[], kind: WriteKind | null): WriteCorrections {
  return Object.fromEntries(names.map((name) => [name, kind]));
}

/** Annotated, but its version counter does not move and no element changes. */
const untouched = (...names: readonly string[]): HiddenRule => ({ writes: () => all(names, null) });

/** Written by the kernel, behind the version counters. */
const silently = (...names: readonly string[]): HiddenRule => ({ writes: () => all(names, "silent") });

const RUNNING = ["running_mean", "running_var"];

/** The running statistics of batch_norm are written by its kernel, behind the version counters. */
const statistics: HiddenRule = {
  writes: (call) => all(RUNNING, call.bool("training") === true ? "silent" : null),
};

/** instance_norm repeats the statistics, normalizes with the copies and copies the means back. */
const instanceStatistics: HiddenRule = {
  writes: (call) => all(RUNNING, call.bool("use_input_stats") === true ? "data" : null),
};

/** Only training draws the noise. */
const noise: HiddenRule = {
  writes: (call) => ({ noise: call.bool("training") === true ? "silent" : null }),
};

/** The fused optimizers step behind the version counters; gradients change only when they are unscaled. */
const optimizer = (...state: readonly string[]): HiddenRule => ({
  writes: (call) => ({
    ...all(["self", ...state], "silent"),
    grads: call.tensor("grad_scale") === undefined ? null : "silent",
  }),
});

const dropoutInPlace: HiddenRule = {
  writes: (call): WriteCorrections => (dropsNothing(call.tensor("self")!, call) ? { self: null } : {}),
};

/** resize_ leaves at once where the sizes are what they were. */
const resizes = (
  argument: string,
  wished: (call: ConcreteCall) => readonly number[] | undefined,
): HiddenRule => ({
  writes: (call) => {
    const sizes = wished(call);
    return sizes !== undefined && sameList(call.tensor(argument)!.sizes, sizes) ? { [argument]: null } : {};
  },
});

/** The argument gets the storage of `source`. */
const rebinds: HiddenRule = {
  outputs: (call) => [call.tensor("source")?.source ?? null],
  writes: () => ({ self: "rebind" }),
};

/** Weighted by one weight, a single observation is centred in place (at::cov, measured). */
const centresInPlace: HiddenRule = {
  writes: (call): WriteCorrections => {
    const { sizes } = call.tensor("self")!;
    const observations = sizes.length < 2 ? (sizes[0] ?? 1) : sizes[1];
    const oneWeight = (call.tensor("fweights") === undefined) !== (call.tensor("aweights") === undefined);
    return observations === 1 && oneWeight ? { self: "data" } : {};
  },
};

/** What does not fit into the tensor it is given goes into a new one, and the given one holds scratch. */
const addRelu = (argument: string): HiddenRule => {
  const fits = (call: ConcreteCall) => call.tensor(argument)?.dtype === call.outputs[0]?.dtype;
  return {
    outputs: (call) => [fits(call) ? (call.tensor(argument)?.source ?? null) : null],
    writes: (call) => (fits(call) ? {} : { [argument]: "silent" }),
  };
};

const OBSERVER = ["running_min", "running_max", "scale", "zero_point"];

export const WRITES: RuleTable = {
  "aten::batch_norm": statistics,
  "aten::native_batch_norm": statistics,
  "aten::native_batch_norm.out": statistics,
  "aten::_batch_norm_impl_index": statistics,
  "aten::_native_batch_norm_legit": statistics,
  "aten::_native_batch_norm_legit.out": statistics,
  "aten::_batch_norm_with_update": silently(...RUNNING),
  "aten::_batch_norm_with_update.out": silently(...RUNNING),
  "aten::batch_norm_update_stats": silently(...RUNNING),
  "aten::batch_norm_update_stats.out": silently(...RUNNING),
  "aten::instance_norm": instanceStatistics,
  "aten::rrelu_with_noise": noise,
  "aten::rrelu_with_noise_": noise,
  "aten::rrelu_with_noise.out": noise,
  "aten::fused_moving_avg_obs_fake_quant": silently(...OBSERVER),
  "aten::_fused_moving_avg_obs_fq_helper": silently(...OBSERVER),
  "aten::_fused_sgd_": optimizer("momentum_buffer_list"),
  "aten::_fused_adam_": optimizer("exp_avgs", "exp_avg_sqs", "max_exp_avg_sqs"),
  "aten::_fused_adamw_": optimizer("exp_avgs", "exp_avg_sqs", "max_exp_avg_sqs"),
  "aten::_fused_adagrad_": {
    writes: (call) => ({ ...optimizer("state_sums").writes!(call), state_steps: null }),
  },
  "aten::_amp_foreach_non_finite_check_and_unscale_": silently("self", "found_inf"),
  "aten::_amp_foreach_non_finite_check_and_unscale.out": silently("found_inf"),
  "aten::_cummax_helper": silently("values", "indices"),
  "aten::_cummin_helper": silently("values", "indices"),
  "aten::_sobol_engine_ff_": silently("self"),
  "aten::kron.out": silently("out"),
  "aten::_add_relu_.Tensor": addRelu("self"),
  "aten::_add_relu.out": addRelu("out"),
  "aten::cov": centresInPlace,
  "aten::dropout_": dropoutInPlace,
  "aten::feature_dropout_": dropoutInPlace,
  "aten::alpha_dropout_": dropoutInPlace,
  "aten::feature_alpha_dropout_": dropoutInPlace,
  "aten::requires_grad_": untouched("self"),
  "aten::detach_": untouched("self"),
  "prims::as_strided": untouched("a"),
  "aten::resize_": resizes("self", (call) => call.numbers("size")),
  "aten::resize_as_": resizes("self", (call) => call.tensor("the_template")?.sizes),
  "aten::empty.out": resizes("out", (call) => call.numbers("size")),
  "prims::resize": resizes("a", (call) => call.numbers("shape")),
  "aten::set_": rebinds,
  "aten::set_data": silently("self"),
};
