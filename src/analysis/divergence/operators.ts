/** What a compiler knows of ATen's operators beyond their schemas (torch/_inductor/lowering.py, decomposition.py). */
import type { Node, Value } from "../../program/program.ts";
import { copiedValue, dataOperands, forTarget } from "../cache/operators.ts";
import type { Fx } from "./functional.ts";
import { count, layoutOf, sameLayout } from "./layout.ts";

/** Whether a pattern has an operator: asked once a target. */
const matcher = (pattern: RegExp) => forTarget((target) => pattern.test(target));

/** Writes without looking at what it writes over. */
const overwrites = matcher(/^torch\.ops\.aten\.(copy_|fill_|zero_|normal_|uniform_)\./);

/** The operands that the result is computed from. */
export function sourcesOf(node: Node): readonly Value[] {
  const operands = dataOperands(node).filter((operand) => operand !== null);
  return overwrites(node.target) ? operands.slice(1) : operands;
}

/** Whether a value covers all of the other, in the same places. */
export function isWhole(value: Value, base: Value): boolean {
  return value === base || sameLayout(layoutOf(value), layoutOf(base));
}

const isCopy = matcher(/^torch\.ops\.aten\.copy_\./);

/** The operand that a node copies, when a compiler uses it in the copy's place (remove_noop_ops). */
export function copied(fx: Fx): Fx | null {
  if (fx.op !== "pure" || fx.node === null) return null;
  const [source] = fx.args;
  if (source === undefined) return null;
  if (isCopy(fx.node.target)) return sameMeta(source.value, fx.value) ? source : null;
  return copiedValue(fx.node) === null ? null : source;
}

function sameMeta(a: Value, b: Value): boolean {
  return a.meta?.dtype === b.meta?.dtype && isWhole(a, b);
}

/** Is computed at each use, though it is not pointwise by its tags. */
export const isInlined = matcher(
  /^torch\.ops\.aten\.(clone|contiguous|_to_copy|to|flip|index|index_select|embedding|where|expand|repeat|(zeros|ones|full|empty|arange|eye|scalar_tensor)(_like)?|new_\w+|slice_scatter|select_scatter|constant_pad_nd|pad|copy_|fill_|zero_|reshape|view|lift_fresh_copy|masked_fill_?|roll|tril|triu|gelu|silu|dropout)\./,
);

/** Runs a kernel that is not the compiler's own. */
export const isExtern = matcher(
  /^torch\.ops\.(aten\.(\w*mm|matmul|linear|conv\w*|_?scaled_dot_product\w*|dot|mv|addmv|einsum|inner|cumsum|cumprod|sort|topk|nonzero|multinomial|searchsorted)|higher_order)\b/,
);

/** Of those, what takes memory of its own for the result (ir.FallbackKernel, ir.ExternKernelAlloc). */
export const allocates = matcher(
  /^torch\.ops\.aten\.(conv\w*|_?scaled_dot_product\w*|cumsum|cumprod|sort|topk|nonzero|multinomial|searchsorted)\./,
);

/** Copies what is not in memory, for each operand. */
export const takesCopies = matcher(/^torch\.ops\.aten\._?scaled_dot_product\w*\./);

/** Wants its operand in memory as it is, without a view in between. */
export function realizesDirectly({ target }: Node, operand: Value): boolean {
  const rank = operand.meta?.sizes.length ?? 0;
  if (/^torch\.ops\.aten\.(_?scaled_dot_product\w*|conv\w*|sort|topk)\./.test(target)) return true;
  return /^torch\.ops\.aten\.(\w*mm|matmul|linear|dot|mv|addmv)\./.test(target) && rank <= 2;
}

/** Writes its results into memory that it copied first. */
export const isIndexed = matcher(
  /^torch\.ops\.aten\.(index_put|_unsafe_index_put|index_copy|index_fill|index_add|scatter\w*)_?\./,
);

/** Is computed once when several want it. */
export const isHeavy = matcher(/\.(exp|log|log10|log1p|log2|sigmoid|tanh|gelu|silu)_?\./);

