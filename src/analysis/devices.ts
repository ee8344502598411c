/** Which device a call's result is on, by the devices of its operands (torch/_subclasses/fake_tensor.py _find_common_device). */
import type { Operator } from "../ops/operator.ts";
import type { Node, Value } from "../program/program.ts";
import type { Device, TensorMeta } from "../schema/types.generated.ts";

/** What torch makes of the devices of a call's operands. */
export interface CallDevice {
  /** The device of the results; undefined where torch has none. */
  readonly device: Device | undefined;
  /** The first two operands that torch does not put together. */
  readonly mixed: readonly [Value, Value] | undefined;
}

/** Operators that work across devices, beside views: their results are on the device of the first tensor. */
const ACROSS =
  /^aten::(index|_unsafe_index|index_put_?|_unsafe_index_put|copy_?|(slice|select|diagonal|as_strided)_scatter|embedding_bag|bincount)(\.|$)/;

/** Conversions to what another tensor is, and so to its device. */
const TO_OTHER = /^aten::(to\.other|type_as)$/;

/** Libraries beside aten whose operators stay on the device of their operands. */
const LIBRARIES = /^(aten|quantized_decomposed|executorch|torch_nn|torchvision|transformers)::/;

/** Composite operators that do nothing but call others on all of their tensors. */
const COMPOSITE =
  /^aten::(linear|matmul|einsum|conv[123]d|conv_transpose[123]d|batch_norm|layer_norm|group_norm|rms_norm|instance_norm|bilinear|cosine_similarity|broadcast_tensors|concat|vstack|hstack|dstack|scaled_dot_product_attention)(\.|$)/;

/** Operators that move tensors, and those of CUDA that keep the state of their random numbers on the CPU. */
const ELSEWHERE = /^aten::(_?pin_memory|_to_cpu|_copy_from\w*|lift\w*|resize_as\w*|\w*attention\w*)(\.|$)/;

/** The device of a call, for the operators of which it is known; undefined for others, and where nothing is known of an operand. */
export function callDevice(node: Node, operator: Operator): CallDevice | undefined {
  const name = operator.qualifiedName;
  if (!LIBRARIES.test(name) || name.startsWith("aten::set_")) return undefined;
  const asked = askedDevice(node);
  if (asked !== undefined) return { device: asked, mixed: undefined };
  const tensors = node.operands.filter((value) => value?.kind === "tensor");
  if (tensors.length === 0 || tensors.some((value) => value?.meta === undefined)) return undefined;
  const [first, other] = tensors as Value[];
  if (TO_OTHER.test(name)) return other && { device: other.meta!.device, mixed: undefined };
  if (ACROSS.test(name) || operator.has("view")) return { device: first!.meta!.device, mixed: undefined };
  if (operator.has("core") || operator.has("pointwise") || COMPOSITE.test(name)) {
    return commonDevice(tensors as Value[]);
  }
  // Whether these take tensors of several devices is not known, but where all are on one, so is the result.
  if (ELSEWHERE.test(name) || !areTogether(tensors as Value[])) return undefined;
  return { device: first!.meta!.device, mixed: undefined };
}

const areTogether = (tensors: readonly Value[]): boolean =>
  tensors.every(({ meta }) => isSameDevice(meta!.device, tensors[0]!.meta!.device));

/** The device that the call names. */
function askedDevice(node: Node): Device | undefined {
  for (const { name, arg } of node.source.inputs) {
    if (name === "device" && "as_device" in arg) return arg.as_device;
  }
  return undefined;
}

function commonDevice(tensors: readonly Value[]): CallDevice {
  let common = tensors[0]!;
  for (const tensor of tensors) {
    if (isSameDevice(tensor.meta!.device, common.meta!.device)) {
      if (isNumber(common.meta!)) common = tensor;
    } else if (isNumber(common.meta!)) common = tensor;
    else if (!isNumber(tensor.meta!)) return { device: undefined, mixed: withoutMeta([common, tensor]) };
  }
  return { device: common.meta!.device, mixed: undefined };
}

/** Some operators take tensors on the device `meta`, which have no elements. */
function withoutMeta(pair: readonly [Value, Value]): CallDevice["mixed"] {
  return pair.some((value) => value.meta!.device.type === "meta") ? undefined : pair;
}

/** A tensor without dimensions in the CPU's memory goes with any device. */
function isNumber({ device, sizes }: TensorMeta): boolean {
  return device.type === "cpu" && sizes.length === 0;
}

/** A device without an index is the one that is current: it may be any of its kind. */
export function isSameDevice(a: Device, b: Device): boolean {
  const isAny = ({ index }: Device): boolean => index === null || index === undefined;
  return a.type === b.type && (isAny(a) || isAny(b) || Number(a.index) === Number(b.index));
}
