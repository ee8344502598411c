/** Convolutions of float32, as products of matrices over the windows of a padded input. */
import { contiguousStrides, numelOf } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { perDimension } from "../aten/convolution.ts";
import type { Planner } from "../kernel.ts";
import { copier, denseAddress } from "./copy.ts";
import { multiplier, productKernels, spaces } from "./multiply.ts";
import { addressOf, floatAt, isFloat32, resultOf, room } from "./operands.ts";
import { windowKernels } from "./windows.ts";

/** The input with zeros around its spatial dimensions, dense: its strides, and what gives its address. */
function padder(input: Tensor, padding: readonly number[]) {
  const space = input.sizes.slice(2).map((size, d) => size + 2 * padding[d]!);
  const sizes = [...input.sizes.slice(0, 2), ...space];
  const strides = contiguousStrides(sizes);
  const isPadded = padding.some((size) => size !== 0);
  if (!isPadded && input.isContiguous) return { strides, address: addressOf };
  const copy = copier(input.sizes, strides, input.strides, 4);
  const start = 4 * padding.reduce((sum, size, d) => sum + size * strides[d + 2]!, 0);
  return {
    strides,
    address: (given: Tensor): number => {
      const block = room(4 * numelOf(sizes));
      if (isPadded) block.bytes.fill(0);
      copy(block.address + start, addressOf(given));
      return block.address;
    },
  };
}

/** What convolves one plane with one kernel: channels of their own need no product of matrices. */
function planeConvolver(
  kernel: readonly number[],
  space: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
  steps: readonly number[],
): (to: number, x: number, taps: number, bias: number) => void {
  const isLine = space.length === 1;
  const [rows, n] = isLine ? [1, space[0]!] : (space as [number, number]);
  const [high, wide] = isLine ? [1, kernel[0]!] : (kernel as [number, number]);
  const [next, step] = [0, 1].map((d) => (isLine ? d * stride[0]! * 4 : 4 * stride[d]! * steps[d]!)) as [
    number,
    number,
  ];
  const [down, right] = [0, 1].map((d) => (isLine ? d * dilation[0]! * 4 : 4 * dilation[d]! * steps[d]!)) as [
    number,
    number,
  ];
  const { convolve } = windowKernels();
  return (to, x, taps, bias) => {
    convolve(to, x, taps, bias === 0 ? 0 : floatAt(bias), rows, n, high, wide, next, step, down, right);
  };
}

/** at::native::convolution, as it is not transposed. */
const planConvolution: Planner = (args, spec) => {
  const { input, weight, bias } = args;
  if (!isFloat32(input) || !isFloat32(weight) || args.transposed) return null;
  if (
    spec === null ||
    "length" in spec ||
    spec.sizes.includes(0) ||
    (bias !== null && !(isFloat32(bias) && bias.isContiguous))
  )
    return null;
  const [samples, channels, ...space] = spec.sizes as [number, number, ...number[]];
  const [stride, padding, dilation] = [args.stride, args.padding, args.dilation].map((list) =>
    perDimension(list as number[], space.length),
  ) as [number[], number[], number[]];
  const groups = args.groups as number;
  const [inside, ...kernel] = weight.sizes.slice(1) as [number, ...number[]];
  const [m, k, n] = [channels / groups, numelOf(weight.sizes.slice(1)), numelOf(space)];
  const weightAddress = denseAddress(weight);
  const { strides, address } = padder(input, padding);
  const steps = strides.slice(2);
  // A kernel of one tap reads the input as it is.
  const isDirect = steps.every((_, d) => kernel[d] === 1 && stride[d] === 1) && k === inside;
  const sizes = [inside, ...kernel, ...space];
  const windows = copier(
    sizes,
    contiguousStrides(sizes),
    [strides[1]!, ...steps.map((s, d) => s * dilation[d]!), ...steps.map((s, d) => s * stride[d]!)],
    4,
  );
  const multiply = multiplier(m, k, n, { row: 4 * k, column: 4 }, { row: 4 * n, column: 4 });
  const { begin, beginRows } = productKernels();
  const plane =
    inside === 1 && space.length <= 2 ? planeConvolver(kernel, space, stride, dilation, steps) : null;
  // Channels that lie innermost are put there in the end.
  const settle = spec.strides && copier(spec.sizes, spec.strides, contiguousStrides(spec.sizes), 4);
  return (given) => {
    const out = resultOf(spec);
    const c = settle === undefined ? out.storage!.memory.address : room(4 * numelOf(spec.sizes)).address;
    const [x, w] = [address(given.input as Tensor), weightAddress(given.weight as Tensor)];
    const b = given.bias === null ? 0 : addressOf(given.bias as Tensor);
    for (let i = 0; i < samples * groups; i++) {
      const group = i % groups;
      const from = x + 4 * (Math.floor(i / groups) * strides[0]! + group * inside * strides[1]!);
      const to = c + 4 * i * m * n;
      if (plane !== null) {
        for (let channel = group * m; channel < (group + 1) * m; channel++) {
          plane(to + 4 * (channel - group * m) * n, from, w + 4 * channel * k, b === 0 ? 0 : b + 4 * channel);
        }
        continue;
      }
      if (b === 0) begin(to, 4 * n, m, n, 0);
      else beginRows(to, 4 * n, m, n, b + 4 * group * m);
      let columns = from;
      if (!isDirect) {
        columns = spaces[0](4 * k * n);
        windows(columns, from);
      }
      multiply(w + 4 * group * m * k, columns, to, 4 * n);
    }
    settle?.(out.storage!.memory.address, c);
    return out;
  };
};

export const convolutionPlanners: Readonly<Record<string, Planner>> = {
  "aten::convolution": planConvolution,
};
