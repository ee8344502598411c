import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { callAny, callList } from "../dispatch.ts";
import { call } from "../kernels.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const floats = (values: readonly number[]) => tensor(values, { dtype: "float32" });

/** The numbers are torch 2.13's. */
describe("edges of operators", () => {
  it("cuts floats to integers as the processor does", () => {
    const x = floats([nan, inf, -inf, 3e9, 200.7, -200.7, 70000.5]);
    const cut = (dtype: keyof typeof dtypes) => [...reals(call("aten::to.dtype", x, dtypes[dtype]))];
    const lowest = -(2 ** 31);
    expect(cut("int32")).toEqual([lowest, lowest, lowest, lowest, 200, -200, 70000]);
    expect(cut("int16")).toEqual([0, 0, 0, 0, 200, -200, 4464]);
    expect(cut("uint8")).toEqual([0, 0, 0, 0, 200, 56, 112]);
    expect(cut("int64").slice(3)).toEqual([3e9, 200, -200, 70000]);
  });

  it("negates the view that is the imaginary part of a conjugate", () => {
    expect([...reals(call("aten::_neg_view", floats([1, -2.5, 0])))]).toEqual([-1, 2.5, -0]);
  });

  it("refuses indices that torch refuses, and sizes with two holes", () => {
    const x = tensor([1, 2, 3, 4, 5, 6], { sizes: [2, 3] });
    const vector = tensor([0, 1]);
    const [matrix, wide] = [tensor([[0, 1]]), tensor([[0], [0], [0]])];
    for (const [name, ...args] of [
      ["aten::index_select", x, 0, floats([0, 1])],
      ["aten::index_select", x, 0, matrix],
      ["aten::index_copy", x, 0, floats([0, 1]), x],
      ["aten::embedding", x, floats([0])],
      ["aten::gather", x, 1, floats([0, 1])],
      ["aten::gather", x, 1, vector],
      ["aten::gather", x, 1, wide],
      ["aten::scatter.src", x, 1, matrix, tensor([[1]])],
      ["aten::index.Tensor", x, [floats([0])]],
      ["aten::reshape", x, [-1, -1]],
      ["aten::reshape", x, [-2, -3]],
    ] as const) {
      expect(() => callAny(name, ...args), name).toThrow(
        /indices must be integers|vector|does not fit|is invalid for/,
      );
    }
    expect(call("aten::gather", x, 1, matrix).sizes).toEqual([1, 2]);
  });

  it("takes a square root for the power 1/2", () => {
    const x = floats([-inf, -0, 4]);
    expect([...reals(call("aten::pow.Tensor_Scalar", x, Scalar.float(0.5)))]).toEqual([nan, -0, 2]);
    expect([...reals(call("aten::pow.Tensor_Scalar", x, Scalar.float(-0.5)))]).toEqual([nan, -inf, 0.5]);
  });

  it("keeps the width of floats beside a complex number", () => {
    for (const [name, with1j] of [
      ["float16", "complex32"],
      ["bfloat16", "complex64"],
      ["float64", "complex128"],
      ["int64", "complex64"],
    ] as const) {
      const sum = call("aten::add.Scalar", tensor([1], { dtype: name }), Scalar.complex(0, 1));
      expect(sum.dtype.name).toBe(with1j);
    }
  });

  it("rounds each step of logit, ndtr and log_softmax in low precision", () => {
    const low = (values: readonly number[]) => tensor(values, { dtype: "bfloat16" });
    const p = low([0.515625, 0.001, 1, -1]);
    expect([...reals(call("aten::logit", p))]).toEqual([0.060546875, -6.90625, inf, nan]);
    expect([...reals(call("aten::logit", p, 0.1))]).toEqual([0.060546875, -2.1875, 2.1875, -2.1875]);
    expect([...reals(call("aten::special_ndtr", low([-3, 2.5])))]).toEqual([0.001953125, 0.9921875]);
    const rows = tensor([0, -6, -7, -6], { dtype: "bfloat16", sizes: [2, 2] });
    expect([...reals(call("aten::log_softmax.int", rows, 1))]).toEqual([0, -6, -1.3125, -0.3125]);
    expect([...reals(call("aten::log_softmax.int", rows, 0))]).toEqual([
      -0.000911712646484375, -0.69140625, -7, -0.69140625,
    ]);
  });

  it("computes gelu and silu of low precision in float32, step by step", () => {
    const one = (name: string, x: number, dtype: "float16" | "bfloat16", ...args: string[]) =>
      reals(call(`aten::${name}`, tensor([x], { dtype }), ...args))[0];
    expect(one("gelu", -4, "float16", "tanh")).toBe(-7.021427154541016e-5);
    expect(one("gelu", -2.984375, "bfloat16", "tanh")).toBe(-0.0038299560546875);
    expect(one("gelu", -3.6875, "float16", "none")).toBe(-0.0004177093505859375);
    expect(one("silu", -2.724609375, "float16")).toBe(-0.1676025390625);
    expect(one("gelu", -0.02783203125, "float16", "none")).toBe(-0.01361083984375);
    const many = tensor(new Array<number>(64).fill(-0.02783203125), { dtype: "float16" });
    expect(reals(call("aten::gelu", many, "none"))[63]).toBe(-0.01360321044921875);
  });

  it("pads circularly with what negative padding leaves", () => {
    const x = tensor([1, 2, 3, 4], { dtype: "float32", sizes: [1, 1, 4] });
    expect([...reals(call("aten::pad", x, [-1, 1], "circular"))]).toEqual([2, 3, 4, 2]);
    expect([...reals(call("aten::pad", x, [2, -1], "circular"))]).toEqual([2, 3, 1, 2, 3]);
  });

  it("finds a mode among NaN where its sort leaves one", () => {
    const [value] = callList("aten::mode", floats([1, nan, -0, 0, inf, -inf, nan, 2]));
    expect([...reals(value!)]).toEqual([-inf]);
  });

  it("takes for the median the equal element that a stable sort puts in the middle", () => {
    for (const [x, place] of [
      [[1, 1, 0, 0, 0], 4],
      [[0, 1, 1, 1, 1], 2],
      [[1, 1, 0, 1, 0], 0],
    ] as const) {
      expect([...reals(callList("aten::median.dim", floats(x), 0)[1]!)]).toEqual([place]);
    }
  });

  it("leaves the order of an expanded dimension when it sorts", () => {
    const expanded = call("aten::expand", call("aten::ones", [1]), [40]);
    const order = (t: Tensor): unknown => [...reals(callList("aten::sort", t)[1]!)];
    const counted = Array.from({ length: 40 }, (_, i) => i);
    expect(order(expanded)).toEqual(counted);
    // torch's sort of equal elements that lie side by side is not stable.
    expect(order(call("aten::clone", expanded, "contiguous_format"))).not.toEqual(counted);
  });

  it("refuses the weights of attention where its gradient needs their logarithms' sums", () => {
    const ones = (...sizes: number[]): Tensor => call("aten::ones", sizes);
    const [query, weights] = [ones(1, 2, 3, 4), ones(1, 2, 3, 3)];
    const name = "aten::_scaled_dot_product_flash_attention_for_cpu_backward";
    const gradient = (sums: Tensor) => callAny(name, query, query, query, query, query, sums, 0, false);
    expect(() => gradient(weights)).toThrow("gradients come out wrong");
    expect(() => gradient(ones(1, 2, 3))).not.toThrow();
  });

  it("takes the Cholesky factor of a matrix without elements that is not square, by the old operator alone", () => {
    const nothing = call("aten::zeros", [3, 0, 5]);
    expect(String(call("aten::cholesky", nothing))).toBe("float32[3, 0, 5]");
    expect(() => call("aten::linalg_cholesky", nothing)).toThrow("square");
  });

  it("pads, packs and unpacks sequences", () => {
    const [a, b] = [floats([1, 2, 3]), floats([4])];
    const padded = call("aten::pad_sequence", [a, b], true, -1);
    expect([...reals(padded)]).toEqual([1, 2, 3, 4, -1, -1]);
    expect([...reals(call("aten::pad_sequence", [a, b], true, 0, "left"))]).toEqual([1, 2, 3, 0, 0, 4]);
    const lengths = tensor([3, 1], { dtype: "int64" });
    const rows = call("aten::unsqueeze", padded, -1);
    const [data, counts] = callList("aten::_pack_padded_sequence", rows, lengths, true);
    expect([...reals(data!)]).toEqual([1, 4, 2, 3]);
    expect([...reals(counts!)]).toEqual([2, 1, 1]);
    const [again, sizes] = callList("aten::_pad_packed_sequence", data, counts, true, Scalar.float(-1), 0);
    expect([...reals(again!)]).toEqual([...reals(padded)]);
    expect([...reals(sizes!)]).toEqual([3, 1]);
  });

  it("fills a diagonal that begins again in a tall matrix", () => {
    const t = call("aten::zeros", [5, 2], dtypes.float32);
    call("aten::fill_diagonal_", t, Scalar.int(7), true);
    expect([...reals(t)]).toEqual([7, 0, 0, 7, 0, 0, 7, 0, 0, 7]);
  });

  it("lists the frequencies of a transform", () => {
    expect([...reals(call("aten::fft_fftfreq", 5, 0.5))]).toEqual(
      [0, 0.4, 0.8, -0.8, -0.4].map((f) => Math.fround(f)),
    );
    expect([...reals(call("aten::fft_rfftfreq", 4))]).toEqual([0, 0.25, 0.5]);
  });

  it("leaves no rounding in what a transform of real values has real", () => {
    const angles = (length: number) => [
      ...reals(call("aten::angle", call("aten::fft_rfft", floats(Array.from({ length }, (_, i) => i - 8))))),
    ];
    const pi = Math.fround(Math.PI);
    expect([angles(12)[0], angles(12)[6], angles(7)[0]]).toEqual([pi, pi, pi]);
  });

  it("divides by lengths of each operand's own dtype", () => {
    const x = tensor([1, 2, 3, -1, 0.5, 2], { dtype: "float32", sizes: [2, 3] });
    const y = tensor([1.1, 2.3, 2.7, -0.9, 0.4, 2.6], { dtype: "bfloat16", sizes: [2, 3] });
    const similarity = reals(call("aten::cosine_similarity", x, y));
    expect(similarity[0]).toBeCloseTo(0.9917897, 6);
    expect(similarity[1]).toBeCloseTo(0.9868819, 6);
  });

  it("rounds a sum of products behind each batch", () => {
    const self = tensor([[1]], { dtype: "bfloat16" });
    const ones = tensor([[[1]], [[1]]], { dtype: "bfloat16" });
    const small = tensor([[[1 / 256]], [[1 / 256]]], { dtype: "bfloat16" });
    expect([...reals(call("aten::addbmm", self, ones, small))]).toEqual([1]);
    const [two, three] = [Scalar.int(2), Scalar.int(3)];
    expect([...reals(call("aten::addbmm", self, ones, small, two, three))]).toEqual([2.03125]);
  });

  it("draws with a generator that is None", () => {
    expect(call("aten::rand.generator", [2, 3], null).sizes).toEqual([2, 3]);
    expect([...reals(call("aten::randperm.generator", 4, null))].sort()).toEqual([0, 1, 2, 3]);
  });

  it("answers what a tensor is", () => {
    expect(String(callAny("aten::numel", floats([1, 2])))).toBe("2");
    expect(String(callAny("aten::is_complex", floats([1, 2])))).toBe("False");
  });
});
