/** Reading and writing where a mask is true. */
import { cast } from "../../tensor/copy.ts";
import { elementOffsets, gatherElements, reals, scatterElements } from "../../tensor/elements.ts";
import { broadcastSizes, expandStrides } from "../../tensor/geometry.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";

function expanded(t: Tensor, sizes: readonly number[]): Tensor {
  return t.view(sizes, expandStrides(t.sizes, t.strides, sizes));
}

/** Where the elements of a tensor lie at which the mask, which broadcasts to it, is true. */
function maskedOffsets(t: Tensor, mask: Tensor): Int32Array {
  const holds = reals(expanded(mask, t.sizes));
  return elementOffsets(t).filter((_, i) => holds[i] !== 0);
}

/** at::native masked_fill: where the mask is the larger of the two, a new tensor takes on its sizes. */
function maskedFill(self: Tensor, mask: Tensor, value: Tensor): Tensor {
  const sizes = broadcastSizes(self.sizes, mask.sizes);
  const result = call("aten::clone", expanded(self, sizes));
  if (result.storage !== null) fillMasked(result, mask, value);
  return result;
}

function fillMasked(target: Tensor, mask: Tensor, value: Tensor): void {
  const offsets = maskedOffsets(target, mask);
  scatterElements(target, offsets, cast(value, target.dtype).view([offsets.length], [0]));
}

const numberLike = (self: Tensor, value: unknown): Tensor => call("aten::full", [], value, self.dtype);

export const masks: readonly Kernel[] = [
  defineOp("aten::masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor", {
    composite: ({ self, mask, value }) => maskedFill(self, mask, numberLike(self, value)),
  }),
  defineOp("aten::masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor", {
    composite: ({ self, mask, value }) => maskedFill(self, mask, value),
  }),
  defineOp("aten::masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor", {
    composite: ({ self, mask, source }) => {
      const sizes = broadcastSizes(self.sizes, mask.sizes);
      const result = call("aten::clone", expanded(self, sizes));
      if (result.storage === null) return result;
      const offsets = maskedOffsets(result, mask);
      const flat = call("aten::reshape", source, [-1]);
      scatterElements(result, offsets, flat.view([offsets.length], flat.strides));
      return result;
    },
  }),
  defineOp("aten::masked_select(Tensor self, Tensor mask) -> Tensor", {
    composite: ({ self, mask }) => {
      const own = expanded(self, broadcastSizes(self.sizes, mask.sizes));
      const offsets = maskedOffsets(own, mask);
      const result = Tensor.zeros([offsets.length], self.dtype);
      gatherElements(result, self, offsets);
      return result;
    },
  }),
];
