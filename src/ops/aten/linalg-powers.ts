/** Powers and exponentials of matrices; what makes matrices of vectors. */
import { broadcastSizes } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { exponential } from "../math/exponential.ts";
import { matricesOf, requireSquare, storeMatrices } from "../matrices.ts";
import { expanded, unsqueezed } from "./views.ts";

const product = (a: Tensor, b: Tensor): Tensor => call("aten::matmul", a, b);

/** at::native::linalg_matrix_power: by squaring. */
function power(self: Tensor, n: number): Tensor {
  if (self.size(-1) !== self.size(-2))
    throw new RangeError(
      `linalg.matrix_power: A must be batches of square matrices, but they are ${self.size(-2)} by ${self.size(-1)} matrices`,
    );
  if (n === 0) return call("aten::add.Tensor", call("aten::zeros_like", self), eye(self));
  let base = n < 0 ? call("aten::linalg_inv", self) : self;
  let left = Math.abs(n);
  if (left === 1) return n < 0 ? base : call("aten::clone", base);
  let result: Tensor | undefined;
  for (; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = result === undefined ? base : product(result, base);
    if (left > 1) base = product(base, base);
  }
  return result!;
}

const eye = (self: Tensor): Tensor => call("aten::eye", self.size(-1), self.dtype);

const exponentialKernel = (
  schema: "aten::linalg_matrix_exp(Tensor self) -> Tensor" | "aten::matrix_exp(Tensor self) -> Tensor",
): Kernel =>
  defineOp(schema, {
    meta: ({ self }) => {
      requireSquare(self, "linalg.matrix_exp");
      return self.like();
    },
    run: ({ self }, out) => storeMatrices(out, matricesOf(self), exponential),
  });

/** at::native::linalg_cross */
function cross(self: Tensor, other: Tensor, dim: number): Tensor {
  if (self.rank !== other.rank)
    throw new RangeError("linalg.cross: inputs must have the same number of dimensions.");
  if (self.size(dim) !== 3 || other.size(dim) !== 3) {
    throw new RangeError(
      `linalg.cross: inputs dimension ${dim} must have length 3. Got ${self.size(dim)} and ${other.size(dim)}`,
    );
  }
  const sizes = broadcastSizes(self.sizes, other.sizes);
  const [a, b] = [expanded(self, sizes), expanded(other, sizes)];
  const turned = (t: Tensor, by: number): Tensor => call("aten::roll", t, [-by], [dim]);
  const products = [
    [1, 2],
    [2, 1],
  ].map(([i, k]) => call("aten::mul.Tensor", turned(a, i!), turned(b, k!)));
  return call("aten::sub.Tensor", products[0], products[1]);
}

/** at::native::linalg_vander */
function vander(x: Tensor, count: number): Tensor {
  if (count <= 1) throw new RangeError("N must be greater than 1.");
  const sizes = x.rank === 0 ? [1] : x.sizes;
  const powers = call("aten::cumprod", expanded(unsqueezed(x, -1), [...sizes, count - 1]), -1);
  const ones = call("aten::new_ones", powers, [...sizes, 1]);
  return call("aten::cat", [ones, powers], -1);
}

export const matrixPowers: readonly Kernel[] = [
  defineOp("aten::linalg_matrix_power(Tensor self, int n) -> Tensor", {
    composite: ({ self, n }) => power(self, n),
  }),
  defineOp("aten::matrix_power(Tensor self, int n) -> Tensor", {
    composite: ({ self, n }) => power(self, n),
  }),
  exponentialKernel("aten::linalg_matrix_exp(Tensor self) -> Tensor"),
  exponentialKernel("aten::matrix_exp(Tensor self) -> Tensor"),
  defineOp("aten::linalg_cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor", {
    composite: ({ self, other, dim }) => cross(self, other, dim),
  }),
  defineOp("aten::cross(Tensor self, Tensor other, int? dim=None) -> Tensor", {
    composite: ({ self, other, dim }) => {
      const first = self.sizes.indexOf(3);
      if (dim === null && first < 0) throw new RangeError("no dimension of size 3 in input");
      return cross(self, other, dim ?? first);
    },
  }),
  defineOp("aten::linalg_vander(Tensor x, *, SymInt? N=None) -> Tensor", {
    composite: ({ x, N }) => vander(x, N ?? (x.rank === 0 ? 1 : x.size(-1))),
  }),
  defineOp("aten::vander(Tensor x, int? N=None, bool increasing=False) -> Tensor", {
    composite: ({ x, N, increasing }) => {
      const powers = vander(x, Math.max(N ?? x.size(0), 2));
      const kept = call("aten::slice.Tensor", powers, 1, 0, N ?? x.size(0));
      return increasing ? kept : call("aten::flip", kept, [1]);
    },
  }),
];
