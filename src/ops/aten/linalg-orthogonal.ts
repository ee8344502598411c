/** QR decompositions, by Householder's reflections. */
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { callAny } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { blockOf, type Matrix, upperOf } from "../math/matrix.ts";
import { applyFromRight, applyReflections, reflectionProduct, reflections } from "../math/reflections.ts";
import {
  batchSizes,
  columnMajor,
  columnsOf,
  matricesOf,
  requireMatrices,
  storeMatrices,
} from "../matrices.ts";

function qrSpecs(a: Tensor, mode: string): [TensorSpec, TensorSpec] {
  requireMatrices(a, "linalg.qr");
  if (mode !== "reduced" && mode !== "complete" && mode !== "r") {
    throw new RangeError(
      `qr received unrecognized mode '${mode}' but expected one of 'reduced' (default), 'r', or 'complete'`,
    );
  }
  const [m, n] = [a.size(-2), a.size(-1)];
  const k = mode === "complete" ? m : Math.min(m, n);
  const matrices = (rows: number, columns: number): TensorSpec =>
    columnMajor(a.like([...batchSizes(a), rows, columns]));
  return [mode === "r" ? a.like([0]) : matrices(m, k), matrices(k, n)];
}

export const orthogonalDecompositions: readonly Kernel[] = [
  defineOp('aten::linalg_qr(Tensor A, str mode="reduced") -> (Tensor Q, Tensor R)', {
    meta: ({ A, mode }) => qrSpecs(A, mode),
    run: ({ A, mode }, q, r) => {
      const found = matricesOf(A).map(reflections);
      const [rows, columns] = [r!.size(-2), r!.size(-1)];
      storeMatrices(r!, found, ({ vectors }) => upperOf(blockOf(vectors, 0, rows, 0, columns)));
      if (mode !== "r") storeMatrices(q, found, (own) => reflectionProduct(own, rows));
    },
  }),
  defineOp("aten::qr(Tensor self, bool some=True) -> (Tensor Q, Tensor R)", {
    composite: ({ self, some }) => callAny("aten::linalg_qr", self, some ? "reduced" : "complete"),
  }),
  defineOp("aten::geqrf(Tensor self) -> (Tensor a, Tensor tau)", {
    meta: ({ self }) => {
      requireMatrices(self, "geqrf");
      const factors = [...batchSizes(self), Math.min(self.size(-2), self.size(-1))];
      return [columnMajor(self.like()), self.like(factors)];
    },
    run: ({ self }, a, tau) => {
      const found = matricesOf(self).map(reflections);
      storeMatrices(a, found, (own) => own.vectors);
      storeMatrices(tau!, found, (own) => own.factors);
    },
  }),
  defineOp("aten::linalg_householder_product(Tensor input, Tensor tau) -> Tensor", {
    meta: ({ input }) => {
      requireMatrices(input, "torch.linalg.householder_product");
      return columnMajor(input.like());
    },
    run: ({ input, tau }, out) => {
      const factors = columnsOf(tau);
      storeMatrices(out, [...matricesOf(input).entries()], ([i, vectors]) =>
        reflectionProduct({ vectors, factors: factors[i]! }, input.size(-1)),
      );
    },
  }),
  defineOp("aten::orgqr(Tensor self, Tensor input2) -> Tensor", {
    composite: ({ self, input2 }) => callAny("aten::linalg_householder_product", self, input2),
  }),
  defineOp(
    "aten::ormqr(Tensor self, Tensor input2, Tensor input3, bool left=True, bool transpose=False) -> Tensor",
    {
      meta: ({ self, input3 }) => {
        requireMatrices(self, "ormqr");
        return columnMajor(input3.like());
      },
      run: ({ self, input2, input3, left, transpose }, out) => {
        const [vectors, factors] = [matricesOf(self), columnsOf(input2)];
        storeMatrices(out, [...matricesOf(input3).entries()], ([i, c]: [number, Matrix]) => {
          const own = { vectors: vectors[i]!, factors: factors[i]! };
          return left ? applyReflections(own, c, transpose) : applyFromRight(own, c, transpose);
        });
      },
    },
  ),
];
