import fc from "fast-check";
import { describe, it } from "vitest";
import { Scalar } from "../../tensor/scalar.ts";
import { check, laidOut, property, randomTensor } from "../../testing/fast-kernels.ts";
import { call } from "../kernels.ts";

const size = fc.integer({ min: 1, max: 9 });
const channelsLast = (sizes: readonly number[], seed: number) =>
  call("aten::clone", randomTensor(sizes, seed), "channels_last");

describe("fast kernels of images give what the reference kernels give", () => {
  it("batch_norm and group_norm", () => {
    property(
      (n, c, area, bare, seed) => {
        const vector = (i: number) => randomTensor([2 * c], seed + i);
        const input = randomTensor([n, 2 * c, area, area + 1], seed);
        const [weight, bias] = bare > 5 ? [null, null] : [vector(1), vector(2)];
        const stats = { running_mean: vector(3), running_var: call("aten::abs", vector(4)) };
        const args = { input, weight, bias, ...stats, training: false, momentum: 0.1, eps: 0.5 };
        check("aten::batch_norm", { ...args, cudnn_enabled: false });
        check("aten::_native_batch_norm_legit_no_training", args);
        check("aten::group_norm", { input, weight, bias, num_groups: 2 });
      },
      size,
      size,
      size,
      size,
      fc.integer(),
    );
  });

  it("max_pool2d", () => {
    property(
      (c, area, kernel, stride, seed) => {
        const self = randomTensor([2, c, area + 4, area + 3], seed, seed % 5 === 0);
        const padding = [seed & 1 && kernel > 1 ? 1 : 0, 0];
        check("aten::max_pool2d", { self, kernel_size: [kernel, 2], stride: [stride], padding });
        check("aten::max_pool2d", { self, kernel_size: [kernel] });
      },
      size,
      size,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer(),
    );
  });

  it("convolutions whose channels lie innermost, and of channels of their own", () => {
    property(
      (c, area, kernel, stride, seed) => {
        const plain = {
          stride: [stride],
          padding: [1, 2],
          dilation: [1],
          transposed: false,
          output_padding: [0],
        };
        const weight = randomTensor([2 * c, 1, kernel, 3], seed + 1);
        const sizes = [2, c, area + 3, area + 11];
        const given = { ...plain, weight, bias: randomTensor([2 * c], seed + 2), groups: c };
        check("aten::convolution", { ...given, input: randomTensor(sizes, seed) });
        check("aten::convolution", { ...given, input: channelsLast(sizes, seed) });
        const dense = { ...plain, weight: channelsLast([4, c, kernel, 3], seed + 1), bias: null, groups: 1 };
        check("aten::convolution", { ...dense, input: channelsLast(sizes, seed) });
        const line = {
          stride: [stride],
          padding: [2],
          dilation: [2],
          transposed: false,
          output_padding: [0],
        };
        const taps = randomTensor([c, 1, kernel], seed + 3);
        const input = randomTensor([2, c, area + 11], seed);
        check("aten::convolution", { ...line, input, weight: taps, bias: null, groups: c });
      },
      size,
      size,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      fc.integer(),
    );
  });
});

describe("fast comparisons and limits give what the reference kernels give", () => {
  const layout = fc.integer({ min: 0, max: 3 });

  it.each(["eq", "ne", "lt", "le", "gt", "ge"])("%s", (name) => {
    property(
      (m, n, first, second, seed) => {
        const self = laidOut([3, m, n], seed, first);
        check(`aten::${name}.Tensor`, { self, other: laidOut([m, n], seed + 1, second) }, undefined, false);
        check(`aten::${name}.Tensor`, { self: randomTensor([m, n], seed), other: randomTensor([n], seed) });
        check(`aten::${name}.Scalar`, { self: randomTensor([m, n], seed, true), other: Scalar.int(0) });
      },
      size,
      size,
      layout,
      layout,
      fc.integer(),
    );
  });

  it("where", () => {
    property(
      (m, n, first, second, seed) => {
        const condition = call("aten::gt.Scalar", laidOut([m, n], seed, first), Scalar.int(0));
        const args = { condition, self: laidOut([3, m, n], seed, second), other: randomTensor([], seed + 1) };
        check("aten::where.self", args, undefined, false);
      },
      size,
      size,
      layout,
      layout,
      fc.integer(),
    );
  });

  it.each(["hardtanh", "relu6", "hardswish", "hardsigmoid", "leaky_relu"])("%s", (name) => {
    property(
      (n, seed) => check(`aten::${name}`, { self: randomTensor([n], seed, true) }),
      size,
      fc.integer(),
    );
  });

  it("clamp", () => {
    property(
      (n, seed) => {
        const self = randomTensor([n], seed, true);
        check("aten::clamp", { self, min: Scalar.float(-0.5), max: Scalar.int(1) });
        check("aten::clamp", { self, min: Scalar.float(-0.5), max: null });
        check("aten::clamp_max", { self, max: Scalar.float(0.5) });
        check("aten::clamp", { self, min: Scalar.int(2), max: Scalar.int(1) }, undefined, false);
      },
      size,
      fc.integer(),
    );
  });
});
