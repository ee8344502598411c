/**
 * Where torch lays out a result in one way only, and pt2lint's operators do as it does. Measured: fixtures/strides.ndjson.gz
 * has what torch's own inference says of calls with operands laid out in many ways, and fixed-strides.test.ts holds the two
 * lists below to it.
 */
import type { Operator } from "../ops/operator.ts";
import { OPERATOR_FACTS_TORCH } from "../ops/operators.generated.ts";
import type { Node } from "../program/program.ts";

/**
 * For which operands the strides of a call's results are known. `anew`: they are contiguous, however the operands lie;
 * `or contiguous`: what pt2lint infers is one of two ways. The last three lie as the first operand does: the result is that
 * operand; or it has its strides; or it lies as it does where that starts at 0 and has no gaps.
 */
export type FixedStrides =
  | "always"
  | "contiguous"
  | "never"
  | "anew"
  | "or contiguous"
  | "first"
  | "strides of first"
  | "dense first";

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
const AS_FIRST = /^(copy|(slice|select|diagonal)_scatter)$/;

/** Operators that write into a contiguous copy of the first operand, where torch lays out no result of its own. */
const ANEW =
  /^(masked_(fill|scatter)|scatter(_add|_reduce)?|index_(add|copy|reduce)|renorm|bernoulli|mvlgamma|_unsafe_masked_index)(\.|$)/;

/** Composite operators of most models, which lay results out alike with gradients and without. */
const COMPOSITE =
  /^(linear|matmul|layer_norm|conv[23]d|conv_transpose2d|fill|repeat_interleave\.self_int|linalg_vector_norm|stack|baddbmm|pad|where\.ScalarOther|type_as|upsample_(linear1d|bicubic2d)|grid_sampler|log_sigmoid|(adaptive_)?avg_pool2d|zeros_like|ones_like|zero|softmax|mse_loss|broadcast_tensors)(\.|$)/;

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
  const strides = stridesByName(operator.qualifiedName);
  if (strides !== "always" || isPlain || operator.has("core") || COMPOSITE.test(nameOf(operator))) {
    return strides;
  }
  // Other composite operators call others, and which ones depends on more than was measured.
  return "contiguous";
}

const nameOf = ({ qualifiedName }: Operator): string => qualifiedName.replace(/^aten::/, "");

function isFalse(node: Node, name: string): boolean {
  const arg = node.arg(name);
  return arg !== undefined && "as_bool" in arg && !arg.as_bool;
}

/** The same for an operator, in a program of the torch that was measured. */
export function stridesByName(qualifiedName: string): FixedStrides {
  const [namespace, name = ""] = qualifiedName.split("::");
  if (namespace !== "aten") return "never";
  if (!/[._]out$/.test(name)) {
    // By flash attention, or by products of matrices where a mask needs gradients or the caller asks for them.
    if (name === "scaled_dot_product_attention") return "or contiguous";
    if (AS_FIRST.test(name)) return "strides of first";
    if (ANEW.test(name)) return "anew";
    if (COMPOSITE.test(name)) return "always";
  }
  if (NEVER.test(name)) return "never";
  return CONTIGUOUS.test(name) ? "contiguous" : "always";
}

function release(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** The kernels of other devices lay their results out in ways of their own. */
export function isOnCpu({ operands, outputs }: Node): boolean {
  return [...operands, ...outputs].every((value) => !value?.meta || value.meta.device.type === "cpu");
}
