import fc from "fast-check";
import { describe, it } from "vitest";
import { dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { check, laidOut, property, randomTensor } from "../../testing/fast-kernels.ts";
import { call } from "../kernels.ts";

const size = fc.integer({ min: 1, max: 19 });
const seeds = fc.integer();

const way = fc.integer({ min: 0, max: 3 });

describe("fast kernels give what the reference kernels give", () => {
  it.each(["exp", "sigmoid", "silu", "tanh", "relu", "neg", "abs", "sqrt", "rsqrt", "reciprocal"])(
    "%s",
    (name) => {
      property((n, seed) => check(`aten::${name}`, { self: randomTensor([n], seed, true) }), size, seeds);
      property((m, n, seed) => check(`aten::${name}`, { self: laidOut([m, n], seed, 1) }), size, size, seeds);
    },
  );

  it.each(["none", "tanh"])("gelu %s", (approximate) => {
    property((n, seed) => check("aten::gelu", { self: randomTensor([n], seed), approximate }), size, seeds);
  });

  it.each([2, 3, 0.5])("pow %d", (exponent) => {
    const args = (n: number, seed: number) => ({
      self: randomTensor([n], seed),
      exponent: Scalar.float(exponent),
    });
    property((n, seed) => check("aten::pow.Tensor_Scalar", args(n, seed)), size, seeds);
  });

  it.each(["add.Tensor", "sub.Tensor", "mul.Tensor", "div.Tensor", "maximum", "minimum"])("%s", (name) => {
    property(
      (a, b, c, drop, first, second, seed) => {
        const sizes = [a, b, c];
        const other = [drop & 1 ? 1 : a, drop & 2 ? 1 : b, drop & 4 ? 1 : c].slice(drop % 3);
        const args = { self: laidOut(sizes, seed, first), other: laidOut(other, seed + 1, second) };
        check(`aten::${name}`, args, undefined, false);
      },
      size,
      size,
      size,
      fc.integer({ min: 0, max: 7 }),
      way,
      way,
      seeds,
    );
  });

  it.each(["add.Scalar", "sub.Scalar", "mul.Scalar", "div.Scalar"])("%s", (name) => {
    property(
      (n, seed) => check(`aten::${name}`, { self: randomTensor([n], seed, true), other: Scalar.float(1.7) }),
      size,
      seeds,
    );
  });

  it.each(["sum.dim_IntList", "mean.dim", "amax"])("%s", (name) => {
    property(
      (m, n, keep, layout, seed) =>
        check(`aten::${name}`, { self: laidOut([m, n], seed, layout), dim: [-1], keepdim: keep > 9 }),
      size,
      size,
      size,
      way,
      seeds,
    );
  });

  it("softmax", () => {
    const check1 = (m: number, n: number, layout: number, seed: number): void => {
      check("aten::softmax.int", { self: laidOut([m, n], seed, layout), dim: -1 });
      check("aten::_safe_softmax", { self: laidOut([m, n], seed, layout), dim: 1 });
    };
    property(check1, size, size, way, seeds);
    const hidden = Tensor.zeros([2, 5], dtypes.float32);
    hidden.memory.float32.fill(-Infinity, 0, 6);
    check("aten::_safe_softmax", { self: hidden, dim: 1 });
    check("aten::_softmax", { self: hidden, dim: 1 });
  });

  it("layer_norm and rms_norm", () => {
    property(
      (m, n, layout, seed) => {
        const args = {
          input: laidOut([3, m, n], seed, layout),
          normalized_shape: [n],
          weight: randomTensor([n], seed + 1),
        };
        check("aten::layer_norm", { ...args, bias: randomTensor([n], seed + 2) });
        check("aten::native_layer_norm", { ...args, bias: null, eps: 1e-5 });
        check("aten::rms_norm", args);
        check("aten::_fused_rms_norm", { ...args, eps: 1e-6 });
      },
      size,
      fc.integer({ min: 2, max: 40 }),
      way,
      seeds,
    );
  });

  it("products of matrices", () => {
    property(
      (m, k, n, first, second, seed) => {
        // In float32 each of the k sums rounds.
        const rounded = { rtol: 3e-6, atol: Math.max(1e-5, k * 4e-7) };
        const [a, b] = [laidOut([m, k], seed, first), laidOut([k, n], seed + 1, second)];
        check("aten::mm", { self: a, mat2: b }, rounded);
        check("aten::addmm", { self: randomTensor([n], seed + 2), mat1: a, mat2: b }, rounded);
        check(
          "aten::linear",
          {
            input: laidOut([2, m, k], seed, first),
            weight: laidOut([n, k], seed + 1, second % 2),
            bias: randomTensor([n], seed + 2),
          },
          rounded,
        );
        const [x, y] = [laidOut([3, m, k], seed, first), laidOut([3, k, n], seed + 1, second)];
        check("aten::bmm", { self: x, mat2: y }, rounded);
        check("aten::baddbmm", { self: randomTensor([3, 1, n], seed + 2), batch1: x, batch2: y }, rounded);
        check(
          "aten::matmul",
          {
            self: laidOut([2, 1, m, k], seed, first),
            other: laidOut([3, k, n], seed + 1, second),
          },
          rounded,
        );
      },
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 40 }),
      way,
      way,
      seeds,
    );
  }, 60_000);

  it("products that are worked on in parts", () => {
    const [m, k, n] = [70, 2100, 600];
    check(
      "aten::mm",
      { self: randomTensor([m, k], 1), mat2: randomTensor([k, n], 2) },
      { rtol: 1e-5, atol: 1e-4 },
    );
  });

  it("attention", () => {
    property(
      (length, keys, width, kind, heads, seed) => {
        const mask =
          kind % 3 === 1
            ? randomTensor([length, keys], seed + 3)
            : kind % 3 === 2
              ? call("aten::gt.Scalar", randomTensor([2, 1, length, keys], seed + 3), Scalar.float(0))
              : null;
        check("aten::scaled_dot_product_attention", {
          query: laidOut([2, 4, length, width], seed, 0),
          key: laidOut([2, heads % 2 ? 2 : 4, keys, width], seed + 1, 0),
          value: call(
            "aten::transpose.int",
            randomTensor([2, keys, heads % 2 ? 2 : 4, width], seed + 2),
            1,
            2,
          ),
          attn_mask: mask,
          is_causal: mask === null && kind > 3,
          enable_gqa: heads % 2 === 1,
        });
      },
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 6 }),
      size,
      seeds,
    );
  }, 60_000);

  it("convolutions", () => {
    property(
      (n, c, kernel, space, stride, padding, groups, seed) => {
        const group = groups % 2 ? c : 1;
        check(
          "aten::convolution",
          {
            input: laidOut([n % 3 || 1, c, space, space + 1], seed, n % 4),
            weight: randomTensor([2 * c, c / group, kernel, 1], seed + 1),
            bias: n % 2 ? randomTensor([2 * c], seed + 2) : null,
            stride: [stride],
            padding: [padding, 0],
            dilation: [1 + (seed & 1)],
            transposed: false,
            output_padding: [0],
            groups: group,
          },
          undefined,
          false,
        );
      },
      size,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 7, max: 15 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 2 }),
      size,
      seeds,
    );
  }, 60_000);

  it("copies", () => {
    property(
      (a, b, layout, joined, seed) => {
        const self = laidOut([3, a, b], seed, layout);
        check("aten::clone", { self }, undefined, false);
        check("aten::contiguous", { self });
        check("aten::reshape", { self, shape: [a, -1] });
        const tensors = [self, laidOut([3, a, b], seed + 1, joined)];
        check("aten::cat", { tensors, dim: (seed & 3) % 3 });
        const narrow = call(
          "aten::to.dtype",
          self,
          [dtypes.int64, dtypes.bool, dtypes.float16, dtypes.complex128][a % 4],
        );
        check("aten::contiguous", { self: call("aten::transpose.int", narrow, 0, 2) });
      },
      size,
      size,
      way,
      way,
      seeds,
    );
    const indices = call("aten::arange", Scalar.int(4));
    check("aten::embedding", { weight: randomTensor([5, 3], 1), indices });
  });
});
