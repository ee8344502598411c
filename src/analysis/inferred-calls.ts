/** Calls whose results can be inferred. */

import { type Frame, namedArguments, resolve, resolver } from "../interpreter/arguments.ts";
import { autocastCall, castsWithin } from "../interpreter/autocast.ts";
import { pythonFunction } from "../interpreter/symbols.ts";
import type { Arguments, Kernel } from "../ops/kernel.ts";
import { findKernel } from "../ops/kernels.ts";
import type { Operator } from "../ops/operator.ts";
import type { SchemaArgument } from "../ops/schema-string.ts";
import type { Node } from "../program/program.ts";
import { Layout } from "../schema/types.generated.ts";
import { autocastOf } from "./autocast-regions.ts";
import { type FixedStrides, fixedStrides, isOnCpu } from "./fixed-strides.ts";
import { isInVmap } from "./vmap-regions.ts";

/** A call that can be inferred. */
export interface Call {
  readonly run: (frame: Frame) => unknown;
  /** What the metadata may have as well. */
  readonly otherwise?: (frame: Frame) => unknown;
  readonly strides: FixedStrides;
}

/** The call of an operator that pt2lint runs. */
export function kernelCall(node: Node, operator: Operator): Call | undefined {
  const kernel = findKernel(operator.qualifiedName);
  if (kernel === undefined || FAKES_DIFFER.test(kernel.name)) return undefined;
  const autocast = autocastOf(node);
  if (autocast === undefined || (autocast !== null && castsWithin(kernel))) return undefined;
  if (lacksArgument(node, kernel)) return undefined;
  const isOne = STATISTICS.test(kernel.name) && !isOnCpu(node);
  const by = (compute: (args: Arguments) => unknown) => (frame: Frame) => {
    const args = namedArguments(node, kernel.schema);
    args.read(frame);
    requireLayout(node, args.values.layout);
    const results = compute(args.values);
    return isOne && Array.isArray(results) ? results[0] : results;
  };
  const plain = by((args) => kernel.call(args));
  // Within a vmap tensors lie as they do with the dimension that metadata does not show.
  const strides = isInVmap(node) ? "never" : fixedStrides(node, operator);
  if (autocast === null) return { run: plain, strides };
  return {
    run: by((args) => autocastCall(autocast, kernel, args)),
    // In what torch.export makes with strict=True, autocast is not seen in metadata.
    otherwise: plain,
    strides: castStrides(strides),
  };
}

/** Autocast copies operands, and the copies lie as they do; the interpreter's are contiguous. */
const castStrides = (strides: FixedStrides): FixedStrides =>
  strides === "always" || strides === "or contiguous" ? "contiguous" : strides;

/** What is made with a layout has that layout. */
function requireLayout({ outputs }: Node, layout: unknown): void {
  if (typeof layout !== "string" || layout === "strided" || outputs[0]?.meta?.layout !== Layout.Strided)
    return;
  throw new RangeError(`layout=torch.${layout} makes no strided tensor, which its metadata says it gives`);
}

/** Operators that torch's own inference says something else of than they give: metadata is as the inference has it. */
const FAKES_DIFFER =
  /^(quantized_decomposed::choose_qparams_per_token|aten::(_?embedding_bag|_batch_norm_with_update))/;

/** Whose statistics of a low precision input have its dtype on a CPU, and one of their own elsewhere. */
const STATISTICS = /^aten::(_?native_batch_norm|native_layer_norm|_batch_norm)/;

/** Missing arguments are for arguments/names. */
function lacksArgument(node: Node, kernel: Kernel): boolean {
  const given = node.source.inputs;
  const missing = ({ name, default: value }: SchemaArgument, i: number): boolean =>
    value === undefined && given[i]?.name !== "" && !given.some((input) => input.name === name);
  return kernel.schema.args.some(missing);
}

/** The call of a function of Python on symbolic numbers. */
export function pythonCall(node: Node): Call | undefined {
  const compute = pythonFunction(node.target);
  if (compute === undefined) return undefined;
  const { graph, source } = node;
  return {
    run: (frame) => compute(source.inputs.map(({ arg }) => resolve(resolver(graph, arg), frame))),
    strides: "never",
  };
}
