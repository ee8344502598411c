import { describe, expect, it } from "vitest";
import { tensor } from "../tensor/create.ts";
import { dtypes } from "../tensor/dtype.ts";
import { reals } from "../tensor/elements.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { callList } from "./dispatch.ts";
import { call } from "./kernels.ts";

const name = (op: string): string => `quantized_decomposed::${op}`;
const x = tensor([
  [-3, -0.55, 0, 0.125],
  [0.33, 1.25, 2.5, 9],
]);
const [scales, zeros] = [tensor([0.02, 0.1], { dtype: "float32" }), tensor([0, -5], { dtype: "int64" })];
const q = tensor(
  [
    [-128, -28, 0, 6],
    [-2, 7, 20, 85],
  ],
  { dtype: "int8" },
);
const int8 = [-128, 127, dtypes.int8] as const;

function expectValues(t: Tensor, dtype: string, values: readonly number[]): void {
  expect(t.dtype.name).toBe(dtype);
  const own = reals(t);
  expect(own).toHaveLength(values.length);
  for (const [i, value] of values.entries()) expect(own[i]).toBeCloseTo(value, 6);
}

/** The numbers are torch 2.13's. */
describe("quantization written out", () => {
  it("of a whole tensor", () => {
    const ints = call(name("quantize_per_tensor"), x, 0.05, 3, ...int8);
    expectValues(ints, "int8", [-57, -8, 3, 5, 10, 28, 53, 127]);
    const floats = call(name("dequantize_per_tensor"), q, 0.05, 3, ...int8);
    expectValues(floats, "float32", [-6.55, -1.55, -0.15, 0.15, -0.25, 0.2, 0.85, 4.1]);
    const [scale, zero] = callList(name("choose_qparams.tensor"), x, -128, 127, 1e-5, dtypes.int8);
    expectValues(scale!, "float64", [0.0470588244497776]);
    expectValues(zero!, "int64", [-64]);
  });

  it("of channels, rows and groups", () => {
    expectValues(call(name("quantize_per_channel"), x, scales, zeros, 0, ...int8), "int8", [...reals(q)]);
    const floats = call(name("dequantize_per_channel"), q, scales, zeros, 0, ...int8);
    expectValues(floats, "float32", [-2.56, -0.56, 0, 0.12, 0.3, 1.2, 2.5, 9]);
    const rows = [tensor([[0.02], [0.1]], { dtype: "float64" }), tensor([[1], [2]], { dtype: "int64" })];
    const tokens = call(name("quantize_per_token"), x, ...rows, ...int8);
    expectValues(tokens, "int8", [-128, -27, 1, 7, 5, 14, 27, 92]);
    const [scale, zero] = callList(name("choose_qparams_per_token_asymmetric"), x, dtypes.int8);
    expectValues(scale!, "float64", [0.01225490216165781, 0.03529411926865578]);
    expectValues(zero!, "int64", [117, -128]);
    const each = tensor([0.5, 0.05, 0.1, 1], { sizes: [2, 2], dtype: "float32" });
    const points = tensor([1, 2, 0, 0], { sizes: [2, 2], dtype: "int32" });
    const groups = call(name("quantize_per_channel_group"), x, each, points, -8, 7, dtypes.int8, 2);
    expectValues(groups, "int8", [-5, 0, 2, 4, 3, 7, 2, 7]);
  });
});
