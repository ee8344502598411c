/** Resampling of images, lines and volumes: each dimension on its own. */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { suggestedStrides } from "../../tensor/memory-format.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { everyIndex, pickInto } from "./movement.ts";

/** Which elements one output element of a dimension is a weighted sum of. */
interface Taps {
  readonly at: readonly number[];
  readonly weights: readonly number[];
}

/** The taps of output element `i` of `out` from `size` elements; `scale` is the factor asked for, if any. */
type Filter = (i: number, size: number, out: number, align: boolean, scale: number | null) => Taps;

/** at::native::area_pixel_compute_scale: steps of the input for one of the output. */
function stepOf(size: number, out: number, align: boolean, scale: number | null): number {
  if (align) return out > 1 ? (size - 1) / (out - 1) : 0;
  return scale !== null && scale > 0 ? 1 / scale : size / out;
}

const linear: Filter = (i, size, out, align, scale) => {
  const step = stepOf(size, out, align, scale);
  const place = align ? step * i : Math.max(step * (i + 0.5) - 0.5, 0);
  const low = Math.min(Math.floor(place), size - 1);
  const share = Math.min(Math.max(place - low, 0), 1);
  return { at: [low, Math.min(low + 1, size - 1)], weights: [1 - share, share] };
};

/** The cubic convolution of Keys; torch's parameter is -0.75, and -0.5 where it antialiases. */
function keys(x: number, a: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

const cubic: Filter = (i, size, out, align, scale) => {
  const step = stepOf(size, out, align, scale);
  const place = align ? step * i : step * (i + 0.5) - 0.5;
  const low = Math.floor(place);
  const taps = [-1, 0, 1, 2].map((d) => low + d);
  return {
    at: taps.map((at) => Math.min(Math.max(at, 0), size - 1)),
    weights: taps.map((at) => keys(place - at, -0.75)),
  };
};

/** at::native::HelperInterpBase::_compute_indices_weights_aa: the filter is as wide as what one output covers. */
const antialiased =
  (reach: number, filter: (x: number) => number): Filter =>
  (i, size, out, align, scale) => {
    const step = stepOf(size, out, align, scale);
    const widen = Math.max(step, 1);
    const center = step * (i + 0.5);
    const first = Math.max(Math.trunc(center - reach * widen + 0.5), 0);
    const last = Math.min(Math.trunc(center + reach * widen + 0.5), size);
    const at = Array.from({ length: Math.max(last - first, 0) }, (_, j) => first + j);
    const raw = at.map((j) => filter((j - center + 0.5) / widen));
    const total = raw.reduce((sum, w) => sum + w, 0);
    return { at, weights: raw.map((w) => (total === 0 ? w : w / total)) };
  };

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x: number): number => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);

const triangle = (x: number): number => Math.max(1 - Math.abs(x), 0);

/** at::native::nearest_neighbor_compute_source_index, in float32 as torch has it. */
function nearestIndex(i: number, size: number, out: number, scale: number | null, exact: boolean): number {
  const step = Math.fround(scale !== null && scale > 0 ? 1 / scale : Math.fround(size) / out);
  return Math.min(Math.floor(Math.fround((exact ? i + 0.5 : i) * step)), size - 1);
}

/** Weighted sums along one dimension of [outer, size, inner]. */
function resample(
  x: ArrayLike<number>,
  outer: number,
  size: number,
  inner: number,
  taps: readonly Taps[],
): Float64Array {
  const y = new Float64Array(outer * taps.length * inner);
  for (let o = 0; o < outer; o++) {
    taps.forEach(({ at, weights }, i) => {
      const to = (o * taps.length + i) * inner;
      for (let k = 0; k < at.length; k++) {
        const [from, weight] = [(o * size + at[k]!) * inner, weights[k]!];
        for (let j = 0; j < inner; j++) y[to + j]! += weight * x[from + j]!;
      }
    });
  }
  return y;
}

interface Upsample {
  readonly self: Tensor;
  readonly output_size: readonly number[];
  readonly align_corners?: boolean;
  readonly scales?: number | null;
  readonly scales_d?: number | null;
  readonly scales_h?: number | null;
  readonly scales_w?: number | null;
}

function scalesOf({ scales, scales_d, scales_h, scales_w }: Upsample, rank: number): (number | null)[] {
  return rank === 1
    ? [scales ?? null]
    : [scales_d ?? null, scales_h ?? null, scales_w ?? null].slice(3 - rank);
}

/** Weights as an element of low precision holds them: what is left of 1 is that of the rounded one. */
function coarse(taps: readonly Taps[], { encode, decode }: DType): readonly Taps[] {
  if (encode === undefined || decode === undefined) return taps;
  const round = (w: number): number => decode(encode(w));
  return taps.map(({ at, weights }) => ({
    at,
    weights: weights.length === 2 ? [round(1 - round(weights[1]!)), round(weights[1]!)] : weights.map(round),
  }));
}

