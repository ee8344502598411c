/** Reductions, softmax and normalizations over the last dimensions of float32. */
import { dtypes } from "../../tensor/dtype.ts";
import { wrapDim, wrapDims } from "../../tensor/geometry.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import type { Arguments, Planner } from "../kernel.ts";
import { denseAddress } from "./copy.ts";
import { addressOf, isFloat32, isPlainFloat32, resultOf } from "./operands.ts";
import { pointwiseKernels } from "./pointwise-kernels.ts";

/** How long the rows are when these dimensions are the last ones; 0 when they are not. */
function lengthOf(self: Tensor, dims: readonly number[]): number {
  if (dims.length === 0 || dims[0] !== self.rank - dims.length) return 0;
  return dims.reduce((length, d) => length * self.sizes[d]!, 1);
}

const isNoCast = (dtype: unknown): boolean =>
  dtype === null || dtype === undefined || dtype === dtypes.float32;

/** sum and mean. */
const planSum =
  (isMean: boolean): Planner =>
  ({ self, dim, dtype }, spec) => {
    if (!isFloat32(self) || !isNoCast(dtype) || !isPlainFloat32(spec)) return null;
    const n = lengthOf(self, wrapDims((dim ?? null) as readonly number[] | null, self.rank));
    if (n === 0) return null;
    const { sumRows } = pointwiseKernels();
    const rows = self.numel / n;
    const address = denseAddress(self);
    return (given) => {
      const out = resultOf(spec);
      sumRows(out.storage!.memory.address, address(given.self as Tensor), rows, n, isMean ? n : 1);
      return out;
    };
  };

const planMax: Planner = ({ self, dim }, spec) => {
  if (!isFloat32(self) || !isPlainFloat32(spec)) return null;
  const n = lengthOf(self, wrapDims((dim ?? null) as readonly number[] | null, self.rank));
  if (n === 0) return null;
  const { maxRows } = pointwiseKernels();
  const rows = self.numel / n;
  const address = denseAddress(self);
  return (given) => {
    const out = resultOf(spec);
    maxRows(out.storage!.memory.address, address(given.self as Tensor), rows, n);
    return out;
  };
};

/** softmax, and the one of attention that gives zeros for a row of nothing but -Infinity. */
const planSoftmax =
  (safe: 0 | 1): Planner =>
  ({ self, dim, dtype }) => {
    if (!isFloat32(self) || !isNoCast(dtype) || self.rank === 0) return null;
    if (wrapDim(dim as number, self.rank) !== self.rank - 1) return null;
    const n = self.size(-1);
    const rows = self.numel / n;
    const { softmax } = pointwiseKernels();
    const spec = self.like();
    const address = denseAddress(self);
    return (given) => {
      const out = resultOf(spec);
      softmax(out.storage!.memory.address, address(given.self as Tensor), rows, n, 1, safe);
      return out;
    };
  };

const isRow = (t: unknown, n: number): boolean =>
  t === null || t === undefined || (isFloat32(t) && t.isContiguous && t.numel === n);

interface Normalization {
  readonly centered: 0 | 1;
  /** Of the results: the rows, then means and factors as far as the operator gives them. */
  readonly results: (input: Tensor, lead: readonly number[]) => readonly TensorSpec[];
  readonly epsilon?: number;
}

const addressOrNone = (t: unknown): number => (t === null || t === undefined ? 0 : addressOf(t as Tensor));

/** layer_norm and rms_norm. */
const planNormalization =
  ({ centered, results, epsilon = 0 }: Normalization): Planner =>
  (args) => {
    const { input, normalized_shape, weight, bias } = args as Arguments & {
      readonly normalized_shape: readonly number[];
    };
    if (!isFloat32(input) || normalized_shape.length > input.rank || normalized_shape.length === 0)
      return null;
    const lead = input.sizes.slice(0, input.rank - normalized_shape.length);
    if (!normalized_shape.every((size, i) => size === input.sizes[lead.length + i])) return null;
    const n = normalized_shape.reduce((product, size) => product * size, 1);
    if (!isRow(weight, n) || !isRow(bias, n)) return null;
    const { normalizeRows } = pointwiseKernels();
    const rows = input.numel / n;
    const address = denseAddress(input);
    const specs = results(input, [...lead, ...normalized_shape.map(() => 1)]);
    return (given) => {
      const outs = specs.map(resultOf);
      const [out, second, third] = outs.map((t) => t.storage!.memory.address) as [number, number?, number?];
      const [means, factors] = centered === 1 ? [second, third] : [undefined, second];
      const eps = (given.eps as number | null) ?? epsilon;
      normalizeRows(
        out,
        address(given.input as Tensor),
        rows,
        n,
        addressOrNone(given.weight),
        addressOrNone(given.bias),
        eps,
        centered,
        means ?? 0,
        factors ?? 0,
      );
      return specs.length === 1 ? outs[0]! : outs;
    };
  };

export const rowPlanners: Readonly<Record<string, Planner>> = {
  "aten::sum": planSum(false),
  "aten::sum.dim_IntList": planSum(false),
  "aten::mean": planSum(true),
  "aten::mean.dim": planSum(true),
  "aten::amax": planMax,
  "aten::_softmax": planSoftmax(0),
  "aten::softmax.int": planSoftmax(0),
  "aten::_safe_softmax": planSoftmax(1),
  "aten::layer_norm": planNormalization({ centered: 1, results: (input) => [input.like()] }),
  "aten::native_layer_norm": planNormalization({
    centered: 1,
    results: (input, lead) => [input.like(), input.like(lead), input.like(lead)],
  }),
  "aten::rms_norm": planNormalization({
    centered: 0,
    results: (input) => [input.like()],
    epsilon: 2 ** -23,
  }),
  "aten::_fused_rms_norm": planNormalization({
    centered: 0,
    results: (input, lead) => [input.like(), input.like(lead)],
    epsilon: 2 ** -23,
  }),
};
