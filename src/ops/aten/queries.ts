/** What a tensor or a dtype is: sizes and kinds, as numbers and truth values. */
import type { DType } from "../../tensor/dtype.ts";
import { canCast, type Operand, promoteDtypes, resultType } from "../../tensor/promotion.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Kernel, Result } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

type Query = (
  self: Tensor,
  args: { readonly dim: number; readonly other: Tensor; readonly tensor: Tensor },
) => Result;

const QUERIES: Readonly<Record<string, Query>> = {
  numel: ({ numel }) => Scalar.int(numel),
  dim: ({ rank }) => Scalar.int(rank),
  "size.int": (self, { dim }) => Scalar.int(self.size(dim)),
  "stride.int": ({ strides }, { dim }) => Scalar.int(strides.at(dim)!),
  storage_offset: ({ offset }) => Scalar.int(offset),
  is_complex: ({ dtype }) => Scalar.bool(dtype.category === "complex"),
  is_floating_point: ({ dtype }) => Scalar.bool(dtype.category === "float"),
  is_signed: ({ dtype }) => Scalar.bool(dtype.signed),
  is_same_size: ({ sizes }, { other }) => Scalar.bool(sizes.join() === other.sizes.join()),
  is_contiguous: (self) => Scalar.bool(self.isContiguous),
  is_conj: () => Scalar.bool(false),
  is_neg: () => Scalar.bool(false),
  is_pinned: () => Scalar.bool(false),
  is_distributed: () => Scalar.bool(false),
  is_set_to: (self, { tensor }) =>
    Scalar.bool(
      self.storage === tensor.storage &&
        self.offset === tensor.offset &&
        self.sizes.join() === tensor.sizes.join() &&
        self.strides.join() === tensor.strides.join(),
    ),
};

/** torch.result_type of two operands; a program cannot name the dtype that it gives, which export wrote out. */
function typeOfResult(name: string, first: string, second: string): Kernel {
  return tableOp<Readonly<Record<string, Operand>>>(`aten::result_type.${name}`, {
    composite: (args) => {
      resultType([args[first], args[second]]);
      return null;
    },
  });
}

export const queries: readonly Kernel[] = [
  ...Object.entries(QUERIES).map(([name, query]) =>
    tableOp<{ self: Tensor; dim: number; other: Tensor; tensor: Tensor }>(`aten::${name}`, {
      composite: (args) => query(args.self, args),
    }),
  ),
  tableOp<{ from_: DType; to: DType }>("aten::can_cast", {
    composite: ({ from_, to }) => Scalar.bool(canCast(from_, to)),
  }),
  tableOp<{ type1: DType; type2: DType }>("aten::promote_types", {
    composite: ({ type1, type2 }) => {
      promoteDtypes(type1, type2);
      return null;
    },
  }),
  typeOfResult("Tensor", "tensor", "other"),
  typeOfResult("Scalar", "tensor", "other"),
  typeOfResult("Scalar_Tensor", "scalar", "tensor"),
  typeOfResult("Scalar_Scalar", "scalar1", "scalar2"),
];
