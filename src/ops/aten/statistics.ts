/** Variances, norms and what else measures a tensor. */
import { cast } from "../../tensor/copy.ts";
import { type DType, realDtype } from "../../tensor/dtype.ts";
import { complexes, fill, reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, Kernel } from "../kernel.ts";
import { dimsOf, reducedSizes, rowsOf } from "../rows.ts";

/** The overloads of var and std in one form: `unbiased` is a correction of 1 or 0. */
interface Moments {
  readonly self: Tensor;
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  readonly correction: number;
}

function moments(args: Arguments): Moments {
  const self = args.self as Tensor;
  const correction = args.correction as Scalar | null | undefined;
  return {
    self,
    dims: dimsOf(self, (args.dim as readonly number[] | null | undefined) ?? null),
    keepdim: (args.keepdim as boolean | undefined) ?? false,
    correction: args.unbiased === undefined ? (correction?.re ?? 1) : Number(args.unbiased),
  };
}

/** Two passes in doubles; of complex numbers the parts' variances add up. */
function variance({ self, dims, correction }: Moments, root: boolean, out: Tensor): void {
  const { view, length } = rowsOf(self, dims);
  const parts = self.dtype.category === "complex" ? 2 : 1;
  const x = parts === 2 ? complexes(view) : reals(view);
  const divisor = Math.max(length - correction, 0);
  fill(out, (y) => {
    for (let row = 0; row < y.length; row++) {
      let squares = 0;
      for (let part = 0; part < parts; part++)
        squares += squaredDeviations(x, row * length, length, parts, part);
      const value = squares / divisor;
      y[row] = root ? Math.sqrt(value) : value;
    }
  });
}

function squaredDeviations(
  x: ArrayLike<number>,
  first: number,
  length: number,
  parts: number,
  part: number,
): number {
  let sum = 0;
  for (let i = first; i < first + length; i++) sum += x[i * parts + part]!;
  const mean = sum / length;
  let squares = 0;
  for (let i = first; i < first + length; i++) squares += (x[i * parts + part]! - mean) ** 2;
  return squares;
}

/** var, std, and the two together with the mean, in the overloads of the table. */
function momentKernels(): Kernel[] {
  return ["", ".dim", ".correction"].flatMap((overload) =>
    ["var", "std"].flatMap((name) => {
      const root = name === "std";
      return [
        new Kernel(`aten::${name}${overload}`, {
          meta: (args: Arguments) => spreadSpec(moments(args)),
          run: (args: Arguments, out: Tensor) => variance(moments(args), root, out),
        } as never),
        new Kernel(`aten::${name}_mean${overload}`, {
          meta: (args: Arguments) => {
            const spec = spreadSpec(moments(args));
            return [spec, { ...spec, dtype: (args.self as Tensor).dtype }];
          },
          run: (args: Arguments, spread: Tensor, mean: Tensor) => {
            const own = moments(args);
            variance(own, root, spread);
            call("aten::copy_", mean, call("aten::mean.dim", own.self, own.dims, own.keepdim));
          },
        } as never),
      ];
    }),
  );
}

const spreadSpec = ({ self, dims, keepdim }: Moments) => ({
  sizes: reducedSizes(self, dims, keepdim),
  dtype: realDtype(self.dtype),
});

/** The p-norm of one row (at::native norm_kernel). */
function normOf(x: ArrayLike<number>, start: number, end: number, p: number): number {
  let sum = p === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : 0;
  for (let i = start; i < end; i++) {
    const size = Math.abs(x[i]!);
    if (p === Number.POSITIVE_INFINITY) sum = Math.max(sum, size);
    else if (p === Number.NEGATIVE_INFINITY) sum = Math.min(sum, size);
    else if (p === 0) sum += size === 0 ? 0 : 1;
    else if (p === 1) sum += size;
    else sum += p === 2 ? size * size : size ** p;
  }
  if (p === 2) return Math.sqrt(sum);
  return p === 0 || p === 1 || Math.abs(p) === Number.POSITIVE_INFINITY ? sum : sum ** (1 / p);
}

function norm(
  self: Tensor,
  p: number,
  dim: readonly number[] | null,
  keepdim: boolean,
  dtype: DType | null,
): Tensor {
  return call("aten::linalg_vector_norm", self, Scalar.float(p), dim, keepdim, dtype);
}

export const statistics: readonly Kernel[] = [
  ...momentKernels(),
  defineOp(
    "aten::linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    {
      meta: ({ self, dim, keepdim, dtype }) => ({
        sizes: reducedSizes(self, dimsOf(self, dim), keepdim),
        dtype: realDtype(dtype ?? self.dtype),
      }),
      run: ({ self, ord, dim, dtype }, out) => {
        const own = cast(self, dtype ?? self.dtype);
        const sizes = own.dtype.category === "complex" ? call("aten::abs", own) : own;
        const { view, length } = rowsOf(sizes, dimsOf(self, dim));
        const x = reals(view);
        fill(out, (y) => {
          for (let row = 0; row < y.length; row++)
            y[row] = normOf(x, row * length, (row + 1) * length, ord.re);
        });
      },
    },
  ),
  defineOp("aten::norm.Scalar(Tensor self, Scalar p=2) -> Tensor", {
    composite: ({ self, p }) => norm(self, p.re, null, false, null),
  }),
  defineOp("aten::norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False) -> Tensor", {
    composite: ({ self, p, dim, keepdim }) => norm(self, p?.re ?? 2, dim, keepdim, null),
  }),
  defineOp(
    "aten::norm.ScalarOpt_dim_dtype(Tensor self, Scalar? p, int[1] dim, bool keepdim, *, ScalarType dtype) -> Tensor",
    { composite: ({ self, p, dim, keepdim, dtype }) => norm(self, p?.re ?? 2, dim, keepdim, dtype) },
  ),
  defineOp("aten::norm.ScalarOpt_dtype(Tensor self, Scalar? p, *, ScalarType dtype) -> Tensor", {
    composite: ({ self, p, dtype }) => norm(self, p?.re ?? 2, null, false, dtype),
  }),
  defineOp("aten::frobenius_norm.dim(Tensor self, int[1] dim, bool keepdim=False) -> Tensor", {
    composite: ({ self, dim, keepdim }) => norm(self, 2, dim, keepdim, null),
  }),
  defineOp("aten::dist(Tensor self, Tensor other, Scalar p=2) -> Tensor", {
    composite: ({ self, other, p }) => norm(call("aten::sub.Tensor", self, other), p.re, null, false, null),
  }),
];
