/** Convolutions of any number of spatial dimensions, as products of matrices over windows of the padded input. */
import { numelOf } from "../../tensor/geometry.ts";
import { suggestedStrides } from "../../tensor/memory-format.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { requireSameDtype, roundInto, wideProduct } from "./products.ts";
import { reshaped } from "./reshaping.ts";
import { narrowed, permuted, squeezed, transposed, unsqueezed } from "./views.ts";

interface Convolution {
  readonly input: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly transposed: boolean;
  readonly output_padding: readonly number[];
  readonly groups: number;
}

/** One number stands for every spatial dimension (at::native::expand_param_if_needed). */
export function perDimension(list: readonly number[] | number, count: number): number[] {
  const values = typeof list === "number" ? [list] : list;
  if (values.length !== 1 && values.length !== count) {
    throw new RangeError(`${values.length} values are given for ${count} dimensions`);
  }
  return Array.from({ length: count }, (_, d) => values[values.length === 1 ? 0 : d]!);
}

function perSpace(args: Convolution): Convolution {
  const count = args.weight.rank - 2;
  return {
    ...args,
    stride: perDimension(args.stride, count),
    padding: perDimension(args.padding, count),
    dilation: perDimension(args.dilation, count),
    output_padding: perDimension(args.output_padding, count),
  };
}

/** at::native::conv_output_size and conv_input_size. @throws RangeError when operands do not fit. */
function outputSizes(args: Convolution): number[] {
  const { input, weight, bias, stride, padding, dilation, output_padding, groups } = args;
  requireSameDtype(input, weight, bias);
  const channels = args.transposed ? weight.sizes[0]! : weight.sizes[1]! * groups;
  if (input.rank !== weight.rank || input.sizes[1] !== channels) {
    throw new RangeError(
      `convolution: a weight [${weight.sizes.join(", ")}] with ${groups} groups does not fit an input [${input.sizes.join(", ")}]`,
    );
  }
  const spatial = stride.map((step, d) => {
    const [size, reach] = [input.sizes[d + 2]!, dilation[d]! * (weight.sizes[d + 2]! - 1)];
    if (args.transposed) return (size - 1) * step - 2 * padding[d]! + reach + output_padding[d]! + 1;
    const room = size + 2 * padding[d]! - reach - 1;
    if (room < 0)
      throw new RangeError(
        `convolution: the kernel is larger than the padded input [${input.sizes.join(", ")}]`,
      );
    return Math.floor(room / step) + 1;
  });
  return [input.sizes[0]!, args.transposed ? weight.sizes[1]! * groups : weight.sizes[0]!, ...spatial];
}

/** Zeros around the spatial dimensions, or less of them; `gaps` zeros apart from each other. */
function spread(
  input: Tensor,
  before: readonly number[],
  after: readonly number[],
  step: readonly number[],
): Tensor {
  const space = input.sizes.slice(2);
  const dilated = space.map((size, d) => (size === 0 ? 0 : (size - 1) * step[d]! + 1));
  const full = Tensor.zeros([...input.sizes.slice(0, 2), ...dilated], input.dtype);
  const strides = full.strides.map((stride, d) => (d < 2 ? stride : stride * step[d - 2]!));
  call("aten::copy_", full.view(input.sizes, strides), input);
  const pad = space.flatMap((_, d) => [before[d]!, after[d]!]);
  const pairs = Array.from({ length: space.length }, (_, d) => pad.slice(2 * d, 2 * d + 2)).reverse();
  return call("aten::constant_pad_nd", full, pairs.flat(), Scalar.int(0));
}

/** All windows of the padded input: [N, groups, C / groups, *kernel, *output], a view. */
function windows(
  padded: Tensor,
  args: Convolution,
  kernel: readonly number[],
  space: readonly number[],
): Tensor {
  const [n, c] = padded.sizes as [number, number];
  const { groups, stride, dilation } = args;
  const [sn, sc, ...steps] = padded.strides as [number, number, ...number[]];
  return padded.view(
    [n, groups, c / groups, ...kernel, ...space],
    [
      sn,
      (sc * c) / groups,
      sc,
      ...steps.map((s, d) => s * dilation[d]!),
      ...steps.map((s, d) => s * stride[d]!),
    ],
  );
}

/** A transposed convolution is one with stride 1 of the spread input with the mirrored weight. */
function transposedAsPlain(args: Convolution): { input: Tensor; args: Convolution } {
  const { weight, stride, padding, dilation, output_padding, groups } = args;
  const [inputs, outputs, ...kernel] = weight.sizes as [number, number, ...number[]];
  const grouped = reshaped(weight, [groups, inputs / groups, outputs, ...kernel]);
  const swapped = reshaped(transposed(grouped, 1, 2), [groups * outputs, inputs / groups, ...kernel]);
  const edge = kernel.map((size, d) => dilation[d]! * (size - 1) - padding[d]!);
  const far = edge.map((size, d) => size + output_padding[d]!);
  const mirrored = call(
    "aten::flip",
    swapped,
    kernel.map((_, d) => d + 2),
  );
  return {
    input: spread(args.input, edge, far, stride),
    args: { ...args, weight: mirrored, stride: stride.map(() => 1) },
  };
}

