/** Operators that make tensors of given sizes: constants, and those like another tensor. */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { formatStrides } from "../../tensor/strides.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel, mode } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { fillScalar } from "./copying.ts";
import { diagonalOf } from "./views.ts";

const ONE = Scalar.int(1);
const ZERO = Scalar.int(0);

interface Made {
  readonly size: readonly number[];
  readonly self: Tensor;
  readonly dtype: DType | null;
  readonly memory_format: string | null;
  readonly fill_value: Scalar;
}

/** A table's operator that fills a new tensor: with what `value` gives, or with zeros. */
function filled(name: string, spec: (args: Made) => TensorSpec, value: Scalar | null | "fill_value"): Kernel {
  return tableOp(name, {
    meta: spec,
    run: (args: Made, out: Tensor) => {
      if (value !== null) fillScalar(out, value === "fill_value" ? args.fill_value : value);
    },
  });
}

const ofSize = ({ size, dtype, memory_format }: Made): TensorSpec => {
  const spec = { sizes: size, dtype: dtype ?? dtypes.float32 };
  if (memory_format === null || memory_format === undefined) return spec;
  return { ...spec, strides: formatStrides(new Tensor(null, spec.dtype, size), memory_format) };
};
const newOf = ({ self, size, dtype }: Made): TensorSpec => ({ sizes: size, dtype: dtype ?? self.dtype });
const likeOf = ({ self, dtype, memory_format }: Made): TensorSpec => ({
  ...self.like(self.sizes, dtype ?? self.dtype),
  strides: formatStrides(self, memory_format),
});

/** Memory that the tensor does not fill is there too (at::empty_strided). */
function emptyStrided(size: readonly number[], stride: readonly number[], dtype: DType): Tensor {
  return Tensor.ofSpec({ sizes: size, dtype, strides: stride }, mode.meta);
}

/** Contiguous in the order of dimensions that `layout` gives, outermost first. */
function permutedStrides(size: readonly number[], layout: readonly number[]): number[] {
  const strides = new Array<number>(size.length).fill(1);
  let step = 1;
  for (const d of layout.toReversed()) {
    strides[d] = step;
    step *= Math.max(size[d]!, 1);
  }
  return strides;
}

const writeScalar = (self: Tensor, value: Scalar): Tensor => call("aten::fill_.Scalar", self, value);

export const creation: readonly Kernel[] = [
  filled("aten::zeros", ofSize, null),
  filled("aten::ones", ofSize, ONE),
  filled("aten::empty.memory_format", ofSize, null),
  filled("aten::new_zeros", newOf, null),
  filled("aten::new_ones", newOf, ONE),
  filled("aten::new_empty", newOf, null),
  filled("aten::new_full", newOf, "fill_value"),
  filled("aten::zeros_like", likeOf, null),
  filled("aten::ones_like", likeOf, ONE),
  filled("aten::empty_like", likeOf, null),
  filled("aten::full_like", likeOf, "fill_value"),
  defineOp(
    "aten::empty_strided(SymInt[] size, SymInt[] stride, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    { composite: ({ size, stride, dtype }) => emptyStrided(size, stride, dtype ?? dtypes.float32) },
  ),
  defineOp(
    "aten::new_empty_strided(Tensor self, SymInt[] size, SymInt[] stride, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    { composite: ({ self, size, stride, dtype }) => emptyStrided(size, stride, dtype ?? self.dtype) },
  ),
  defineOp(
    "aten::empty_permuted(SymInt[] size, int[] physical_layout, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    {
      composite: ({ size, physical_layout, dtype }) =>
        emptyStrided(size, permutedStrides(size, physical_layout), dtype ?? dtypes.float32),
    },
  ),
  defineOp("aten::zero_(Tensor(a!) self) -> Tensor(a!)", {
    composite: ({ self }) => writeScalar(self, ZERO),
  }),
  defineOp("aten::zero(Tensor self) -> Tensor", { composite: ({ self }) => call("aten::zeros_like", self) }),
  defineOp("aten::fill.Scalar(Tensor self, Scalar value) -> Tensor", {
    composite: ({ self, value }) => writeScalar(call("aten::empty_like", self), value),
  }),
  defineOp("aten::fill.Tensor(Tensor self, Tensor value) -> Tensor", {
    composite: ({ self, value }) => call("aten::copy_", call("aten::empty_like", self), value),
  }),
  defineOp("aten::fill_.Tensor(Tensor(a!) self, Tensor value) -> Tensor(a!)", {
    composite: ({ self, value }) => call("aten::copy_", self, value),
  }),
  defineOp("aten::copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor", {
    composite: ({ self, src }) => call("aten::copy_", call("aten::empty_like", self), src),
  }),
  ...["aten::eye", "aten::eye.m"].map((name) =>
    tableOp<{ n: number; m?: number; dtype: DType | null }>(name, {
      meta: ({ n, m, dtype }) => ({ sizes: [n, m ?? n], dtype: dtype ?? dtypes.float32 }),
      run: (_, out) => fillScalar(diagonalOf(out, 0, 0, 1), ONE),
    }),
  ),
];
