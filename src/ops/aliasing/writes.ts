/** Operators that write what their schema does not say, or do not write what it says. */
import type { ArgumentWrite, WriteKind } from "./call.ts";
import type { ConcreteCall } from "./concrete.ts";
import { dropsNothing } from "./identities.ts";
import type { HiddenRule, RuleTable } from "./rule.ts";
import { sameList } from "./strides.ts";

function write(call: ConcreteCall, argument: string, kind: WriteKind): ArgumentWrite[] {
  return call.tensor(argument) === undefined ? [] : [{ argument, index: -1, kind }];
}

/** Its annotation names a write, its version counter does not move and no element changes. */
const writesNothing: HiddenRule = { writes: () => [] };

/** The running statistics of batch_norm are written by its kernel, behind the version counters. */
const statistics = (flag: string | null): HiddenRule => ({
  writes: (call) =>
    flag !== null && call.bool(flag) !== true
      ? []
      : [...write(call, "running_mean", "silent"), ...write(call, "running_var", "silent")],
});

/** Written by the kernel, behind the version counters. */
const silently = (...names: readonly string[]): HiddenRule => ({
  writes: (call) => names.flatMap((name) => write(call, name, "silent")),
});

/** instance_norm repeats the statistics, normalizes with the copies and copies the means back. */
const instanceStatistics: HiddenRule = {
  writes: (call) =>
    call.bool("use_input_stats") === true
      ? [...write(call, "running_mean", "data"), ...write(call, "running_var", "data")]
      : [],
};

const dropoutInPlace: HiddenRule = {
  writes: (call) => {
    const self = call.tensor("self");
    return self === undefined || dropsNothing(self, call) ? [] : write(call, "self", "data");
  },
};

/** resize_ leaves at once where the sizes are what they were. */
const resizes = (wished: (call: ConcreteCall) => readonly number[] | undefined): HiddenRule => ({
  writes: (call) => {
    const sizes = wished(call);
    const same = sizes !== undefined && sameList(call.tensor("self")!.sizes, sizes);
    return same ? [] : write(call, "self", "data");
  },
});

/** The argument gets the storage of `source`. */
const rebinds: HiddenRule = {
  outputs: (call) => [call.tensor("source")?.source ?? null],
  writes: (call) => write(call, "self", "rebind"),
};

export const WRITES: RuleTable = {
  "aten::batch_norm": statistics("training"),
  "aten::native_batch_norm": statistics("training"),
  "aten::_batch_norm_impl_index": statistics("training"),
  "aten::_native_batch_norm_legit": statistics("training"),
  "aten::_batch_norm_with_update": statistics(null),
  "aten::instance_norm": instanceStatistics,
  "aten::dropout_": dropoutInPlace,
  "aten::feature_dropout_": dropoutInPlace,
  "aten::alpha_dropout_": dropoutInPlace,
  "aten::feature_alpha_dropout_": dropoutInPlace,
  "aten::rrelu_with_noise": {
    writes: (call) => (call.bool("training") === true ? write(call, "noise", "silent") : []),
  },
  "aten::fused_moving_avg_obs_fake_quant": silently("running_min", "running_max", "scale", "zero_point"),
  "aten::_sobol_engine_ff_": silently("self"),
  "aten::requires_grad_": writesNothing,
  "aten::detach_": writesNothing,
  "aten::resize_": resizes((call) => call.numbers("size")),
  "aten::resize_as_": resizes((call) => call.tensor("the_template")?.sizes),
  "aten::set_": rebinds,
  "aten::set_data": silently("self"),
};
