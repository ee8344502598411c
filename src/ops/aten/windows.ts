/** The windows of signal processing. */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { fill } from "../../tensor/elements.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

interface Window {
  readonly window_length: number;
  readonly periodic?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
  readonly dtype: DType | null;
}

/** The value at `i` of a window whose last element, the one that a periodic window leaves out, is `last`. */
type Shape = (i: number, last: number, args: Window) => number;

const wave = (i: number, last: number, times = 1): number => Math.cos((2 * Math.PI * times * i) / last);

const SHAPES: Readonly<Record<string, Shape>> = {
  bartlett: (i, last) => 1 - Math.abs((2 * i) / last - 1),
  blackman: (i, last) => 0.42 - 0.5 * wave(i, last) + 0.08 * wave(i, last, 2),
  hamming: (i, last, { alpha = 0.54, beta = 0.46 }) => alpha - beta * wave(i, last),
  hann: (i, last) => 0.5 - 0.5 * wave(i, last),
  kaiser: (i, last, { beta = 12 }) => bessel(beta * Math.sqrt(1 - ((2 * i) / last - 1) ** 2)) / bessel(beta),
};

/** The modified Bessel function of order 0, by its series. */
function bessel(x: number): number {
  let [term, sum] = [1, 1];
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

const OVERLOADS: Readonly<Record<string, readonly string[]>> = {
  bartlett: ["", ".periodic"],
  blackman: ["", ".periodic"],
  hamming: ["", ".periodic", ".periodic_alpha", ".periodic_alpha_beta"],
  hann: ["", ".periodic"],
  kaiser: ["", ".periodic", ".beta"],
};

function windowKernel(name: string, shape: Shape): Kernel {
  return tableOp<Window>(name, {
    meta: ({ window_length, dtype }) => ({ sizes: [window_length], dtype: dtype ?? dtypes.float32 }),
    run: (args, out) =>
      fill(out, (y) => {
        const last = y.length - (args.periodic === false ? 1 : 0);
        for (let i = 0; i < y.length; i++) y[i] = last === 0 || y.length === 1 ? 1 : shape(i, last, args);
      }),
  });
}

export const windows: readonly Kernel[] = Object.entries(SHAPES).flatMap(([name, shape]) =>
  OVERLOADS[name]!.map((overload) => windowKernel(`aten::${name}_window${overload}`, shape)),
);
