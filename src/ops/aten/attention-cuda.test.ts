import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dtypes } from "../../tensor/dtype.ts";
import { reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { callAny } from "../dispatch.ts";
import { mode, type Result } from "../kernel.ts";
import { call } from "../kernels.ts";

const [query, key, value] = [5, 7, 7].map((rows) => call("aten::rand", [2, 3, rows, 8])) as Tensor[];
const bias = call("aten::randn", [2, 3, 5, 7]);
const attended = (mask: Tensor | null, causal: boolean): number[] => [
  ...reals(call("aten::scaled_dot_product_attention", query, key, value, mask, 0, causal)),
];
const sizesOf = (results: readonly Result[]): unknown[] =>
  results.map((one) => (one instanceof Tensor ? one.sizes : one));

/** Sizes are those of torch 2.13's own inference (torch/_meta_registrations.py) on tensors without elements. */
describe("attention of programs that a GPU exported", () => {
  beforeAll(() => {
    mode.precise = true;
  });
  afterAll(() => {
    mode.precise = false;
  });

  it("is attention by the efficient kernel, its sums filled up to 32", () => {
    const name = "aten::_scaled_dot_product_efficient_attention";
    const results = callAny(name, query, key, value, bias, true, 0, false) as Result[];
    expect([...reals(results[0] as Tensor)]).toEqual(attended(bias, false));
    expect(sizesOf(results)).toEqual([[2, 3, 5, 8], [2, 3, 32], [], []]);
    const scores = call("aten::matmul", query, call("aten::transpose.int", key, 2, 3));
    const biased = call(
      "aten::add.Tensor",
      call("aten::div.Scalar", scores, Scalar.float(Math.sqrt(8))),
      bias,
    );
    const sums = reals(call("aten::logsumexp", biased, [-1]));
    expect(reals(results[1] as Tensor)[4]).toBeCloseTo(sums[4]!, 5);
    expect(sizesOf(callAny(name, query, key, value, null, false, 0, true) as Result[])[1]).toEqual([2, 3, 0]);
  });

  it("is attention by the flash kernel", () => {
    const name = "aten::_scaled_dot_product_flash_attention";
    const results = callAny(name, query, key, value, 0, true, false) as Result[];
    expect([...reals(results[0] as Tensor)]).toEqual(attended(null, true));
    const [five, seven] = [Scalar.int(5), Scalar.int(7)];
    expect(sizesOf(results)).toEqual([[2, 3, 5, 8], [2, 3, 5], null, null, five, seven, [2], [], [0]]);
  });

  it("is attention by cuDNN's kernel", () => {
    const name = "aten::_scaled_dot_product_cudnn_attention";
    const results = callAny(name, query, key, value, bias, true, 0, false) as Result[];
    expect([...reals(results[0] as Tensor)]).toEqual(attended(bias, false));
    const [five, seven] = [Scalar.int(5), Scalar.int(7)];
    expect(sizesOf(results)).toEqual([[2, 3, 5, 8], [2, 3, 5, 1], null, null, five, seven, [], [], null]);
  });

  it("infers the result and leaves open what depends on the device", () => {
    const meta = (t: Tensor): Tensor => new Tensor(null, dtypes.bfloat16, t.sizes);
    mode.meta = true;
    try {
      const name = "aten::_scaled_dot_product_efficient_attention";
      const results = callAny(name, meta(query!), meta(key!), meta(value!), null, true) as Tensor[];
      expect(results.map(String)).toEqual(["bfloat16[2, 3, 5, 8]"]);
    } finally {
      mode.meta = false;
    }
  });
});
