import { beforeEach, describe, expect, it } from "vitest";
import { dtypes } from "../tensor/dtype.ts";
import { reals } from "../tensor/elements.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";
import { call, callList } from "./dispatch.ts";
import "./kernels.ts";
import { seedRandomNumbers } from "./random-numbers.ts";

const COUNT = 20_000;
const mean = (t: Tensor): number => reals(call("aten::mean", call("aten::to.dtype", t, dtypes.float64)))[0]!;
const deviation = (t: Tensor): number =>
  reals(call("aten::std", call("aten::to.dtype", t, dtypes.float64)))[0]!;
const full = (value: number): Tensor => call("aten::full", [COUNT], Scalar.float(value));
/** The first of three shares, of the parameters 2, 2, 2. */
const firstShares = (): Tensor =>
  call(
    "aten::select.int",
    call("aten::_sample_dirichlet", call("aten::full", [COUNT, 3], Scalar.float(2))),
    1,
    0,
  );
const ones = (...sizes: number[]): Tensor => call("aten::ones", sizes);

describe("random operators", () => {
  beforeEach(() => seedRandomNumbers(7));

  it("give the same numbers for a seed, and others for another", () => {
    const first = [...reals(call("aten::rand", [8]))];
    seedRandomNumbers(7);
    expect([...reals(call("aten::rand", [8]))]).toEqual(first);
    seedRandomNumbers(8);
    expect([...reals(call("aten::rand", [8]))]).not.toEqual(first);
  });

  // The name, what is called, and the mean and deviation that it has to have.
  const target = (): Tensor => Tensor.zeros([COUNT], dtypes.float32);
  it.each<readonly [string, () => Tensor, number, number]>([
    ["rand", () => call("aten::rand", [COUNT]), 0.5, Math.sqrt(1 / 12)],
    ["randn", () => call("aten::randn", [COUNT]), 0, 1],
    ["randint", () => call("aten::randint.low", -3, 5, [COUNT]), 0.5, Math.sqrt(63 / 12)],
    ["uniform_", () => call("aten::uniform_", target(), 2, 6), 4, 4 * Math.sqrt(1 / 12)],
    ["normal_", () => call("aten::normal_", target(), 3, 2), 3, 2],
    ["exponential_", () => call("aten::exponential_", target(), 0.5), 2, 2],
    ["geometric_", () => call("aten::geometric_", target(), 0.25), 4, Math.sqrt(12)],
    ["bernoulli.p", () => call("aten::bernoulli.p", target(), 0.3), 0.3, Math.sqrt(0.21)],
    ["dropout", () => call("aten::dropout", ones(COUNT), 0.2, true), 1, 0.5],
    ["poisson", () => call("aten::poisson", full(3.5)), 3.5, Math.sqrt(3.5)],
    ["poisson of a high rate", () => call("aten::poisson", full(400)), 400, 20],
    ["binomial", () => call("aten::binomial", full(10), full(0.3)), 3, Math.sqrt(2.1)],
    ["binomial of many tries", () => call("aten::binomial", full(900), full(0.2)), 180, 12],
    ["_standard_gamma", () => call("aten::_standard_gamma", full(2.5)), 2.5, Math.sqrt(2.5)],
    ["_standard_gamma of a small shape", () => call("aten::_standard_gamma", full(0.5)), 0.5, Math.sqrt(0.5)],
    ["_sample_dirichlet", () => firstShares(), 1 / 3, Math.sqrt(2 / 9 / 7)],
    ["randperm", () => call("aten::randperm", COUNT), (COUNT - 1) / 2, COUNT / Math.sqrt(12)],
  ])("%s has its distribution", (_, draw, average, spread) => {
    const drawn = draw();
    expect(drawn.sizes).toEqual([COUNT]);
    expect(Math.abs(mean(drawn) - average)).toBeLessThan((5 * spread) / Math.sqrt(COUNT));
    expect(deviation(drawn) / spread).toBeCloseTo(1, 1);
  });

  it("randint gives int64, between its limits", () => {
    const drawn = call("aten::randint.low", -3, 5, [COUNT]);
    expect(drawn.dtype).toBe(dtypes.int64);
    expect(new Set(reals(drawn))).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3, 4]));
  });

  it("randperm gives each number once", () => {
    expect(new Set(reals(call("aten::randperm", 50))).size).toBe(50);
  });

  it("shares of _sample_dirichlet add up to 1", () => {
    const shares = call("aten::_sample_dirichlet", call("aten::full", [50, 3], Scalar.float(0.7)));
    for (const sum of reals(call("aten::sum.dim_IntList", shares, [1]))) expect(sum).toBeCloseTo(1, 5);
  });

  it("multinomial draws by weight, without replacement each once", () => {
    const weights = call(
      "aten::mul.Scalar",
      call("aten::arange", Scalar.int(5), dtypes.float32),
      Scalar.int(1),
    );
    expect([...reals(call("aten::multinomial", weights, 4))].sort()).toEqual([1, 2, 3, 4]);
    const drawn = [...reals(call("aten::multinomial", weights, COUNT, true))];
    expect(drawn.filter((k) => k === 4).length / COUNT).toBeCloseTo(0.4, 1);
    expect(drawn).not.toContain(0);
  });

  it("feature_dropout drops whole channels, native_dropout says which elements it kept", () => {
    const channels = call("aten::feature_dropout", ones(10, 10, 3), 0.5, true);
    const sums = new Set(reals(call("aten::sum.dim_IntList", channels, [2])));
    expect(sums).toEqual(new Set([0, 6]));
    const [kept, mask] = callList("aten::native_dropout", ones(100), 0.5, true);
    expect(mask!.dtype).toBe(dtypes.bool);
    expect([...reals(kept!)]).toEqual([...reals(mask!)].map((one) => 2 * one));
  });

  it("attention leaves out weights, and keeps their mean", () => {
    // Each weight is 1/4 and each value 1: a result is a quarter of how many stay, doubled.
    const [query, key] = [ones(1, 1, 2000, 4), ones(1, 1, 4, 4)];
    const drawn = call("aten::scaled_dot_product_attention", query, key, key, null, 0.5);
    expect(new Set(reals(drawn))).toEqual(new Set([0, 0.5, 1, 1.5, 2]));
    expect(mean(drawn)).toBeCloseTo(1, 1);
    const all = call("aten::scaled_dot_product_attention", query, key, key, null, 1);
    expect(new Set(reals(all))).toEqual(new Set([0]));
  });

  it("dropout in eval is its input", () => {
    const input = ones(3);
    expect(call("aten::dropout", input, 0.5, false)).toBe(input);
  });
});
