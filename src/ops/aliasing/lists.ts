/** Operators that take or give lists of tensors, or several tensors that are parts of one. */
import type { ConcreteCall } from "./concrete.ts";
import { hasLazyBit } from "./conversions.ts";
import { always, type HiddenRule, type RuleTable, type Share, sharesIf } from "./rule.ts";
import { isContiguous, numel } from "./strides.ts";

/** Each output is a view of the element at its place. */
const elementwise = (argument: string): HiddenRule => ({
  outputs: (call) => call.tensors(argument).map((tensor): Share => tensor?.source ?? null),
});

/** All outputs are parts of one new tensor. */
const partsOfOne: HiddenRule = { outputs: (call) => call.outputs.map(() => 0) };

/**
 * Parts of the argument that torch does not register as views; a lazily conjugated argument is resolved into a
 * new tensor first (aten/src/ATen/ConjugateFallback.cpp), as it is for every operator that is no view.
 */
const unregisteredParts: HiddenRule = {
  outputs: (call, doubt) => {
    const self = call.tensor("self")!;
    const resolved = hasLazyBit(self, doubt);
    return call.outputs.map((): Share => (resolved ? 0 : self.source!));
  },
};

/** A list of one is handed through where the condition holds. */
const loneElement = (
  argument: string,
  condition: (call: ConcreteCall) => boolean = () => true,
): HiddenRule => ({
  outputs: (call) => {
    const tensors = call.tensors(argument);
    return sharesIf(tensors.length === 1 && condition(call), tensors[0]);
  },
});

export const LISTS: RuleTable = {
  "aten::atleast_1d": always("self"),
  "aten::atleast_2d": always("self"),
  "aten::atleast_3d": always("self"),
  "aten::atleast_1d.Sequence": elementwise("tensors"),
  "aten::atleast_2d.Sequence": elementwise("tensors"),
  "aten::atleast_3d.Sequence": elementwise("tensors"),
  "aten::broadcast_tensors": elementwise("tensors"),
  "aten::meshgrid": elementwise("tensors"),
  "aten::where": {},
  "aten::where.default": partsOfOne,
  "aten::nonzero_numpy": partsOfOne,
  "aten::cartesian_prod": loneElement("tensors"),
  "aten::flatten_dense_tensors": loneElement("tensors", (call) => isContiguous(call.tensors("tensors")[0]!)),
  "aten::unsafe_split": unregisteredParts,
  "aten::unsafe_split_with_sizes": unregisteredParts,
  "aten::unsafe_chunk": unregisteredParts,
  "aten::unflatten_dense_tensors": {
    outputs: (call) => {
      const flat = call.tensor("flat")?.source ?? null;
      return call.outputs.map((tensor) => (tensor !== undefined && numel(tensor.sizes) > 0 ? flat : null));
    },
  },
  "aten::histogramdd.TensorList_bins": {
    outputs: (call) => [null, ...call.tensors("bins").map((tensor): Share => tensor?.source ?? null)],
  },
};
