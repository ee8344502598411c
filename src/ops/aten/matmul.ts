/** Products of matrices and vectors. */
import { cast, copyInto } from "../../tensor/copy.ts";
import { dtypes, isIntegral } from "../../tensor/dtype.ts";
import { broadcastSizes, expandStrides } from "../../tensor/geometry.ts";
import { resultType } from "../../tensor/promotion.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { matrixProduct, requireSameDtype, roundInto, wideDtype, wideProduct } from "./products.ts";
import { reshaped } from "./reshaping.ts";
import { expanded, narrowed, transposed, unsqueezed, viewAs } from "./views.ts";

/** A vector as the only row or column of a matrix, a matrix as the only one of a batch. */
const asBatch = (t: Tensor): Tensor => (t.rank === 2 ? unsqueezed(t, 0) : t);
const asColumn = (t: Tensor): Tensor => unsqueezed(unsqueezed(t, -1), 0);
const asRow = (t: Tensor): Tensor => unsqueezed(unsqueezed(t, 0), 0);

/** Sizes of a product of matrices, or of batches of them. @throws when the operands do not fit. */
function productSizes(a: Tensor, b: Tensor, rank: 2 | 3): number[] {
  requireSameDtype(a, b);
  const fits = a.rank === rank && b.rank === rank && a.size(-1) === b.size(-2);
  if (!fits || (rank === 3 && a.sizes[0] !== b.sizes[0])) {
    throw new RangeError(`[${a.sizes.join(", ")}] and [${b.sizes.join(", ")}] cannot be multiplied`);
  }
  return [...a.sizes.slice(0, -1), b.size(-1)];
}

/** `beta * self + alpha * product`, rounded once; self is not read when beta is 0. */
function addProduct(out: Tensor, self: Tensor, product: Tensor, beta: Scalar, alpha: Scalar): void {
  const { dtype } = product;
  const factor = (s: Scalar): Scalar => (isIntegral(dtype) ? Scalar.int(s.integer) : s);
  let sum = new Tensor(product.storage, dtype, out.sizes);
  if (alpha.re !== 1 || alpha.im !== 0) sum = call("aten::mul.Scalar", sum, factor(alpha));
  if (beta.re !== 0 || beta.im !== 0) sum = call("aten::add.Tensor", sum, cast(self, dtype), factor(beta));
  copyInto(out, sum);
}

function addedSpec(self: Tensor, sizes: readonly number[]): TensorSpec {
  expandStrides(self.sizes, self.strides, sizes);
  return { sizes, dtype: self.dtype };
}

/** at::native::matmul: vectors are matrices for the while, and batches broadcast. */
function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 0 || b.rank === 0) throw new RangeError("matmul: both operands must have a dimension");
  if (a.rank === 1 && b.rank === 1) return call("aten::dot", a, b);
  if (a.rank === 2 && b.rank === 1) return call("aten::mv", a, b);
  if (a.rank === 2 && b.rank === 2) return call("aten::mm", a, b);
  const [left, right] = [a.rank === 1 ? unsqueezed(a, 0) : a, b.rank === 1 ? unsqueezed(b, -1) : b];
  const [m, n] = [left.size(-2), right.size(-1)];
  const batch = broadcastSizes(left.sizes.slice(0, -2), right.sizes.slice(0, -2));
  const flat = (t: Tensor): Tensor => {
    const count = batch.reduce((product, size) => product * size, 1);
    return reshaped(expanded(t, [...batch, ...t.sizes.slice(-2)]), [count, ...t.sizes.slice(-2)]);
  };
  const product = call("aten::bmm", flat(left), flat(right));
  return viewAs(product, [...batch, ...(a.rank === 1 ? [] : [m]), ...(b.rank === 1 ? [] : [n])]);
}

function linearSizes({
  input,
  weight,
  bias,
}: {
  input: Tensor;
  weight: Tensor;
  bias: Tensor | null;
}): number[] {
  requireSameDtype(input, weight, bias);
  if (input.size(-1) !== weight.size(-1)) {
    throw new RangeError(
      `linear: the input has ${input.size(-1)} features, the weight takes ${weight.size(-1)}`,
    );
  }
  const sizes = [...input.sizes.slice(0, -1), ...weight.sizes.slice(0, -1)];
  if (bias !== null) expandStrides(bias.sizes, bias.strides, sizes);
  return sizes;
}

/** at::native::linear: what cannot be flattened to a matrix is multiplied, rounded, and only then gets the bias. */
const addsAfterwards = (input: Tensor): boolean =>
  input.dtype.form === "encoded" && input.rank > 2 && !input.isContiguous;

/** torch._refs.addr: with bool operands and factors, a disjunction. */
function addOuter(out: Tensor, { self, vec1, vec2, beta, alpha }: Arguments): void {
  const wide = wideDtype(out.dtype);
  const product = wideProduct(asColumn(cast(vec1 as Tensor, wide)), asRow(cast(vec2 as Tensor, wide)));
  addProduct(out, self as Tensor, product, beta as Scalar, alpha as Scalar);
}

