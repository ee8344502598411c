/** Random operands for the fast kernels, and the comparison with the reference kernels. */
import fc from "fast-check";
import { expect } from "vitest";
import { compareValues } from "../interpreter/compare.ts";
import type { Arguments } from "../ops/kernel.ts";
import { call, defaultArgument, findKernel } from "../ops/kernels.ts";
import { dtypes } from "../tensor/dtype.ts";
import { storeReals } from "../tensor/elements.ts";
import { heap } from "../tensor/heap.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Another is tried with SEED=n. */
const SEED = Number(process.env.SEED ?? 1);

/** Holds a property for numbers of the given kinds. */
export function property(test: (...values: number[]) => void, ...kinds: fc.Arbitrary<number>[]): void {
  fc.assert(
    fc.property(fc.tuple(...kinds), (values) => test(...values)),
    { seed: SEED },
  );
}

/** Numbers about 0 that a seed gives; some of them special when asked. */
export function randomTensor(sizes: readonly number[], seed: number, special = false): Tensor {
  const result = Tensor.zeros(sizes, dtypes.float32);
  let state = seed | 1;
  const next = (): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((state >>> 0) / 2 ** 32 - 0.5) * 4;
  };
  const values = Float64Array.from({ length: result.numel }, next);
  if (special) {
    const specials = [Number.NaN, Infinity, -Infinity, -0, 1e-42, 3e38, -3e38, 100, -100];
    for (const [i, value] of specials.entries()) if (i < values.length) values[i * 2] = value;
  }
  storeReals(result, values);
  return result;
}

/** Another way to lie in memory: a transposed one, every other element of a larger one, or one that is broadcast. */
export function laidOut(sizes: readonly number[], seed: number, way: number): Tensor {
  if (sizes.length >= 2 && way === 1) {
    const t = randomTensor([...sizes.slice(0, -2), sizes.at(-1)!, sizes.at(-2)!], seed);
    return call("aten::transpose.int", t, -1, -2);
  }
  if (sizes.length >= 1 && way === 2) {
    const t = randomTensor([...sizes.slice(0, -1), 2 * sizes.at(-1)!], seed);
    return call("aten::slice.Tensor", t, -1, 1, 2 ** 40, 2);
  }
  if (sizes.length >= 1 && way === 3) {
    return call("aten::expand", randomTensor([1, ...sizes.slice(1)], seed), sizes);
  }
  return randomTensor(sizes, seed);
}

function argumentsOf(name: string, given: Arguments): Arguments {
  const { schema } = findKernel(name)!;
  return Object.fromEntries(
    schema.args.map((one) => [one.name, one.name in given ? given[one.name] : defaultArgument(one)]),
  );
}

/** The fast kernel takes it on, and gives what the reference gives. */
export function check(
  name: string,
  given: Arguments,
  tolerance = { rtol: 3e-6, atol: 1e-5 },
  must = true,
): void {
  const kernel = findKernel(name)!;
  const args = argumentsOf(name, given);
  let taken = false;
  const planner = kernel.planner!;
  kernel.planner = (...all) => {
    const plan = planner(...all);
    taken = plan !== null;
    return plan;
  };
  const used = heap.used;
  try {
    const actual = [kernel.call(args)].flat() as Tensor[];
    const expected = [kernel.reference(args)].flat() as Tensor[];
    for (const [i, one] of expected.entries()) {
      expect(compareValues(actual[i], one, tolerance)).toBeUndefined();
      expect(actual[i]!.strides).toEqual(one.strides);
    }
  } finally {
    kernel.planner = planner;
  }
  if (must) expect(taken).toBe(true);
  // What products keep for the next one may grow.
  expect(heap.used - used).toBeLessThan(2 ** 23);
}
