/** Copies, casts and fills. */
import { copyInto } from "../../tensor/copy.ts";
import { fill, fillComplexes, fillIntegers } from "../../tensor/elements.ts";
import { defaultDtype } from "../../tensor/promotion.ts";
import type { Scalar } from "../../tensor/scalar.ts";
import { formatStrides } from "../../tensor/strides.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Kernel } from "../kernel.ts";

/** Every element becomes the number, cast to the tensor's dtype. */
export function fillScalar(out: Tensor, value: Scalar): void {
  if (out.dtype.category === "complex") {
    fillComplexes(out, (y) => {
      for (let i = 0; i < y.length; i += 2) {
        y[i] = value.re;
        y[i + 1] = value.im;
      }
    });
  } else if (out.dtype.form === "wide") fillIntegers(out, (y) => (y as BigInt64Array).fill(value.integer));
  else fill(out, (y) => y.fill(value.re));
}

export const copying: readonly Kernel[] = [
  defineOp("aten::clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor", {
    meta: ({ self, memory_format }) => ({ ...self.like(), strides: formatStrides(self, memory_format) }),
    run: ({ self }, out) => copyInto(out, self),
  }),
  defineOp("aten::copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)", {
    composite: ({ self, src }) => {
      if (self.storage !== null) copyInto(self, src);
      return self;
    },
  }),
  defineOp("aten::fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!)", {
    composite: ({ self, value }) => {
      if (self.storage !== null) fillScalar(self, value);
      return self;
    },
  }),
  defineOp(
    "aten::full(SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    {
      meta: ({ size, fill_value, dtype }) => ({
        sizes: size,
        dtype: dtype ?? defaultDtype(fill_value.category),
      }),
      run: ({ fill_value }, out) => fillScalar(out, fill_value),
    },
  ),
];