export const matrixProducts: readonly Kernel[] = [
  defineOp("aten::mm(Tensor self, Tensor mat2) -> Tensor", {
    meta: ({ self, mat2 }) => self.like(productSizes(self, mat2, 2)),
    run: ({ self, mat2 }, out) => roundInto(out, matrixProduct(asBatch(self), asBatch(mat2))),
  }),
  defineOp("aten::_int_mm(Tensor self, Tensor mat2) -> Tensor", {
    meta: ({ self, mat2 }) => self.like(productSizes(self, mat2, 2), dtypes.int32),
    run: ({ self, mat2 }, out) => roundInto(out, matrixProduct(asBatch(self), asBatch(mat2))),
  }),
  defineOp("aten::bmm(Tensor self, Tensor mat2) -> Tensor", {
    meta: ({ self, mat2 }) => self.like(productSizes(self, mat2, 3)),
    run: ({ self, mat2 }, out) => roundInto(out, matrixProduct(self, mat2)),
  }),
  defineOp("aten::addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", {
    meta: ({ self, mat1, mat2 }) => addedSpec(self, productSizes(mat1, mat2, 2)),
    run: ({ self, mat1, mat2, beta, alpha }, out) =>
      addProduct(out, self, matrixProduct(asBatch(mat1), asBatch(mat2)), beta, alpha),
  }),
  defineOp(
    "aten::baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor",
    {
      meta: ({ self, batch1, batch2 }) => addedSpec(self, productSizes(batch1, batch2, 3)),
      run: ({ self, batch1, batch2, beta, alpha }, out) =>
        addProduct(out, self, matrixProduct(batch1, batch2), beta, alpha),
    },
  ),
  defineOp(
    "aten::addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor",
    {
      meta: ({ self, batch1, batch2 }) => addedSpec(self, productSizes(batch1, batch2, 3).slice(1)),
      run: ({ self, batch1, batch2, beta, alpha }, out) => {
        addProduct(out, self, Tensor.zeros(out.sizes, wideDtype(out.dtype)), beta, alpha);
        // Rounded behind each batch (at::native::addbmm_impl_).
        for (let i = 0; i < batch1.sizes[0]!; i++) {
          const product = matrixProduct(narrowed(batch1, 0, i, 1), narrowed(batch2, 0, i, 1));
          addProduct(out, i === 0 ? self : out, product, i === 0 ? beta : Scalar.int(1), alpha);
        }
      },
    },
  ),
  defineOp("aten::mv(Tensor self, Tensor vec) -> Tensor", {
    meta: ({ self, vec }) => self.like(productSizes(self, unsqueezed(vec, -1), 2).slice(0, 1)),
    run: ({ self, vec }, out) => roundInto(out, matrixProduct(asBatch(self), asColumn(vec))),
  }),
  defineOp("aten::addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor", {
    meta: ({ self, mat, vec }) => addedSpec(self, productSizes(mat, unsqueezed(vec, -1), 2).slice(0, 1)),
    run: ({ self, mat, vec, beta, alpha }, out) =>
      addProduct(out, self, matrixProduct(asBatch(mat), asColumn(vec)), beta, alpha),
  }),
  defineOp("aten::addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", {
    meta: ({ self, vec1, vec2 }) => ({
      ...addedSpec(self, [vec1.numel, vec2.numel]),
      dtype: resultType([self, vec1, vec2]),
    }),
    run: (args, out) => addOuter(out, args),
  }),
  defineOp("aten::dot(Tensor self, Tensor tensor) -> Tensor", {
    meta: ({ self, tensor }) => {
      productSizes(unsqueezed(self, 0), unsqueezed(tensor, -1), 2);
      return self.like([]);
    },
    run: ({ self, tensor }, out) => roundInto(out, matrixProduct(asRow(self), asColumn(tensor))),
  }),
  defineOp("aten::vdot(Tensor self, Tensor other) -> Tensor", {
    composite: ({ self, other }) =>
      call("aten::dot", self.dtype.category === "complex" ? call("aten::conj_physical", self) : self, other),
  }),
  defineOp("aten::matmul(Tensor self, Tensor other) -> Tensor", {
    composite: ({ self, other }) => matmul(self, other),
  }),
  defineOp("aten::linalg_matmul(Tensor self, Tensor other) -> Tensor", {
    composite: ({ self, other }) => matmul(self, other),
  }),
  defineOp("aten::linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", {
    meta: (args) => args.input.like(linearSizes(args)),
    run: ({ input, weight, bias }, out) => {
      const rows = input.sizes.slice(0, -1).reduce((count, size) => count * size, 1);
      const left = reshaped(input, [1, rows, input.size(-1)]);
      const right = weight.rank === 1 ? asColumn(weight) : unsqueezed(transposed(weight, 0, 1), 0);
      const product = matrixProduct(left, right);
      if (bias === null || addsAfterwards(input)) roundInto(out, product);
      else addProduct(out, bias, product, Scalar.int(1), Scalar.int(1));
      if (bias !== null && addsAfterwards(input)) copyInto(out, call("aten::add.Tensor", out, bias));
    },
  }),
];
