/** Normalizations of float32 with a number for each channel. */
import { heap } from "../../tensor/heap.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Arguments, Plan, Planner } from "../kernel.ts";
import { addressOf, isFloat32, resultOf, room } from "./operands.ts";
import { pointwiseKernels } from "./pointwise-kernels.ts";

const isVector = (t: unknown, n: number): boolean =>
  isFloat32(t) && t.rank === 1 && t.isContiguous && t.numel === n;
const isVectorOrNone = (t: unknown, n: number): boolean => t === null || isVector(t, n);

/** The elements of a vector in the heap; ones or zeros for none. */
const numbersOf = (t: unknown, n: number, none: number): Float32Array =>
  t === null ? new Float32Array(n).fill(none) : new Float32Array(heap.buffer, addressOf(t as Tensor), n);

/** What a channel's elements are multiplied by, then what is added: an address of each. */
function affine(
  n: number,
  { weight, bias }: Arguments,
  meanAndFactor: (channel: number) => readonly [number, number],
) {
  const [scales, shifts] = [room(4 * n), room(4 * n)];
  const [w, b] = [numbersOf(weight, n, 1), numbersOf(bias, n, 0)];
  for (let c = 0; c < n; c++) {
    const [mean, factor] = meanAndFactor(c);
    scales.float32[c] = factor * w[c]!;
    shifts.float32[c] = b[c]! - mean * factor * w[c]!;
  }
  return [scales.address, shifts.address] as const;
}

/** batch_norm with the statistics that were learnt; `results` makes the operator's of the normalized tensor. */
const planBatchNorm =
  (results: "one" | "three"): Planner =>
  (args): Plan | null => {
    const { input, weight, bias, running_mean, running_var, training } = args;
    if (!isFloat32(input) || !input.isContiguous || input.rank < 2 || training === true) return null;
    const channels = input.sizes[1]!;
    if (!isVector(running_mean, channels) || !isVector(running_var, channels)) return null;
    if (!isVectorOrNone(weight, channels) || !isVectorOrNone(bias, channels)) return null;
    const rows = input.sizes[0]! * channels;
    const n = input.numel / rows;
    const spec = input.like();
    const { affineRows } = pointwiseKernels();
    return (given) => {
      const out = resultOf(spec);
      const means = numbersOf(given.running_mean, channels, 0);
      const variances = numbersOf(given.running_var, channels, 1);
      const eps = given.eps as number;
      const factorOf = (c: number) => [means[c]!, 1 / Math.sqrt(variances[c]! + eps)] as const;
      const [scales, shifts] = affine(channels, given, factorOf);
      affineRows(
        out.storage!.memory.address,
        addressOf(given.input as Tensor),
        rows,
        n,
        channels,
        scales,
        shifts,
      );
      if (results === "one") return out;
      const nothing = { sizes: [0], dtype: out.dtype };
      return [out, resultOf(nothing), resultOf(nothing)];
    };
  };

/** group_norm: the rows of a group are normalized, then each channel gets its own numbers. */
const planGroupNorm: Planner = ({ input, weight, bias, num_groups }) => {
  if (!isFloat32(input) || !input.isContiguous || input.rank < 2) return null;
  const [samples, channels] = input.sizes as [number, number];
  const groups = num_groups as number;
  if (!isVectorOrNone(weight, channels) || !isVectorOrNone(bias, channels) || channels % groups !== 0)
    return null;
  const n = input.numel / (samples * channels);
  const spec = input.like();
  const { affineRows, normalizeRows } = pointwiseKernels();
  return (given) => {
    const out = resultOf(spec);
    const to = out.storage!.memory.address;
    const length = (channels / groups) * n;
    const eps = given.eps as number;
    normalizeRows(to, addressOf(given.input as Tensor), samples * groups, length, 0, 0, eps, 1, 0, 0);
    if (given.weight === null && given.bias === null) return out;
    const [scales, shifts] = affine(channels, given, () => [0, 1]);
    affineRows(to, to, samples * channels, n, channels, scales, shifts);
    return out;
  };
};

export const channelPlanners: Readonly<Record<string, Planner>> = {
  "aten::batch_norm": planBatchNorm("one"),
  "aten::_native_batch_norm_legit_no_training": planBatchNorm("three"),
  "aten::group_norm": planGroupNorm,
};
