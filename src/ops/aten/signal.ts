/** Short-time Fourier transforms, and their way back. */
import { realDtype } from "../../tensor/dtype.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { expanded, narrowed, squeezed, transposed, unsqueezed, viewAs } from "./views.ts";

interface Frames {
  readonly n_fft: number;
  readonly hop_length: number | null;
  readonly win_length: number | null;
  readonly window: Tensor | null;
  readonly normalized: boolean;
  readonly onesided: boolean | null;
}

const isComplex = (t: Tensor): boolean => t.dtype.category === "complex";

/** A window of ones unless there is one, with zeros on both sides up to the length of a frame. */
function paddedWindow({ n_fft, win_length, window }: Frames, dtype: Tensor["dtype"]): Tensor {
  const length = win_length ?? n_fft;
  const own = window ?? call("aten::ones", [length], dtype);
  if (own.rank !== 1 || own.sizes[0] !== length || length > n_fft) {
    throw new RangeError(`stft: a window of length ${length} was expected, of at most ${n_fft}; got ${own}`);
  }
  const left = Math.floor((n_fft - length) / 2);
  return call("aten::constant_pad_nd", own, [left, n_fft - length - left], Scalar.int(0));
}

interface Stft extends Frames {
  readonly self: Tensor;
  readonly return_complex: boolean | null;
  readonly center?: boolean;
  readonly pad_mode?: string;
  readonly align_to_window?: boolean | null;
}

const paddedBy = (signal: Tensor, amount: number, mode: string): Tensor =>
  squeezed(call("aten::pad", unsqueezed(signal, 0), [amount, amount], mode), [0]);

/** at::native::stft. */
function stft(args: Stft): Tensor {
  const { self, n_fft, window, normalized, onesided, center = false, pad_mode = "reflect" } = args;
  const hop = args.hop_length ?? Math.floor(n_fft / 4);
  let signal = self.rank === 1 ? unsqueezed(self, 0) : self;
  if (center) signal = paddedBy(signal, Math.floor(n_fft / 2), pad_mode);
  else if (args.align_to_window === true)
    signal = paddedBy(signal, Math.floor((n_fft - (args.win_length ?? n_fft)) / 2), pad_mode);
  if (n_fft <= 0 || n_fft > signal.sizes[1]! || hop <= 0) {
    throw new RangeError(`stft: frames of ${n_fft} every ${hop} do not fit a signal of ${signal.sizes[1]}`);
  }
  let frames = call("aten::unfold", signal, -1, n_fft, hop);
  if (window !== null || (args.win_length ?? n_fft) < n_fft)
    frames = call("aten::mul.Tensor", frames, paddedWindow(args, self.dtype));
  const half = onesided ?? !isComplex(frames);
  const name = half ? "aten::fft_rfft" : "aten::fft_fft";
  const spectra = transposed(call(name, frames, null, -1, normalized ? "ortho" : null), 1, 2);
  const result = self.rank === 1 ? squeezed(spectra, [0]) : spectra;
  const complex = args.return_complex ?? (isComplex(self) || (window !== null && isComplex(window)));
  return complex ? result : call("aten::view_as_real", result);
}

interface Istft extends Frames {
  readonly self: Tensor;
  readonly center: boolean;
  readonly length: number | null;
  readonly return_complex: boolean;
}

/** Frames back into time. */
function framesOf({ self, n_fft, onesided, normalized, return_complex }: Istft): Tensor {
  const spectra = transposed(self.rank === 2 ? unsqueezed(self, 0) : self, 1, 2);
  const norm = normalized ? "ortho" : null;
  if (return_complex) return call("aten::fft_ifft", spectra, null, -1, norm);
  const half = onesided ?? self.size(-2) !== n_fft;
  const input = half ? spectra : narrowed(spectra, -1, 0, Math.floor(n_fft / 2) + 1);
  return call("aten::fft_irfft", input, n_fft, -1, norm);
}

/** at::native::istft: frames add up where they overlap, and so do the squares of their window, which divide them. */
function istft(args: Istft): Tensor {
  const { self, n_fft, center, length } = args;
  const hop = args.hop_length ?? Math.floor(n_fft / 4);
  const count = self.size(-1);
  const window = paddedWindow(args, realDtype(self.dtype));
  const total = n_fft + hop * (count - 1);
  const start = center ? Math.floor(n_fft / 2) : 0;
  const end = length !== null ? start + length : center ? total - Math.floor(n_fft / 2) : total;
  const overlapped = (frames: Tensor): Tensor => {
    const signal = call("aten::unfold_backward", frames, [frames.sizes[0]!, total], 1, n_fft, hop);
    return narrowed(signal, 1, start, Math.min(end, total) - start);
  };
  const frames = call("aten::mul.Tensor", framesOf(args), viewAs(window, [1, 1, n_fft]));
  const squares = expanded(call("aten::mul.Tensor", window, window), [1, count, n_fft]);
  let signal = call("aten::div.Tensor", overlapped(frames), overlapped(squares));
  if (end > total) signal = call("aten::constant_pad_nd", signal, [0, end - total], Scalar.int(0));
  return self.rank === 2 ? squeezed(signal, [0]) : signal;
}

export const signals: readonly Kernel[] = [
  defineOp(
    "aten::stft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool normalized=False, bool? onesided=None, bool? return_complex=None, bool? align_to_window=None) -> Tensor",
    { composite: stft },
  ),
  defineOp(
    'aten::stft.center(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool center=True, str pad_mode="reflect", bool normalized=False, bool? onesided=None, bool? return_complex=None, bool? align_to_window=None) -> Tensor',
    { composite: stft },
  ),
  defineOp(
    "aten::istft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool center=True, bool normalized=False, bool? onesided=None, int? length=None, bool return_complex=False) -> Tensor",
    { composite: istft },
  ),
  defineOp(
    "aten::unfold_backward(Tensor grad_in, SymInt[] input_sizes, int dim, int size, int step) -> Tensor",
    {
      // What unfold took from one place adds up there again.
      composite: ({ grad_in, input_sizes, dim, size, step }) => {
        const result = Tensor.ofSpec(grad_in.like(input_sizes), grad_in.storage === null);
        if (grad_in.storage === null) return result;
        const at = wrapDim(dim, input_sizes.length);
        for (let k = 0; k < grad_in.sizes[at]!; k++) {
          const target = call("aten::movedim.int", narrowed(result, at, k * step, size), at, -1);
          call("aten::add_.Tensor", target, call("aten::select.int", grad_in, at, k));
        }
        return result;
      },
    },
  ),
];
