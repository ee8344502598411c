/** Sampling at given places: grid_sampler, and the grids of affine maps. */
import { fill, type Reals, reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Kernel, mode } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { transposed } from "./views.ts";

interface Sampling {
  readonly input: Tensor;
  readonly grid: Tensor;
  /** 0 linear, 1 nearest, 2 cubic. */
  readonly interpolation_mode: number;
  /** What lies outside: 0 zeros, 1 the border, 2 a reflection. */
  readonly padding_mode: number;
  readonly align_corners: boolean;
}

/** From -1 to 1 to positions in the input (at::native::grid_sampler_unnormalize). */
function position(coordinate: number, size: number, align: boolean): number {
  return align ? ((coordinate + 1) / 2) * (size - 1) : ((coordinate + 1) * size - 1) / 2;
}

/** Mirrored at the ends, which are given doubled (at::native::reflect_coordinates). */
function reflected(at: number, twiceLow: number, twiceHigh: number): number {
  if (twiceLow === twiceHigh) return 0;
  const [low, span] = [twiceLow / 2, (twiceHigh - twiceLow) / 2];
  const distance = Math.abs(at - low);
  const [extra, flips] = [distance % span, Math.floor(distance / span)];
  return flips % 2 === 0 ? extra + low : span - extra + low;
}

/** Where a position lies after padding_mode (at::native::compute_coordinates). */
function padded(at: number, size: number, { padding_mode, align_corners }: Sampling): number {
  if (padding_mode === 0) return at;
  const inside =
    padding_mode === 1
      ? at
      : align_corners
        ? reflected(at, 0, 2 * (size - 1))
        : reflected(at, -1, 2 * size - 1);
  return Math.min(Math.max(inside, 0), size - 1);
}

/** Rounds halves to even, as nearbyint does. */
function nearestInteger(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

type Taps = readonly (readonly [at: number, weight: number])[];

/** Indices along one dimension with their weights; those outside of it count as zeros. */
function taps(coordinate: number, size: number, args: Sampling): Taps {
  const raw = position(coordinate, size, args.align_corners);
  if (args.interpolation_mode === 2) {
    // A cubic pads each of its four taps, not the place itself.
    const low = Math.floor(raw);
    return [-1, 0, 1, 2].map((d) => [Math.trunc(padded(low + d, size, args)), cubicWeight(raw - low - d)]);
  }
  const at = padded(raw, size, args);
  if (args.interpolation_mode === 1) return [[nearestInteger(at), 1]];
  const low = Math.floor(at);
  return [
    [low, low + 1 - at],
    [low + 1, at - low],
  ];
}

/** at::native::get_cubic_upsample_coefficients. */
function cubicWeight(x: number): number {
  const [d, a] = [Math.abs(x), -0.75];
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

/** Pairs of a position in a plane and a weight: the products of each dimension's taps, those inside only. */
function planeTaps(lists: readonly Taps[], sizes: readonly number[]): [number, number][] {
  let result: [number, number][] = [[0, 1]];
  lists.forEach((list, d) => {
    const inside = list.filter(([at]) => at >= 0 && at < sizes[d]!);
    result = result.flatMap(([base, weight]) =>
      inside.map(([at, own]): [number, number] => [base * sizes[d]! + at, weight * own]),
    );
  });
  return result;
}

function sampleInto(out: Tensor, args: Sampling): void {
  const { input, grid } = args;
  const [x, g]: [Reals, Reals] = [reals(input), reals(grid)];
  const [batch, channels, ...space] = input.sizes as [number, number, ...number[]];
  const rank = space.length;
  const [area, places] = [numelOf(space), numelOf(out.sizes.slice(2))];
  fill(out, (y) => {
    for (let n = 0; n < batch; n++) {
      for (let p = 0; p < places; p++) {
        const at = (n * places + p) * rank;
        // A grid's coordinates name the last dimension first.
        const lists = space.map((size, d) => taps(g[at + rank - 1 - d]!, size, args));
        const list = planeTaps(lists, space);
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (const [place, weight] of list) sum += weight * x[(n * channels + c) * area + place]!;
          y[(n * channels + c) * places + p] = sum;
        }
      }
    }
  });
}

function sampler(name: string): Kernel {
  return tableOp<Sampling>(name, {
    meta: ({ input, grid }) => {
      const rank = input.rank - 2;
      if (grid.rank !== input.rank || grid.size(-1) !== rank || grid.sizes[0] !== input.sizes[0]) {
        throw new RangeError(`grid_sampler: grid ${grid} does not fit input ${input}`);
      }
      return input.like([...input.sizes.slice(0, 2), ...grid.sizes.slice(1, -1)]);
    },
    run: (args, out) => sampleInto(out, args),
  });
}

/** -1 to 1 in so many steps: their ends, or their middles (at::native::linspace_from_neg_one). */
function base(size: number, align: boolean): number[] {
  const span = align ? 1 : (size - 1) / size;
  return Array.from({ length: size }, (_, i) => (size <= 1 ? 0 : (-1 + (2 * i) / (size - 1)) * span));
}

/** at::native::affine_grid_generator. */
function affineGrid(theta: Tensor, size: readonly number[], align: boolean): Tensor {
  const space = size.slice(2);
  const rank = space.length;
  const points = call("aten::new_empty", theta, [1, numelOf(space), rank + 1]);
  if (!mode.meta && points.storage !== null) {
    const lines = space.map((count) => base(count, align));
    fill(points, (y) => {
      for (let p = 0; p < numelOf(space); p++) {
        for (let d = rank - 1, rest = p; d >= 0; d--) {
          y[p * (rank + 1) + rank - 1 - d] = lines[d]![rest % space[d]!]!;
          rest = Math.floor(rest / space[d]!);
        }
        y[p * (rank + 1) + rank] = 1;
      }
    });
  }
  const rows = call("aten::expand", points, [size[0], -1, -1]);
  return call("aten::view", call("aten::bmm", rows, transposed(theta, 1, 2)), [size[0], ...space, rank]);
}

export const gridSampling: readonly Kernel[] = [
  sampler("aten::grid_sampler"),
  sampler("aten::grid_sampler_2d"),
  sampler("aten::grid_sampler_3d"),
  sampler("aten::_grid_sampler_2d_cpu_fallback"),
  tableOp<{ theta: Tensor; size: readonly number[]; align_corners: boolean }>("aten::affine_grid_generator", {
    composite: ({ theta, size, align_corners }) => affineGrid(theta, size, align_corners),
  }),
];
