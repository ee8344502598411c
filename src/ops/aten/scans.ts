/** Running sums, products and extremes along a dimension. */
import { cast } from "../../tensor/copy.ts";
import { type DType, dtypes, isIntegral } from "../../tensor/dtype.ts";
import {
  complexes,
  elementOffsets,
  fill,
  fillComplexes,
  fillIntegers,
  gatherElements,
  integers,
} from "../../tensor/elements.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import * as complex from "../math/complex.ts";
import type { Complex } from "../pointwise.ts";
import { comparable, indexSpec, rowsAlong } from "../rows.ts";
import { alongRows } from "./softmax.ts";

const scanDtype = (self: Tensor, dtype: DType | null): DType =>
  dtype ?? (isIntegral(self.dtype) ? dtypes.int64 : self.dtype);

/** A running sum or product: exact for integers, in doubles for floats. */
function scan(self: Tensor, dim: number, out: Tensor, product: boolean): void {
  const own = cast(self, out.dtype);
  if (isIntegral(out.dtype)) return scanIntegers(own, dim, out, product);
  if (out.dtype.category === "complex") {
    const add = (a: Complex, b: Complex): Complex => [a[0] + b[0], a[1] + b[1]];
    return scanComplexes(own, dim, out, [product ? 1 : 0, 0], product ? complex.times : add);
  }
  alongRows(own, dim, out, (x, start, end, y) => {
    let total = product ? 1 : 0;
    for (let i = start; i < end; i++) y[i] = total = product ? total * x[i]! : total + x[i]!;
  });
}

function scanIntegers(self: Tensor, dim: number, out: Tensor, product: boolean): void {
  const { view, length } = rowsAlong(self, dim);
  const x = integers(view);
  fillIntegers(rowsAlong(out, dim).view, (y) => {
    let total = 0n;
    for (let i = 0; i < y.length; i++) {
      if (i % length === 0) total = product ? 1n : 0n;
      total = BigInt.asIntN(64, product ? total * x[i]! : total + x[i]!);
      y[i] = total;
    }
  });
}

function scanComplexes(
  self: Tensor,
  dim: number,
  out: Tensor,
  start: Complex,
  next: (total: Complex, value: Complex) => Complex,
): void {
  const { view, length } = rowsAlong(self, dim);
  const x = complexes(view);
  fillComplexes(rowsAlong(out, dim).view, (y) => {
    let total = start;
    for (let i = 0; i < y.length; i += 2) {
      if (i % (2 * length) === 0) total = start;
      total = next(total, [x[i]!, x[i + 1]!]);
      [y[i], y[i + 1]] = total as [number, number];
    }
  });
}

/** The extreme so far and where it was last met; NaN is one (at::native cummax_helper_cpu). */
function runningExtreme(self: Tensor, dim: number, values: Tensor, indices: Tensor, sign: 1 | -1): void {
  const { view, length } = rowsAlong(self, dim);
  const x = comparable(view);
  const picked = new Int32Array(view.numel);
  for (let i = 0, best = 0; i < picked.length; i++) {
    if (i % length === 0) best = i;
    const [value, top] = [x[i]!, x[best]!];
    if (Number.isNaN(value) || (!Number.isNaN(top) && (sign > 0 ? value >= top : value <= top))) best = i;
    picked[i] = best;
  }
  const offsets = elementOffsets(view);
  gatherElements(
    rowsAlong(values, dim).view,
    self,
    picked.map((at) => offsets[at]!),
  );
  fill(rowsAlong(indices, dim).view, (y) => {
    for (let i = 0; i < y.length; i++) y[i] = picked[i]! % length;
  });
}

/** log(exp(a) + exp(b)). */
export function logAddExp(a: number, b: number): number {
  if (a === b && Math.abs(a) === Number.POSITIVE_INFINITY) return a;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

export const scans: readonly Kernel[] = [
  defineOp("aten::cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", {
    meta: ({ self, dtype }) => self.like(self.sizes, scanDtype(self, dtype)),
    run: ({ self, dim }, out) => scan(self, dim, out, false),
  }),
  defineOp("aten::cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", {
    meta: ({ self, dtype }) => self.like(self.sizes, scanDtype(self, dtype)),
    run: ({ self, dim }, out) => scan(self, dim, out, true),
  }),
  defineOp("aten::cummax(Tensor self, int dim) -> (Tensor values, Tensor indices)", {
    meta: ({ self }) => [self.like(), indexSpec(self.sizes)],
    run: ({ self, dim }, values, indices) => runningExtreme(self, dim, values, indices!, 1),
  }),
  defineOp("aten::cummin(Tensor self, int dim) -> (Tensor values, Tensor indices)", {
    meta: ({ self }) => [self.like(), indexSpec(self.sizes)],
    run: ({ self, dim }, values, indices) => runningExtreme(self, dim, values, indices!, -1),
  }),
  defineOp("aten::logcumsumexp(Tensor self, int dim) -> Tensor", {
    meta: ({ self }) => self.like(),
    run: ({ self, dim }, out) => {
      if (out.dtype.category === "complex")
        return scanComplexes(self, dim, out, [Number.NEGATIVE_INFINITY, 0], complex.logAddExp);
      alongRows(self, dim, out, (x, start, end, y) => {
        let total = Number.NEGATIVE_INFINITY;
        for (let i = start; i < end; i++) y[i] = total = logAddExp(total, x[i]!);
      });
    },
  }),
  defineOp(
    "aten::diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None) -> Tensor",
    {
      composite: ({ self, n, dim, prepend, append }) => {
        if (n === 0) return call("aten::clone", self);
        const parts = [prepend, self, append].filter((one) => one !== null);
        let result = parts.length > 1 ? call("aten::cat", parts, dim) : self;
        const subtract = self.dtype === dtypes.bool ? "aten::logical_xor" : "aten::sub.Tensor";
        for (let k = 0; k < n; k++) {
          const count = Math.max(result.size(dim) - 1, 0);
          const [later, earlier] = [result.size(dim) - count, 0].map((start) =>
            call("aten::narrow", result, dim, start, count),
          );
          result = call(subtract, later, earlier);
        }
        return result;
      },
    },
  ),
];
