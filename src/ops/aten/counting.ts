/** Counts, histograms and quantiles. */
import { cast } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { dimOf, dimsOf, reducedSizes, rowsOf } from "../rows.ts";
import { roundHalfEven } from "./unary.ts";

interface Quantile {
  readonly self: Tensor;
  readonly q: Tensor | number;
  readonly dim: number | null;
  readonly keepdim: boolean;
  readonly interpolation: string;
}

/** How a rank between two elements is read. */
const RANKS: Readonly<Record<string, (rank: number) => number>> = {
  linear: (rank) => rank,
  lower: Math.floor,
  higher: Math.ceil,
  nearest: roundHalfEven,
  midpoint: (rank) => (Math.floor(rank) + Math.ceil(rank)) / 2,
};

/** at::native quantile_compute: the dimension of `q` comes first; a row with NaN gives NaN, or leaves it out. */
function quantile({ self, q, dim, keepdim, interpolation }: Quantile, skipNaN: boolean): Tensor {
  const dims = dim === null ? dimsOf(self, null) : dimOf(self, dim);
  const { view, count, length } = rowsOf(self, dims);
  const single = self.dtype === dtypes.float32;
  const shares = q instanceof Tensor ? reals(q) : [single ? Math.fround(q) : q];
  const x = reals(view);
  const sizes = [...(q instanceof Tensor ? q.sizes : []), ...reducedSizes(self, dims, keepdim)];
  const result = Tensor.zeros(sizes, self.dtype);
  const values = new Float64Array(numelOf(sizes));
  for (let row = 0; row < count; row++) {
    const own = Float64Array.from(x.subarray(row * length, (row + 1) * length));
    const known = own.filter((value) => !Number.isNaN(value)).sort();
    const spoiled = known.length === 0 || (!skipNaN && known.length < own.length);
    for (let k = 0; k < shares.length; k++) {
      const rank = shares[k]! * (known.length - 1);
      const at = RANKS[interpolation]!(single ? Math.fround(rank) : rank);
      const [low, high] = [known[Math.floor(at)]!, known[Math.ceil(at)]!];
      const part = at - Math.floor(at);
      const between =
        part === 0 ? low : part < 0.5 ? low + part * (high - low) : high - (high - low) * (1 - part);
      values[k * count + row] = spoiled ? Number.NaN : between;
    }
  }
  fill(result, (y) => y.set(values));
  return result;
}

function quantiles(name: string, skipNaN: boolean): Kernel[] {
  return ["", ".scalar"].map((overload) =>
    defineOp(
      `aten::${name}${overload}(Tensor self, ${overload === "" ? "Tensor" : "float"} q, int? dim=None, bool keepdim=False, *, str interpolation="linear") -> Tensor` as 'aten::quantile(Tensor self, Tensor q, int? dim=None, bool keepdim=False, *, str interpolation="linear") -> Tensor',
      { composite: (args) => quantile(args, skipNaN) },
    ),
  );
}

export const counting: readonly Kernel[] = [
  defineOp("aten::bincount(Tensor self, Tensor? weights=None, SymInt minlength=0) -> Tensor", {
    composite: ({ self, weights, minlength }) => {
      const values = reals(self);
      let size = minlength;
      for (const value of values) size = Math.max(size, value + 1);
      const counts = new Float64Array(size);
      const added = weights === null ? null : reals(weights);
      for (const [i, value] of values.entries()) counts[value]! += added?.[i] ?? 1;
      const kept = weights?.dtype === dtypes.float32 ? dtypes.float32 : dtypes.float64;
      const result = Tensor.zeros([size], weights === null ? dtypes.int64 : kept);
      fill(result, (y) => y.set(counts));
      return result;
    },
  }),
  ...quantiles("quantile", false),
  ...quantiles("nanquantile", true),
  defineOp("aten::one_hot(Tensor self, int num_classes=-1) -> Tensor", {
    composite: ({ self, num_classes }) => {
      let classes = num_classes;
      if (classes === -1) for (const label of reals(self)) classes = Math.max(classes, label + 1);
      const result = call("aten::zeros", [...self.sizes, classes], dtypes.int64);
      return call("aten::scatter_.value", result, -1, call("aten::unsqueeze", self, -1), Scalar.int(1));
    },
  }),
  defineOp("aten::renorm(Tensor self, Scalar p, int dim, Scalar maxnorm) -> Tensor", {
    // at::native renorm: slices along the dimension whose norm is too large shrink to it.
    composite: ({ self, p, dim, maxnorm }) => {
      const [kept] = dimOf(self, dim);
      const others = dimsOf(self, null).filter((d) => d !== kept);
      const wide = self.dtype.form === "encoded" ? dtypes.float32 : null;
      const norms = call("aten::linalg_vector_norm", self, p, others, true, wide);
      const shrink = call(
        "aten::mul.Scalar",
        call("aten::reciprocal", call("aten::add.Scalar", norms, Scalar.float(1e-7))),
        maxnorm,
      );
      const factors = call(
        "aten::where.self",
        call("aten::gt.Scalar", norms, maxnorm),
        shrink,
        call("aten::ones_like", norms),
      );
      return call("aten::mul.Tensor", self, cast(factors, self.dtype));
    },
  }),
];