function upsampledInto(out: Tensor, args: Upsample, filter: Filter, exactly: boolean): void {
  const rank = args.output_size.length;
  const scales = scalesOf(args, rank);
  const sizes = [...args.self.sizes];
  const whole = out.dtype === dtypes.uint8 ? rounded : (list: Float64Array) => list;
  let values: ArrayLike<number> = reals(args.self);
  for (let d = rank - 1; d >= 0; d--) {
    const dim = d + 2;
    const [size, count] = [sizes[dim]!, out.sizes[dim]!];
    const exact = everyIndex(count).map((i) =>
      filter(i, size, count, args.align_corners ?? false, scales[d]!),
    );
    const taps = out.dtype === dtypes.uint8 ? quantized(exact) : exactly ? exact : coarse(exact, out.dtype);

    const identical = taps.every(
      ({ at, weights }, i) => size === count && at.every((j, k) => j === i || weights[k] === 0),
    );
    if (!identical)
      values = whole(
        resample(values, numelOf(sizes.slice(0, dim)), size, numelOf(sizes.slice(dim + 1)), taps),
      );
    sizes[dim] = count;
  }
  const result = values;
  fill(out, (y) => y.set(result));
}

/** Bytes are rounded after each dimension, and cut where a cubic overshoots (upsample_avx_bilinear_bicubic_uint8). */
function rounded(values: Float64Array): Float64Array {
  return values.map((v) => Math.min(Math.max(Math.floor(v + 0.5), 0), 255));
}

/** For bytes, weights are integers over as high a power of 2 as leaves them below 2^15 (_compute_int16_weights). */
function quantized(taps: readonly Taps[]): Taps[] {
  const most = Math.max(...taps.map(({ weights }) => Math.max(...weights)));
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + most * 2 ** (bits + 1)) < 2 ** 15) bits++;
  const whole = (w: number): number => (Math.sign(w) * Math.floor(Math.abs(w) * 2 ** bits + 0.5)) / 2 ** bits;
  return taps.map(({ at, weights }) => {
    // An element that the border repeats has one weight.
    const places = [...new Set(at)];
    const sums = places.map((place) => weights.reduce((sum, w, k) => sum + (at[k] === place ? w : 0), 0));
    return { at: places, weights: sums.map(whole) };
  });
}

function nearestInto(out: Tensor, args: Upsample, exact: boolean): void {
  const { self } = args;
  const scales = scalesOf(args, args.output_size.length);
  const maps = self.sizes.map((size, d) => {
    const count = out.sizes[d]!;
    return d < 2
      ? everyIndex(size)
      : everyIndex(count).map((i) => nearestIndex(i, size, count, scales[d - 2]!, exact));
  });
  pickInto(out, self, maps);
}

/** An operator, and its form with a list of factors instead of the sizes (at::native::upsample::compute_output_size). */
function upsample(
  name: string,
  rank: number,
  run: (out: Tensor, args: Upsample) => void,
  aligns = true,
): Kernel[] {
  return [
    tableOp<Upsample>(name, {
      meta: ({ self, output_size }) => {
        if (self.rank !== rank + 2)
          throw new RangeError(`${name} expects ${rank + 2} dimensions, got [${self.sizes.join(", ")}]`);
        const sizes = [...self.sizes.slice(0, 2), ...output_size];
        return { ...self.like(sizes), strides: suggestedStrides(sizes, self) };
      },
      run: (args, out) => run(out, args),
    }),
    tableOp<{
      input: Tensor;
      output_size: number[] | null;
      align_corners: boolean;
      scale_factors: number[] | null;
    }>(`${name}.vec`, {
      composite: ({ input, output_size, align_corners, scale_factors }) => {
        const space = input.sizes.slice(2);
        checkSizing(space.length, output_size, scale_factors);
        const sizes = output_size ?? space.map((size, d) => Math.trunc(size * scale_factors![d]!));
        const factors = scale_factors ?? space.map(() => null);
        return call(name, input, sizes, ...(aligns ? [align_corners] : []), ...factors);
      },
    }),
  ];
}

/** at::native::upsample::compute_output_size. @throws RangeError unless it is given sizes or factors, one a dimension. */
function checkSizing(rank: number, sizes: number[] | null, factors: number[] | null): void {
  if ((sizes === null) === (factors === null)) {
    throw new RangeError("exactly one of output_size and scale_factors must be given");
  }
  const given = (sizes ?? factors)!;
  if (given.length !== rank) {
    throw new RangeError(`${given.length} sizes or factors are given for ${rank} dimensions`);
  }
  if (!given.every(Number.isFinite)) throw new RangeError("a factor is not finite");
}

/** torch keeps the weights of bilinear2d, and of what antialiases, in float32; the others in the input's dtype. */
const weighted = (name: string, rank: number, filter: Filter, exactly = false): Kernel[] =>
  upsample(`aten::${name}`, rank, (out, args) => upsampledInto(out, args, filter, exactly));
const nearest = (name: string, rank: number, exact: boolean): Kernel[] =>
  upsample(`aten::${name}`, rank, (out, args) => nearestInto(out, args, exact), false);

export const upsampling: readonly Kernel[] = [
  ...[1, 2, 3].flatMap((rank) => nearest(`upsample_nearest${rank}d`, rank, false)),
  ...[1, 2, 3].flatMap((rank) => nearest(`_upsample_nearest_exact${rank}d`, rank, true)),
  ...weighted("upsample_linear1d", 1, linear),
  ...weighted("upsample_bilinear2d", 2, linear, true),
  ...weighted("upsample_trilinear3d", 3, linear),
  ...weighted("upsample_bicubic2d", 2, cubic),
  ...weighted("_upsample_bilinear2d_aa", 2, antialiased(1, triangle)),
  ...weighted(
    "_upsample_bicubic2d_aa",
    2,
    antialiased(2, (x) => keys(x, -0.5)),
  ),
  ...weighted("_upsample_lanczos2d_aa", 2, antialiased(3, lanczos)),
];