/** A call of several results, of which the first is the one the program knows. */
export const hasHiddenResults = matcher(/^torch\.ops\.aten\._?scaled_dot_product\w*\./);

const shuffles = matcher(
  /^torch\.ops\.aten\.(cat|concat|flip|index|index_select|embedding|repeat|roll|slice_scatter|select_scatter|constant_pad_nd|pad|index_copy_?|index_fill_?|stack|gather|scatter\w*)\./,
);

const reduces = matcher(
  /^torch\.ops\.aten\.(sum|mean|amax|amin|max|min|any|all|prod|var\w*|std\w*|argmax|argmin|logsumexp|norm|linalg_vector_norm|group_norm|batch_norm\w*)\./,
);
/** A norm over a dimension, which inductor makes of several steps. */
export const isNorm = matcher(
  /^torch\.ops\.aten\.(_?(log_)?softmax|layer_norm|native_layer_norm|rms_norm)\./,
);

/**
 * How an operator goes over its operand.
 * - `element`: each element of the result is computed from those in its own place; so is the last step of a norm over many
 * - `reduction`: a loop goes over many for one
 * - `neighbours`: as `element`, from several that are read one by one, as of a reduction over few
 */
export function accessOf(node: Node | null): "element" | "reduction" | "neighbours" {
  if (node === null) return "element";
  const isOne = isNorm(node.target);
  if (!isOne && !reduces(node.target)) return "element";
  const [input, output] = [node.operands[0], node.outputs[0]];
  const [all, made] = [input, output].map((value) => (value ? count(layoutOf(value)) : 1)) as [
    number,
    number,
  ];
  const reduced = isOne ? normalized(node) : all / Math.max(made, 1);
  const rows = isOne ? all / Math.max(reduced, 1) : made;
  if (isOne && reduced === 1) return "element";
  if (reduced < FEW && rows !== 1) return "neighbours";
  return isOne ? "element" : "reduction";
}

const averages = matcher(/^torch\.ops\.aten\.(mean|var\w*|std\w*|norm|linalg_vector_norm)\./);
const joins = matcher(/^torch\.ops\.aten\.(cat|concat|concatenate|stack|hstack|vstack|dstack)\./);
const isSoftmax = matcher(/softmax\./);

/** How many elements the steps before the last one put in memory: a mean's sum, softmax's powers, the statistics of a norm, what is joined. */
export function elementsBetween(node: Node): number {
  const access = accessOf(node);
  const size = node.outputs[0] ? count(layoutOf(node.outputs[0])) : 0;
  if (joins(node.target)) return size;
  if (averages(node.target)) return access === "reduction" ? size : 0;
  if (!isNorm(node.target) || normalized(node) === 1) return 0;
  const rows = size / Math.max(normalized(node), 1);
  const statistics = access === "neighbours" ? 1 : 2;
  return isSoftmax(node.target) ? size + (statistics - 1) * 2 * rows : statistics * rows;
}

/** Of those, how many are made by a kernel of its own: softmax's powers, where each of its sums goes over few. */
export function elementsApart(node: Node): number {
  return isSoftmax(node.target) && accessOf(node) === "neighbours" ? elementsBetween(node) : 0;
}

/** config.unroll_reductions_threshold */
const FEW = 8;

/** The elements that are normalized together. */
function normalized(node: Node): number {
  const sizes = node.operands[0] ? layoutOf(node.operands[0]).sizes : [];
  const dim = node.arg("dim");
  if (dim && "as_int" in dim) return sizes.at(Number(dim.as_int)) ?? 1;
  const shape = node.arg("normalized_shape");
  const rank = shape && "as_ints" in shape ? shape.as_ints.length : 1;
  return sizes.slice(sizes.length - rank).reduce((product, size) => product * size, 1);
}

/** Whether each element is computed from those in its own place. */
export function isStraight(fx: Fx | null): boolean {
  if (fx === null || fx.op === "scatter") return true;
  return !shuffles(fx.node?.target ?? "") && accessOf(fx.node) === "element";
}
