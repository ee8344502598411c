/** Weights as a direction and a length. */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";

/** Norms over all dimensions but one; over all for -1 (at::native::norm_except_dim). */
function normExcept(v: Tensor, pow: number, dim: number, dtype: DType): Tensor {
  const kept = dim === -1 ? -1 : wrapDim(dim, v.rank);
  const dims = v.sizes.map((_, d) => d).filter((d) => d !== kept);
  return call("aten::linalg_vector_norm", v, Scalar.int(pow), dims, dim !== -1, dtype);
}

/** The weights, and the norms that they had, in float32 for low precision (at::native::weight_norm_cpu). */
function normalized(v: Tensor, g: Tensor, dim: number): [Tensor, Tensor] {
  const norms = normExcept(v, 2, dim, v.dtype.form === "encoded" ? dtypes.float32 : v.dtype);
  const factor = call("aten::div.Tensor", g, norms);
  return [call("aten::to.dtype", call("aten::mul.Tensor", v, factor), v.dtype), norms];
}

export const weightNorms: readonly Kernel[] = [
  defineOp("aten::_weight_norm_interface(Tensor v, Tensor g, int dim=0) -> (Tensor, Tensor)", {
    composite: ({ v, g, dim }) => normalized(v, g, dim),
  }),
  defineOp("aten::_weight_norm(Tensor v, Tensor g, int dim=0) -> Tensor", {
    composite: ({ v, g, dim }) => normalized(v, g, dim)[0],
  }),
  defineOp("aten::norm_except_dim(Tensor v, int pow=2, int dim=0) -> Tensor", {
    composite: ({ v, pow, dim }) => normExcept(v, pow, dim, v.dtype),
  }),
];
