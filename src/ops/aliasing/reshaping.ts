/** Operators that view where the strides allow it and copy where they do not. */
import type { ConcreteTensor } from "./concrete.ts";
import { always, type RuleTable, when } from "./rule.ts";
import { canView, inferSizes, isContiguous, numel } from "./strides.ts";

/** reshape: a view where the strides allow one (aten/src/ATen/native/TensorShape.cpp). */
function viewsAs(self: ConcreteTensor, shape: readonly number[] | undefined): boolean {
  return shape !== undefined && canView(self, inferSizes(shape, numel(self.sizes)));
}

/** The sizes of the one output, where working them out again would only repeat the operator's meta kernel. */
const asOutput = (argument: string) => when(argument, (self, call) => viewsAs(self, call.outputs[0]?.sizes));

export const RESHAPING: RuleTable = {
  "aten::reshape": when("self", (self, call) => viewsAs(self, call.numbers("shape"))),
  "aten::reshape_as": asOutput("self"),
  "aten::_reshape_from_tensor": asOutput("self"),
  "aten::flatten": asOutput("self"),
  "aten::ravel": when("self", (self) => isContiguous(self)),
  "aten::_unsafe_view": always("self"),
};
