/**
 * Where torch lays out a result in one way only, and pt2lint's operators do as it does. Measured: fixtures/strides.ndjson.gz
 * has what torch's own inference says of calls with operands laid out in many ways, and fixed-strides.test.ts holds the two
 * lists below to it.
 */
import type { Operator } from "../ops/operator.ts";
import { OPERATOR_FACTS_TORCH } from "../ops/operators.generated.ts";
import type { Node } from "../program/program.ts";

/**
 * For which operands the strides of a call's results are known. The result of the last three lies as the first operand does:
 * it is that operand; or it does so where that starts at 0, or where that has no gaps besides.
 */
export type FixedStrides = "always" | "contiguous" | "never" | "first" | "unmoved first" | "dense first";

/**
 * Operators that torch takes apart in several ways, by the kernel that it picks or by what needs gradients, and some whose
 * results pt2lint lays out differently.
 */
const NEVER =
  /^(einsum|_?conj|_conj_copy|rot90|col2im|conv_tbc|_?linalg_(solve|lstsq)|lstm|gru|rnn_|mkldnn_|_?scaled_dot_product|_?ctc_loss|resize|(feature_)?(alpha_)?dropout|native_dropout|masked_fill|pixel_)/;

/** Operators that follow operands which are not contiguous in other ways than pt2lint's. */
const CONTIGUOUS =
  /^(conv|_conv|slow_conv|thnn_conv|batch_norm|(_?native_|_)batch_norm|native_group_norm|rms_norm|div(ide)?\.\w+_mode|native_layer_norm_backward|_weight_norm|(\w+_)?(adaptive_\w+|avg|max)_pool\w*|\w+_pad3d|arg?sort|argsort|sort|msort|renorm|addr|copy|copysign|float_power|floor_divide|heaviside|logical_(and|or|xor)|(special_)?(logit|xlogy|xlog1py|multigammaln)|mvlgamma|log_sigmoid_forward|lift_fresh_copy|bernoulli|normal|uniform|(index|masked|select|slice|diagonal|as_strided)_(add|copy|reduce|scatter)|scatter|_unsafe_masked_index|binary_cross_entropy|hinge_embedding_loss|kl_div|nll_loss|linear|linalg_matrix_rank)/;

/** Copies with the first operand's very strides, gaps included (at::native::clone_preserve_strides). */
const AS_FIRST = /^aten::(copy|(slice|select|diagonal)_scatter)$/;

/** Operators that hand back what they are given when they do not train, or a copy of it once decomposed. */
const DROPOUT = /^aten::(feature_)?(alpha_)?dropout$/;

/** Of this torch are the lists; other versions lay out other operators than views and pointwise ones otherwise. */
const RELEASE = release(OPERATOR_FACTS_TORCH);

/** For which operands the strides of a call's results are known. */
export function fixedStrides(node: Node, operator: Operator): FixedStrides {
  if (operator.has("inplace") && !operator.has("inplace_view")) return "first";
  if (DROPOUT.test(operator.qualifiedName) && isFalse(node, "train")) return "dense first";
  // TensorIterator lays results out as its operands lie (at::TensorIteratorBase::reorder_dimensions).
  const isPlain = operator.has("view") || operator.has("pointwise");
  const isMeasured = release(node.graph.program.torchVersion) === RELEASE && isOnCpu(node);
  if (!isPlain && !isMeasured) return "never";
  if (isMeasured && AS_FIRST.test(operator.qualifiedName)) return "unmoved first";
  const strides = stridesByName(operator.qualifiedName);
  // Composite operators call others, and which ones depends on more than was measured.
  return strides === "always" && !isPlain && !operator.has("core") ? "contiguous" : strides;
}

function isFalse(node: Node, name: string): boolean {
  const arg = node.arg(name);
  return arg !== undefined && "as_bool" in arg && !arg.as_bool;
}

/** The same for an operator, in a program of the torch that was measured. */
export function stridesByName(qualifiedName: string): FixedStrides {
  const [namespace, name = ""] = qualifiedName.split("::");
  if (namespace !== "aten" || NEVER.test(name)) return "never";
  return CONTIGUOUS.test(name) ? "contiguous" : "always";
}

function release(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** The kernels of other devices lay their results out in ways of their own. */
export function isOnCpu({ operands, outputs }: Node): boolean {
  return [...operands, ...outputs].every((value) => !value?.meta || value.meta.device.type === "cpu");
}
