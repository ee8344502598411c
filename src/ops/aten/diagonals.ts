/** Diagonals and triangles, and grids of all combinations. */
import { copyInto } from "../../tensor/copy.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { storeReals } from "../../tensor/elements.ts";
import { broadcastSizes, wrapDim } from "../../tensor/geometry.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel, mode } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { reshaped } from "./reshaping.ts";
import { diagonalOf, expanded } from "./views.ts";

interface Embedding {
  readonly self: Tensor;
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}

/** at::native::diag_embed: the last dimension becomes a diagonal of two. */
function embeddedSpec({ self, offset, dim1, dim2 }: Embedding): TensorSpec {
  const size = self.size(-1) + Math.abs(offset);
  const places = [wrapDim(dim1, self.rank + 1), wrapDim(dim2, self.rank + 1)].sort((a, b) => a - b);
  const sizes = self.sizes.slice(0, -1);
  for (const at of places) sizes.splice(at, 0, size);
  return self.like(sizes);
}

/** at::native::diag: a matrix of a vector, or the other way round. */
function diag(self: Tensor, diagonal: number): Tensor {
  if (self.rank === 1) return call("aten::diag_embed", self, diagonal);
  return call("aten::diagonal_copy", self, diagonal);
}

interface Triangle {
  readonly row: number;
  readonly col: number;
  readonly offset: number;
  readonly dtype: DType | null;
}

/** Rows and columns of what lies within a triangle, row by row. */
function triangleIndices(
  { row, col, offset, dtype }: Triangle,
  inside: (column: number, edge: number) => boolean,
): Tensor {
  const [rows, columns]: [number[], number[]] = [[], []];
  for (let r = 0; r < row; r++) {
    for (let c = 0; c < col; c++) {
      if (!inside(c, r + offset)) continue;
      rows.push(r);
      columns.push(c);
    }
  }
  const out = Tensor.ofSpec({ sizes: [2, rows.length], dtype: dtype ?? dtypes.int64 }, mode.meta);
  if (!mode.meta) storeReals(out, rows.concat(columns));
  return out;
}

/** at::native::meshgrid: with "xy" the first two operands change places. */
function meshgrid(tensors: readonly Tensor[], indexing: string): Tensor[] {
  const swaps = indexing === "xy" && tensors.length >= 2;
  const order = tensors.map((_, i) => (swaps && i < 2 ? 1 - i : i));
  const sizes = order.map((i) => tensors[i]!.numel);
  return tensors.map((t, i) => {
    const place = order.indexOf(i);
    return expanded(
      reshaped(
        t,
        sizes.map((_, d) => (d === place ? t.numel : 1)),
      ),
      sizes,
    );
  });
}

/** at::native::cartesian_prod: one vector is its own product. */
function cartesian(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0]!;
  const columns = meshgrid(tensors, "ij").map((t) => reshaped(t, [t.numel]));
  return call("aten::stack", columns, 1);
}

/** All choices of r elements in order (at::native::combinations). */
function combinations(self: Tensor, r: number, again: boolean): Tensor {
  if (r === 0) return call("aten::new_empty", self, [0]);
  let rows: number[][] = Array.from({ length: self.numel }, (_, i) => [i]);
  for (let k = 1; k < r; k++) {
    rows = rows.flatMap((row) => {
      const from = row[row.length - 1]! + (again ? 0 : 1);
      return Array.from({ length: Math.max(self.numel - from, 0) }, (_, i) => [...row, from + i]);
    });
  }
  const index = Tensor.ofSpec({ sizes: [rows.length * r], dtype: dtypes.int64 }, mode.meta);
  if (!mode.meta) storeReals(index, rows.flat());
  return call("aten::view", call("aten::index_select", self, 0, index), [rows.length, r]);
}

export const diagonals: readonly Kernel[] = [
  defineOp("aten::fill_diagonal_(Tensor(a!) self, Scalar fill_value, bool wrap=False) -> Tensor(a!)", {
    // With `wrap` the diagonal begins again where a tall matrix goes on (at::native::fill_diagonal_).
    composite: ({ self, fill_value, wrap }) => {
      const step = self.strides.reduce((sum, stride) => sum + stride, 0);
      const count = Math.min(...self.sizes);
      const size = wrap && self.rank === 2 ? Math.ceil(self.numel / (self.sizes[1]! + 1)) : count;
      call("aten::fill_.Scalar", self.view([size], [step]), fill_value);
      return self;
    },
  }),
  defineOp("aten::diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor", {
    meta: embeddedSpec,
    run: ({ self, offset, dim1, dim2 }, out) => copyInto(diagonalOf(out, offset, dim1, dim2), self),
  }),
  defineOp("aten::diag(Tensor self, int diagonal=0) -> Tensor", {
    composite: ({ self, diagonal }) => diag(self, diagonal),
  }),
  defineOp("aten::diagflat(Tensor self, int offset=0) -> Tensor", {
    composite: ({ self, offset }) => diag(reshaped(self, [self.numel]), offset),
  }),
  tableOp<Triangle>("aten::tril_indices", {
    composite: (args) => triangleIndices(args, (column, edge) => column <= edge),
  }),
  tableOp<Triangle>("aten::triu_indices", {
    composite: (args) => triangleIndices(args, (column, edge) => column >= edge),
  }),
  defineOp("aten::meshgrid(Tensor[] tensors) -> Tensor[]", {
    composite: ({ tensors }) => meshgrid(tensors, "ij"),
  }),
  defineOp("aten::meshgrid.indexing(Tensor[] tensors, *, str indexing) -> Tensor[]", {
    composite: ({ tensors, indexing }) => meshgrid(tensors, indexing),
  }),
  defineOp("aten::broadcast_tensors(Tensor[] tensors) -> Tensor[]", {
    composite: ({ tensors }) => {
      const sizes = broadcastSizes(...tensors.map((t) => t.sizes));
      return tensors.map((t) => expanded(t, sizes));
    },
  }),
  defineOp("aten::cartesian_prod(Tensor[] tensors) -> Tensor", {
    composite: ({ tensors }) => cartesian(tensors),
  }),
  defineOp("aten::combinations(Tensor self, int r=2, bool with_replacement=False) -> Tensor", {
    composite: ({ self, r, with_replacement }) => combinations(self, r, with_replacement),
  }),
];
