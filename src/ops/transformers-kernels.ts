/** Operators that the transformers library registers and its exports hold (transformers/integrations). */
import { copyInto } from "../tensor/copy.ts";
import { reals } from "../tensor/elements.ts";
import { call } from "./dispatch.ts";
import { defineOp, type Kernel } from "./kernel.ts";
import { LIBRARY_SCHEMAS } from "./library-schemas.ts";

export const transformersKernels: readonly Kernel[] = [
  // _grouped_mm_fallback in moe.py: rows of the input, sorted by expert, times the matrix of their expert.
  defineOp(LIBRARY_SCHEMAS.groupedProduct, {
    meta: ({ input, weight }) => input.like([input.size(0), weight.size(2)]),
    run: ({ input, weight, offs }, out) => {
      let start = 0;
      for (const [expert, end] of reals(offs).entries()) {
        if (end === start) continue;
        const rows = call("aten::slice.Tensor", input, 0, start, end);
        const product = call("aten::mm", rows, call("aten::select.int", weight, 0, expert));
        copyInto(call("aten::slice.Tensor", out, 0, start, end), product);
        start = end;
      }
    },
  }),
];
