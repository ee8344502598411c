/** Distances between vectors. */
import { cast } from "../../tensor/copy.ts";
import { isIntegral } from "../../tensor/dtype.ts";
import { fill, type Reals, reals } from "../../tensor/elements.ts";
import { broadcastSizes } from "../../tensor/geometry.ts";
import { resultType } from "../../tensor/promotion.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import type { Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { expanded } from "./views.ts";

/** The p-norm of the difference of two runs of elements, in doubles (at::native::dist_calc). */
function distance(x: Reals, a: number, y: Reals, b: number, length: number, p: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const d = Math.abs(x[a + i]! - y[b + i]!);
    if (p === Infinity) sum = d > sum || Number.isNaN(d) ? d : sum;
    else sum += p === 0 ? Number(d !== 0) : p === 1 ? d : p === 2 ? d * d : d ** p;
  }
  return p === 0 || p === 1 || p === Infinity ? sum : p === 2 ? Math.sqrt(sum) : sum ** (1 / p);
}

interface Pairs {
  readonly x1: Tensor;
  readonly x2: Tensor;
  readonly p?: number;
}

function pairsSpec({ x1, x2 }: Pairs): TensorSpec {
  if (x1.size(-1) !== x2.size(-1)) throw new RangeError(`cdist: ${x1} and ${x2} differ in their last size`);
  const batch = broadcastSizes(x1.sizes.slice(0, -2), x2.sizes.slice(0, -2));
  return { sizes: [...batch, x1.size(-2), x2.size(-2)], dtype: resultType([x1, x2]) };
}

function pairsInto(out: Tensor, { x1, x2, p = 2 }: Pairs): void {
  const batch = out.sizes.slice(0, -2);
  const [rows, columns, length] = [x1.size(-2), x2.size(-2), x1.size(-1)];
  const x = reals(expanded(x1, [...batch, rows, length]));
  const y = reals(expanded(x2, [...batch, columns, length]));
  fill(out, (values) => {
    for (let at = 0; at < values.length; at++) {
      const row = Math.floor(at / columns);
      const other = Math.floor(row / rows) * columns + (at % columns);
      values[at] = distance(x, row * length, y, other * length, length, p);
    }
  });
}

const pairs = (name: string): Kernel =>
  tableOp<Pairs>(name, { meta: pairsSpec, run: (args, out) => pairsInto(out, args) });

/** Distances within one set, each pair once. */
const within = (name: string): Kernel =>
  tableOp<{ self: Tensor; p: number }>(name, {
    meta: ({ self }) => self.like([(self.sizes[0]! * (self.sizes[0]! - 1)) / 2]),
    run: ({ self, p }, out) => {
      const x = reals(self);
      const [rows, length] = self.sizes as [number, number];
      fill(out, (values) => {
        let at = 0;
        for (let i = 0; i < rows; i++) {
          for (let j = i + 1; j < rows; j++) values[at++] = distance(x, i * length, x, j * length, length, p);
        }
      });
    },
  });

/**
 * at::native::cosine_similarity: both are divided by their lengths, which are at least eps. Each keeps its own dtype for
 * that, unless it is integral.
 */
function cosine(x1: Tensor, x2: Tensor, dim: number, eps: number): Tensor {
  const dtype = resultType([x1, x2]);
  const sizes = broadcastSizes(x1.sizes, x2.sizes);
  const unit = (t: Tensor): Tensor => {
    const own = expanded(isIntegral(t.dtype) ? cast(t, dtype) : t, sizes);
    const norm = call("aten::linalg_vector_norm", own, Scalar.int(2), [dim], true);
    return call("aten::div.Tensor", own, call("aten::clamp_min", norm, Scalar.float(eps)));
  };
  return call("aten::sum.dim_IntList", call("aten::mul.Tensor", unit(x1), unit(x2)), [dim]);
}

/** at::native::pairwise_distance. */
function pairwise(x1: Tensor, x2: Tensor, p: number, eps: number, keepdim: boolean): Tensor {
  const difference = call("aten::add.Scalar", call("aten::sub.Tensor", x1, x2), Scalar.float(eps));
  const last = Math.max(x1.rank, x2.rank) - 1;
  return call("aten::norm.ScalarOpt_dim", difference, Scalar.float(p), [last], keepdim);
}

export const distances: readonly Kernel[] = [
  pairs("aten::cdist"),
  pairs("aten::_cdist_forward"),
  pairs("aten::_euclidean_dist"),
  within("aten::pdist"),
  within("aten::_pdist_forward"),
  tableOp<{ x1: Tensor; x2: Tensor; dim: number; eps: number }>("aten::cosine_similarity", {
    composite: ({ x1, x2, dim, eps }) => cosine(x1, x2, dim, eps),
  }),
  tableOp<{ x1: Tensor; x2: Tensor; p: number; eps: number; keepdim: boolean }>("aten::pairwise_distance", {
    composite: ({ x1, x2, p, eps, keepdim }) => pairwise(x1, x2, p, eps, keepdim),
  }),
];