function convolve(whole: Convolution, out: Tensor): void {
  const ones = whole.stride.map(() => 1);
  const { input, args } = whole.transposed
    ? transposedAsPlain(whole)
    : { input: spread(whole.input, whole.padding, whole.padding, ones), args: whole };
  const [outputs, , ...kernel] = args.weight.sizes as [number, number, ...number[]];
  const [n, , ...space] = out.sizes as [number, number, ...number[]];
  const { groups } = args;
  const [taps, places] = [args.weight.sizes[1]! * numelOf(kernel), numelOf(space)];
  const all = windows(input, args, kernel, space);
  const weight = reshaped(args.weight, [groups, outputs / groups, taps]);
  for (let sample = 0; sample < n; sample++) {
    const columns = reshaped(squeezed(narrowed(all, 0, sample, 1), [0]), [groups, taps, places]);
    let product = wideProduct(weight, columns);
    if (args.bias !== null) {
      const bias = reshaped(args.bias, [groups, outputs / groups, 1]);
      product = call("aten::add.Tensor", product, call("aten::_to_copy", bias, product.dtype));
    }
    roundInto(squeezed(narrowed(out, 0, sample, 1), [0]), product);
  }
}

function outputSpec(args: Convolution): TensorSpec {
  const sizes = outputSizes(args);
  return { ...args.input.like(sizes), strides: suggestedStrides(sizes, args.input, args.weight) };
}

/** Inputs without a batch get one for the while (at::native::batchify). */
function batched(args: Convolution): Tensor {
  const single = args.input.rank === args.weight.rank - 1;
  const input = single ? unsqueezed(args.input, 0) : args.input;
  const { weight, bias, stride, padding, dilation, output_padding, groups } = args;
  const out = call(
    "aten::convolution",
    input,
    weight,
    bias,
    stride,
    padding,
    dilation,
    args.transposed,
    output_padding,
    groups,
  );
  return single ? squeezed(out, [0]) : out;
}

/** Padding that keeps the size; what cannot be halved goes behind (at::native::convolution_same). */
function paddedSame(args: Arguments): Tensor {
  const { input, weight } = args as unknown as Convolution;
  const count = weight.rank - 2;
  const dilation = perDimension(args.dilation as number[], count);
  const stride = perDimension(args.stride as number[], count);
  if (args.padding === "valid")
    return batched({ ...(args as unknown as Convolution), padding: [0], ...PLAIN });
  if (stride.some((step) => step !== 1))
    throw new RangeError("padding 'same' is not supported for strided convolutions");
  const total = dilation.map((step, d) => step * (weight.sizes[d + 2]! - 1));
  const padding = total.map((size) => Math.floor(size / 2));
  const extra = total.map((size) => size % 2);
  const pad = extra.toReversed().flatMap((size) => [0, size]);
  const padded = extra.includes(1) ? call("aten::constant_pad_nd", input, pad, Scalar.int(0)) : input;
  return batched({ ...(args as unknown as Convolution), input: padded, padding, dilation, ...PLAIN });
}

const PLAIN = { transposed: false, output_padding: [0] } as const;

const forward = (args: Arguments): Tensor => batched({ ...(args as unknown as Convolution), ...PLAIN });
const backward = (args: Arguments): Tensor =>
  batched({ ...(args as unknown as Convolution), transposed: true });

export const convolutions: readonly Kernel[] = [
  defineOp(
    "aten::convolution(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, SymInt[] dilation, bool transposed, SymInt[] output_padding, SymInt groups) -> Tensor",
    {
      meta: (args) => outputSpec(perSpace(args)),
      run: (args, out) => convolve(perSpace(args), out),
    },
  ),
  tableOp("aten::_convolution", { composite: (args) => batched(args as unknown as Convolution) }),
  tableOp("aten::_convolution.deprecated", {
    composite: (args) => batched(args as unknown as Convolution),
  }),
  tableOp("aten::_convolution_mode", { composite: paddedSame }),
  tableOp("aten::conv1d", { composite: forward }),
  tableOp("aten::conv2d", { composite: forward }),
  tableOp("aten::conv3d", { composite: forward }),
  tableOp("aten::conv1d.padding", { composite: paddedSame }),
  tableOp("aten::conv2d.padding", { composite: paddedSame }),
  tableOp("aten::conv3d.padding", { composite: paddedSame }),
  tableOp("aten::conv_transpose1d", { composite: backward }),
  tableOp("aten::conv_transpose2d.input", { composite: backward }),
  tableOp("aten::conv_transpose3d.input", { composite: backward }),
  tableOp("aten::mkldnn_convolution", { composite: (args) => forward({ ...args, input: args.self }) }),
  tableOp("aten::thnn_conv2d", {
    composite: (args) => forward({ ...args, input: args.self, dilation: [1], groups: 1 }),
  }),
  tableOp("aten::slow_conv3d", {
    composite: (args) => forward({ ...args, input: args.self, dilation: [1], groups: 1 }),
  }),
  ...["slow_conv_dilated2d", "slow_conv_dilated3d"].map((name) =>
    tableOp(`aten::${name}`, { composite: (args) => forward({ ...args, input: args.self, groups: 1 }) }),
  ),
  ...["slow_conv_transpose2d", "slow_conv_transpose3d"].map((name) =>
    tableOp(`aten::${name}`, { composite: (args) => backward({ ...args, input: args.self, groups: 1 }) }),
  ),
  // Time, batch and channels in turn.
  defineOp("aten::conv_tbc(Tensor self, Tensor weight, Tensor bias, int pad=0) -> Tensor", {
    composite: ({ self, weight, bias, pad }) =>
      permuted(
        call("aten::conv1d", permuted(self, [1, 2, 0]), permuted(weight, [2, 1, 0]), bias, [1], [pad]),
        [2, 0, 1],
      ),
  }),
];
