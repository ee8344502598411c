/** Products of matrices with weights of few bits, and of many experts' weights. */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { reals } from "../../tensor/elements.ts";
import type { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Kernel, mode } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

const as = (t: Tensor, dtype: DType): Tensor => call("aten::to.dtype", t, dtype);
const product = (a: Tensor, b: Tensor): Tensor => call("aten::matmul", a, b);
const slice = (t: Tensor, dim: number, from: number, to: number): Tensor =>
  call("aten::slice.Tensor", t, dim, from, to);

interface Grouped {
  readonly self: Tensor;
  readonly mat2: Tensor;
  /** Where each group ends: rows of `self`, columns of `mat2`, or, of two matrices, what they are summed over. */
  readonly offs: Tensor | null;
  readonly out_dtype: DType | null;
}

function groupedSizes({ self, mat2, offs }: Grouped): readonly number[] {
  const ends = [self.size(-2), mat2.size(-1)];
  if (self.rank === 2 && mat2.rank === 2) return [offs!.size(0), ...ends];
  return self.rank === 3 && mat2.rank === 3 ? [self.size(0), ...ends] : ends;
}

/** Each group's product, put where the group lies in the result (torch/_meta_registrations.py _meta_grouped_mm_common). */
function groupedProduct(args: Grouped, out: Tensor): void {
  const { self, mat2, offs } = args;
  if (offs === null) {
    call("aten::copy_", out, product(self, mat2));
    return;
  }
  let from = 0;
  for (const [group, to] of [...reals(offs)].entries()) {
    const one = (t: Tensor): Tensor => call("aten::select.int", t, 0, group);
    if (self.rank === 2 && mat2.rank === 2)
      call("aten::copy_", one(out), product(slice(self, 1, from, to), slice(mat2, 0, from, to)));
    else if (self.rank === 2)
      call("aten::copy_", slice(out, 0, from, to), product(slice(self, 0, from, to), one(mat2)));
    else call("aten::copy_", slice(out, 1, from, to), product(one(self), slice(mat2, 1, from, to)));
    from = to;
  }
}

interface Scaled {
  readonly self: Tensor;
  readonly mat2: Tensor;
  readonly scale_a: Tensor;
  readonly scale_b: Tensor;
  readonly bias: Tensor | null;
  readonly scale_result: Tensor | null;
  readonly out_dtype: DType | null;
}

/** The product of the scaled operands, rounded once (at::native::_scaled_mm_out_cpu_emulated). */
function scaledProduct({ self, mat2, scale_a, scale_b, bias, scale_result }: Scaled): Tensor {
  const times = (t: Tensor, scale: Tensor): Tensor => call("aten::mul.Tensor", as(t, dtypes.float32), scale);
  let result = product(times(self, scale_a), times(mat2, scale_b));
  if (bias !== null) result = call("aten::add.Tensor", result, as(bias, dtypes.float32));
  return scale_result === null ? result : call("aten::mul.Tensor", result, scale_result);
}

type WithDtype = Readonly<Record<string, Tensor | Scalar>> & { readonly out_dtype: DType };

/** A product of half precision that is kept in float32. */
function inDtype(name: string, ...operands: readonly string[]): Kernel {
  return tableOp<WithDtype>(`aten::${name}.dtype`, {
    composite: ({ out_dtype, ...args }) => {
      const wider = operands.map((operand) => as(args[operand] as Tensor, out_dtype));
      return call(`aten::${name}`, ...wider, args.beta, args.alpha);
    },
  });
}

export const weightProducts: readonly Kernel[] = [
  tableOp<Grouped>("aten::_grouped_mm", {
    meta: (args) => ({ sizes: groupedSizes(args), dtype: args.out_dtype ?? args.self.dtype }),
    run: groupedProduct,
  }),
  tableOp<Scaled>("aten::_scaled_mm", {
    composite: (args) => {
      const dtype = args.out_dtype ?? args.self.dtype;
      if (mode.meta) return Tensor.ofSpec({ sizes: [args.self.size(0), args.mat2.size(1)], dtype }, true);
      return as(scaledProduct(args), dtype);
    },
  }),
  // The scale of each row of the weight is applied to what was summed in float.
  tableOp<{ self: Tensor; mat2: Tensor; scales: Tensor }>("aten::_weight_int8pack_mm", {
    composite: ({ self, mat2, scales }) => {
      const sums = product(as(self, dtypes.float32), call("aten::t", as(mat2, dtypes.float32)));
      return as(call("aten::mul.Tensor", sums, as(scales, dtypes.float32)), self.dtype);
    },
  }),
  inDtype("mm", "self", "mat2"),
  inDtype("bmm", "self", "mat2"),
  inDtype("addmm", "self", "mat1", "mat2"),
  inDtype("baddbmm", "self", "batch1", "batch2"),
  tableOp<Readonly<Record<string, Tensor | Scalar>> & { use_gelu: boolean }>("aten::_addmm_activation", {
    composite: ({ self, mat1, mat2, beta, alpha, use_gelu }) => {
      const sum = call("aten::addmm", self, mat1, mat2, beta, alpha);
      return use_gelu ? call("aten::gelu", sum) : call("aten::relu", sum);
    },
  }),
  tableOp<{ self: Tensor; other: Tensor; alpha: Scalar }>("aten::_add_relu.Tensor", {
    composite: ({ self, other, alpha }) => call("aten::relu", call("aten::add.Tensor", self, other, alpha)),
  }),
];
