/** Convolutions of float32, as products of matrices over the windows of a padded input. */
import { contiguousStrides, numelOf } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { perDimension } from "../aten/convolution.ts";
import type { Planner } from "../kernel.ts";
import { copier } from "./copy.ts";
import { multiplier, productKernels, spaces } from "./multiply.ts";
import { addressOf, isFloat32, isPlainFloat32, resultOf, room } from "./operands.ts";

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

/** at::native::convolution, as it is not transposed. */
const planConvolution: Planner = (args, spec) => {
  const { input, weight, bias } = args;
  if (!isFloat32(input) || !isFloat32(weight) || !weight.isContiguous || args.transposed) return null;
  if (!isPlainFloat32(spec) || (bias !== null && !(isFloat32(bias) && bias.isContiguous))) return null;
  const [samples, channels, ...space] = spec.sizes as [number, number, ...number[]];
  const [stride, padding, dilation] = [args.stride, args.padding, args.dilation].map((list) =>
    perDimension(list as number[], space.length),
  ) as [number[], number[], number[]];
  const groups = args.groups as number;
  const [inside, ...kernel] = weight.sizes.slice(1) as [number, ...number[]];
  const [m, k, n] = [channels / groups, numelOf(weight.sizes.slice(1)), numelOf(space)];
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
  return (given) => {
    const out = resultOf(spec);
    const c = out.storage!.memory.address;
    const [x, w] = [address(given.input as Tensor), addressOf(given.weight as Tensor)];
    const b = given.bias === null ? 0 : addressOf(given.bias as Tensor);
    for (let i = 0; i < samples * groups; i++) {
      const group = i % groups;
      const from = x + 4 * (Math.floor(i / groups) * strides[0]! + group * inside * strides[1]!);
      const to = c + 4 * i * m * n;
      if (b === 0) begin(to, 4 * n, m, n, 0);
      else beginRows(to, 4 * n, m, n, b + 4 * group * m);
      let columns = from;
      if (!isDirect) {
        columns = spaces[0](4 * k * n);
        windows(columns, from);
      }
      multiply(w + 4 * group * m * k, columns, to, 4 * n);
    }
    return out;
  };
};

export const convolutionPlanners: Readonly<Record<string, Planner>> = {
  "aten::convolution": planConvolution,
};
