/** Operators that put tensors together. */
import { copyInto } from "../../tensor/copy.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { formatOf } from "../../tensor/memory-format.ts";
import { resultType } from "../../tensor/promotion.ts";
import { channelsLastStrides } from "../../tensor/strides.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { reshaped } from "./reshaping.ts";
import { narrowed, unsqueezed } from "./views.ts";

/** Vectors of no elements fit any tensor and add nothing (at::native::cat_should_skip_tensor). */
const isSkipped = (t: Tensor): boolean => t.rank === 1 && t.sizes[0] === 0;

function joinSpec(tensors: readonly Tensor[], dim: number): TensorSpec {
  if (tensors.length === 0) throw new RangeError("cat expects at least one tensor");
  const dtype = resultType(tensors);
  const parts = tensors.filter((t) => !isSkipped(t));
  if (parts.length === 0) return { sizes: [0], dtype };
  const first = parts[0]!;
  const d = wrapDim(dim, first.rank);
  for (const t of parts) {
    if (t.rank !== first.rank || t.sizes.some((size, k) => k !== d && size !== first.sizes[k])) {
      throw new RangeError(
        `cat: sizes [${t.sizes.join(", ")}] and [${first.sizes.join(", ")}] differ outside of dimension ${d}`,
      );
    }
  }
  const sizes = first.sizes.with(
    d,
    parts.reduce((sum, t) => sum + t.sizes[d]!, 0),
  );
  // at::native::cat_compute_output_memory_format: that of the operands where they agree.
  const format = formatOf(tensors[0]!);
  const agree = format !== "contiguous_format" && tensors.every((t) => formatOf(t) === format);
  return { sizes, dtype, strides: agree ? channelsLastStrides(sizes) : undefined };
}

function joinInto(out: Tensor, tensors: readonly Tensor[], dim: number): void {
  let start = 0;
  for (const t of tensors) {
    if (isSkipped(t)) continue;
    const d = wrapDim(dim, out.rank);
    copyInto(narrowed(out, d, start, t.sizes[d]!), t);
    start += t.sizes[d]!;
  }
}

const cat = (tensors: readonly Tensor[], dim: number): Tensor => call("aten::cat", tensors, dim);
const stack = (tensors: readonly Tensor[], dim: number): Tensor => {
  const d = wrapDim(dim, (tensors[0]?.rank ?? 0) + 1);
  return cat(
    tensors.map((t) => unsqueezed(t, d)),
    d,
  );
};

const vertical = (tensors: readonly Tensor[]): Tensor =>
  cat(
    tensors.map((t) => call("aten::atleast_2d", t)),
    0,
  );

/** at::native::_chunk_cat: each tensor is padded with zeros to equal chunks, which are joined chunk by chunk. */
function chunkCat(tensors: readonly Tensor[], dim: number, chunks: number): Tensor {
  const d = wrapDim(dim, tensors[0]!.rank);
  const parts = tensors.map((t) => {
    const width = Math.ceil(t.sizes[d]! / chunks);
    const missing = width * chunks - t.sizes[d]!;
    const zeros = call("aten::new_zeros", t, t.sizes.with(d, missing));
    const padded = missing === 0 ? t : cat([t, zeros], d);
    return reshaped(padded, [...t.sizes.slice(0, d), chunks, -1]);
  });
  return cat(parts, d + 1);
}

/** at::native::block_diag. */
function blockDiagonal(out: Tensor, tensors: readonly Tensor[]): void {
  let [row, column] = [0, 0];
  for (const t of tensors) {
    const block = t.rank === 2 ? t : t.view([1, t.numel], [0, t.strides[0] ?? 0]);
    const [rows, columns] = block.sizes as [number, number];
    copyInto(narrowed(narrowed(out, 0, row, rows), 1, column, columns), block);
    row += rows;
    column += columns;
  }
}

export const joining: readonly Kernel[] = [
  defineOp("aten::cat(Tensor[] tensors, int dim=0) -> Tensor", {
    meta: ({ tensors, dim }) => joinSpec(tensors, dim),
    run: ({ tensors, dim }, out) => joinInto(out, tensors, dim),
  }),
  defineOp("aten::concat(Tensor[] tensors, int dim=0) -> Tensor", {
    composite: ({ tensors, dim }) => cat(tensors, dim),
  }),
  defineOp("aten::concatenate(Tensor[] tensors, int dim=0) -> Tensor", {
    composite: ({ tensors, dim }) => cat(tensors, dim),
  }),
  defineOp("aten::stack(Tensor[] tensors, int dim=0) -> Tensor", {
    composite: ({ tensors, dim }) => stack(tensors, dim),
  }),
  defineOp("aten::hstack(Tensor[] tensors) -> Tensor", {
    composite: ({ tensors }) => {
      const parts = tensors.map((t) => call("aten::atleast_1d", t));
      return cat(parts, parts[0]!.rank === 1 ? 0 : 1);
    },
  }),
  defineOp("aten::vstack(Tensor[] tensors) -> Tensor", { composite: ({ tensors }) => vertical(tensors) }),
  defineOp("aten::row_stack(Tensor[] tensors) -> Tensor", { composite: ({ tensors }) => vertical(tensors) }),
  defineOp("aten::dstack(Tensor[] tensors) -> Tensor", {
    composite: ({ tensors }) =>
      cat(
        tensors.map((t) => call("aten::atleast_3d", t)),
        2,
      ),
  }),
  defineOp("aten::column_stack(Tensor[] tensors) -> Tensor", {
    composite: ({ tensors }) =>
      cat(
        tensors.map((t) => (t.rank < 2 ? reshaped(t, [t.numel, 1]) : t)),
        1,
      ),
  }),
  defineOp("aten::_chunk_cat(Tensor[] tensors, int dim, int num_chunks) -> Tensor", {
    composite: ({ tensors, dim, num_chunks }) => chunkCat(tensors, dim, num_chunks),
  }),
  defineOp("aten::block_diag(Tensor[] tensors) -> Tensor", {
    meta: ({ tensors }) => {
      const blocks = tensors.map((t) => (t.rank === 2 ? t.sizes : [1, t.numel]));
      const total = (d: 0 | 1): number => blocks.reduce((sum, sizes) => sum + sizes[d]!, 0);
      return { sizes: [total(0), total(1)], dtype: resultType(tensors) };
    },
    run: ({ tensors }, out) => blockDiagonal(out, tensors),
  }),
];
