/** What a tensor is: its sizes and kind, as numbers and truth values. */
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Kernel, Result } from "../kernel.ts";
import { tableOp } from "../table-op.ts";

type Query = (self: Tensor, args: { readonly dim: number; readonly other: Tensor }) => Result;

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
};

export const queries: readonly Kernel[] = Object.entries(QUERIES).map(([name, query]) =>
  tableOp<{ self: Tensor; dim: number; other: Tensor }>(`aten::${name}`, {
    composite: (args) => query(args.self, args),
  }),
);
