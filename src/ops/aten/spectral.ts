/** torch.fft: sizes, norms and dtypes around the three transforms (at::native, SpectralOps.cpp). */
import { complexDtype, dtypes } from "../../tensor/dtype.ts";
import { fill } from "../../tensor/elements.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { floatDtype } from "../../tensor/promotion.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { narrowed } from "./views.ts";

/** What the functions of torch.fft take: those of one dimension have `n` and a number for `dim`. */
interface FourierArguments {
  readonly self: Tensor;
  readonly n?: number | null;
  readonly s?: readonly number[] | null;
  readonly dim: number | readonly number[] | null;
  readonly norm: string | null;
}

/** The dimensions to transform, and the sizes that they are to have: null where that is their own. */
interface Extent {
  readonly dims: readonly number[];
  readonly sizes: readonly (number | null)[];
}

/** at::native::canonicalize_fft_shape_and_dim_args: without `dim`, the last ones for which there are sizes. */
function extentOf({ self, n = null, s = null, dim }: FourierArguments): Extent {
  if (typeof dim === "number") return { dims: [wrapDim(dim, self.rank)], sizes: [n] };
  const all = self.sizes.map((_, d) => d);
  const dims = dim?.map((d) => wrapDim(d, self.rank)) ?? all.slice(s === null ? 0 : all.length - s.length);
  return { dims, sizes: dims.map((_, i) => (s === null || s[i] === -1 ? null : s[i]!)) };
}

/** at::native::resize_fft_input: cut off, or filled up with zeros. */
function resized(self: Tensor, { dims, sizes }: Extent): Tensor {
  let result = self;
  const pad = new Array<number>(2 * self.rank).fill(0);
  for (const [i, d] of dims.entries()) {
    const missing = (sizes[i] ?? self.sizes[d]!) - self.sizes[d]!;
    if (missing > 0) pad[2 * (self.rank - d) - 1] = missing;
    else if (missing < 0) result = narrowed(result, d, 0, sizes[i]!);
  }
  return pad.some((count) => count > 0) ? call("aten::constant_pad_nd", result, pad, Scalar.int(0)) : result;
}

/** at::native::norm_from_string: "backward", the default, divides on the way back. */
function normalization(norm: string | null, forward: boolean): number {
  if (norm === "ortho") return 1;
  return (norm === "forward") === forward ? 2 : 0;
}

const toComplex = (t: Tensor): Tensor => call("aten::to.dtype", t, complexDtype(floatDtype(t.dtype)));
const conjugate = (t: Tensor): Tensor => call("aten::conj_physical", t);

function complexToComplex(args: FourierArguments, forward: boolean): Tensor {
  const extent = extentOf(args);
  const input = resized(toComplex(args.self), extent);
  return call("aten::_fft_c2c", input, extent.dims, normalization(args.norm, forward), forward);
}

/** Of real input: its whole spectrum, or the first half, which determines the other. */
function fromReal(args: FourierArguments, forward: boolean, onesided: boolean): Tensor {
  const { self, norm } = args;
  if (self.dtype.category === "complex") throw new RangeError(`fft: expected real numbers, got ${self}`);
  const extent = extentOf(args);
  const input = resized(call("aten::to.dtype", self, floatDtype(self.dtype)), extent);
  const mode = normalization(norm, forward);
  const { dims } = extent;
  if (forward) return call("aten::_fft_r2c", input, dims, mode, onesided);
  // at::native::fft_ihfftn: the last dimension forward, conjugated, and the others backward.
  const last = conjugate(call("aten::_fft_r2c", input, dims.slice(-1), mode, onesided));
  return dims.length === 1 ? last : call("aten::_fft_c2c", last, dims.slice(0, -1), mode, false);
}

/** To real numbers from half a spectrum; forward, the others first and the last by its conjugate (fft_hfftn). */
function toReal(args: FourierArguments, forward: boolean): Tensor {
  const { dims, sizes } = extentOf(args);
  const last = dims.length - 1;
  const length = sizes[last] ?? 2 * (args.self.sizes[dims[last]!]! - 1);
  if (length < 1) throw new RangeError(`fft: ${length} is no number of data points`);
  const half = sizes.map((size, i) => (i === last ? Math.floor(length / 2) + 1 : size));
  const input = resized(toComplex(args.self), { dims, sizes: half });
  const mode = normalization(args.norm, forward);
  if (!forward) return call("aten::_fft_c2r", input, dims, mode, length);
  const others = last === 0 ? input : call("aten::_fft_c2c", input, dims.slice(0, -1), mode, true);
  return call("aten::_fft_c2r", conjugate(others), dims.slice(-1), mode, length);
}

/** A function of torch.fft for one, for two and for all dimensions. */
function family(name: string, run: (args: FourierArguments) => Tensor): Kernel[] {
  return [name, `${name}2`, `${name}n`].map((one) =>
    tableOp<FourierArguments>(`aten::fft_${one}`, { composite: run }),
  );
}

/** fft and ifft of one dimension take real numbers as such; those of several make complex ones of them. */
function either(args: FourierArguments, forward: boolean): Tensor {
  const real = typeof args.dim === "number" && args.self.dtype.category !== "complex";
  return real ? fromReal(args, forward, false) : complexToComplex(args, forward);
}

interface ShiftArguments {
  readonly self: Tensor;
  readonly dim: readonly number[] | null;
}

/** Half a turn along dimensions, all of them for null. */
function shifted({ self, dim }: ShiftArguments, steps: (size: number) => number): Tensor {
  const dims = dim ?? self.sizes.map((_, d) => d);
  return call(
    "aten::roll",
    self,
    dims.map((d) => steps(self.size(d))),
    dims,
  );
}

/** The frequencies of a transform of n samples d apart: negative ones behind the others, or none of them. */
const frequencies = (["fft_fftfreq", "fft_rfftfreq"] as const).map((name) =>
  defineOp(
    `aten::${name}(int n, float d=1., *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor` as "aten::fft_fftfreq(int n, float d=1., *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    {
      meta: ({ n, dtype }) => ({
        sizes: [name === "fft_fftfreq" ? n : Math.floor(n / 2) + 1],
        dtype: dtype ?? dtypes.float32,
      }),
      run: ({ n, d }, out) =>
        fill(out, (y) => {
          for (let i = 0; i < y.length; i++) {
            const step = name === "fft_fftfreq" && i >= Math.ceil(n / 2) ? i - n : i;
            y[i] = step / (n * d);
          }
        }),
    },
  ),
);

export const spectral: readonly Kernel[] = [
  ...family("fft", (args) => either(args, true)),
  ...family("ifft", (args) => either(args, false)),
  ...family("rfft", (args) => fromReal(args, true, true)),
  ...family("ihfft", (args) => fromReal(args, false, true)),
  ...family("irfft", (args) => toReal(args, false)),
  ...family("hfft", (args) => toReal(args, true)),
  ...frequencies,
  tableOp<ShiftArguments>("aten::fft_fftshift", {
    composite: (args) => shifted(args, (size) => Math.floor(size / 2)),
  }),
  tableOp<ShiftArguments>("aten::fft_ifftshift", {
    composite: (args) => shifted(args, (size) => Math.floor((size + 1) / 2)),
  }),
];
