/** Operators whose result is a view of their operand. */
import { inferSizes, viewStrides, wrapDim } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Kernel } from "../kernel.ts";

/** @throws RangeError when other sizes need a copy, as torch's view does. */
export function viewAs(self: Tensor, size: readonly number[]): Tensor {
  const sizes = inferSizes(size, self.numel);
  const strides = viewStrides(self.sizes, self.strides, sizes);
  if (strides === undefined) {
    throw new RangeError(
      `view size [${sizes.join(", ")}] is not compatible with a tensor of sizes [${self.sizes.join(", ")}] and strides [${self.strides.join(", ")}]`,
    );
  }
  return self.view(sizes, strides);
}

export const views: readonly Kernel[] = [
  defineOp("aten::view(Tensor(a) self, SymInt[] size) -> Tensor(a)", {
    view: ({ self, size }) => viewAs(self, size),
  }),
  defineOp("aten::permute(Tensor(a) self, int[] dims) -> Tensor(a)", {
    view: ({ self, dims }) => {
      const order = dims.map((dim) => wrapDim(dim, self.rank));
      return self.view(
        order.map((d) => self.sizes[d]!),
        order.map((d) => self.strides[d]!),
      );
    },
  }),
];
