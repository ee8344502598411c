/** Rearrangements of images: windows as columns, pixels as channels. */
import { dtypes } from "../../tensor/dtype.ts";
import { elementOffsets, gatherElements, storeReals } from "../../tensor/elements.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { perDimension } from "./convolution.ts";

interface Columns {
  readonly kernel_size: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
}

/** Windows of an image: sizes of the kernel, the steps and how many windows there are in each direction. */
function windowsOf(args: Columns, image: readonly number[]) {
  const both = (list: readonly number[]): [number, number] => perDimension(list, 2) as [number, number];
  const [kernel, dilation, padding, stride] = [
    args.kernel_size,
    args.dilation,
    args.padding,
    args.stride,
  ].map(both) as [[number, number], [number, number], [number, number], [number, number]];
  const count = (d: 0 | 1): number =>
    Math.floor((image[d]! + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1;
  return { kernel, dilation, padding, stride, counts: [count(0), count(1)] as const };
}

/** For each element of the columns of one channel, its place in the image, or -1 in the padding. */
function placesOf(args: Columns, image: readonly number[]): Int32Array {
  const { kernel, dilation, padding, stride, counts } = windowsOf(args, image);
  const [rows, columns] = counts;
  const result = new Int32Array(kernel[0] * kernel[1] * rows * columns);
  for (let at = 0; at < result.length; at++) {
    const window = at % (rows * columns);
    const tap = Math.floor(at / (rows * columns));
    const y =
      Math.floor(window / columns) * stride[0] - padding[0] + Math.floor(tap / kernel[1]) * dilation[0];
    const x = (window % columns) * stride[1] - padding[1] + (tap % kernel[1]) * dilation[1];
    result[at] = y >= 0 && y < image[0]! && x >= 0 && x < image[1]! ? y * image[1]! + x : -1;
  }
  return result;
}

function columnsSpec(self: Tensor, args: Columns): TensorSpec {
  const { kernel, counts } = windowsOf(args, self.sizes.slice(-2));
  return self.like([
    ...self.sizes.slice(0, -3),
    self.size(-3) * kernel[0] * kernel[1],
    counts[0] * counts[1],
  ]);
}

/** at::native::im2col. */
function columnsInto(out: Tensor, self: Tensor, args: Columns): void {
  const image = self.sizes.slice(-2);
  const [places, offsets, area] = [placesOf(args, image), elementOffsets(self), image[0]! * image[1]!];
  const from = new Int32Array(out.numel);
  for (let i = 0; i < from.length; i++) {
    const place = places[i % places.length]!;
    from[i] = place < 0 ? -1 : offsets[Math.floor(i / places.length) * area + place]!;
  }
  gatherElements(out, self, from);
}

/** at::native::col2im: elements that fall on one place are added. */
function imageOf(self: Tensor, output_size: readonly number[], args: Columns): Tensor {
  const { kernel } = windowsOf(args, output_size);
  const [height, width] = output_size as [number, number];
  const channels = self.size(-2) / (kernel[0] * kernel[1]);
  const places = placesOf(args, output_size);
  const planes = self.sizes.slice(0, -2).reduce((a, b) => a * b, channels);
  // What falls into the padding goes to a place behind the image.
  const index = Tensor.zeros([places.length], dtypes.int64);
  storeReals(
    index,
    places.map((place) => (place < 0 ? height * width : place)),
  );
  const zeros = call("aten::new_zeros", self, [planes, height * width + 1]);
  const sums = call("aten::index_add", zeros, 1, index, call("aten::reshape", self, [planes, places.length]));
  const image = call("aten::narrow", sums, 1, 0, height * width);
  return call("aten::reshape", image, [...self.sizes.slice(0, -2), channels, height, width]);
}

function pixelShuffle(self: Tensor, r: number): Tensor {
  const [c, h, w] = self.sizes.slice(-3) as [number, number, number];
  const lead = self.sizes.slice(0, -3);
  const at = lead.length;
  const split = call("aten::reshape", self, [...lead, c / r ** 2, r, r, h, w]);
  const order = [...lead.keys(), at, at + 3, at + 1, at + 4, at + 2];
  return contiguousReshape(call("aten::permute", split, order), [...lead, c / r ** 2, h * r, w * r]);
}

function pixelUnshuffle(self: Tensor, r: number): Tensor {
  const [c, h, w] = self.sizes.slice(-3) as [number, number, number];
  const lead = self.sizes.slice(0, -3);
  const at = lead.length;
  const split = call("aten::reshape", self, [...lead, c, h / r, r, w / r, r]);
  const order = [...lead.keys(), at, at + 2, at + 4, at + 1, at + 3];
  return contiguousReshape(call("aten::permute", split, order), [...lead, c * r ** 2, h / r, w / r]);
}

function channelShuffle(self: Tensor, groups: number): Tensor {
  const [n, c, ...space] = self.sizes as [number, number, ...number[]];
  const split = call("aten::reshape", self, [n, groups, c / groups, ...space]);
  return contiguousReshape(call("aten::transpose.int", split, 1, 2), self.sizes);
}

const contiguousReshape = (t: Tensor, sizes: readonly number[]): Tensor =>
  call("aten::view", call("aten::clone", t, "contiguous_format"), sizes);

export const images: readonly Kernel[] = [
  defineOp(
    "aten::im2col(Tensor self, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) -> Tensor",
    {
      meta: (args) => columnsSpec(args.self, args),
      run: (args, out) => columnsInto(out, args.self, args),
    },
  ),
  defineOp(
    "aten::col2im(Tensor self, SymInt[2] output_size, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) -> Tensor",
    { composite: (args) => imageOf(args.self, args.output_size, args) },
  ),
  defineOp("aten::pixel_shuffle(Tensor self, int upscale_factor) -> Tensor", {
    composite: ({ self, upscale_factor }) => pixelShuffle(self, upscale_factor),
  }),
  defineOp("aten::pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor", {
    composite: ({ self, downscale_factor }) => pixelUnshuffle(self, downscale_factor),
  }),
  defineOp("aten::channel_shuffle(Tensor self, SymInt groups) -> Tensor", {
    composite: ({ self, groups }) => channelShuffle(self, groups),
  }),
  defineOp("aten::native_channel_shuffle(Tensor self, SymInt groups) -> Tensor", {
    composite: ({ self, groups }) => channelShuffle(self, groups),
  }),
];
