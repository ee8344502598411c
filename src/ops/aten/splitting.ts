/** Operators that cut a tensor into views of its parts. */

import { integers } from "../../tensor/elements.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { narrowed, selected, sliced } from "./views.ts";

/** Parts of these lengths. @throws RangeError when they do not add up to the dimension. */
function splitSizes(self: Tensor, lengths: readonly number[], dim: number): Tensor[] {
  const d = wrapDim(dim, self.rank);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== self.sizes[d]) {
    throw new RangeError(
      `split sizes [${lengths.join(", ")}] do not add up to ${self.sizes[d]}, the size of dimension ${d}`,
    );
  }
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return narrowed(self, d, start - length, length);
  });
}

/** Parts of one length, the last of what remains (at::native::split). */
function splitEvery(self: Tensor, length: number, dim: number): Tensor[] {
  const size = self.sizes[wrapDim(dim, self.rank)]!;
  const count = length === 0 ? 1 : Math.max(Math.ceil(size / length), 1);
  const lengths = Array.from({ length: count }, (_, i) => Math.min(length, size - i * length));
  return splitSizes(self, lengths, dim);
}

/** At most so many parts of one length (at::native::chunk); an empty dimension keeps its number of parts. */
function chunked(self: Tensor, chunks: number, dim: number): Tensor[] {
  const size = self.sizes[wrapDim(dim, self.rank)]!;
  const length = Math.ceil(size / chunks);
  return size === 0
    ? splitSizes(self, new Array<number>(chunks).fill(0), dim)
    : splitEvery(self, length, dim);
}

/** Parts between indices (at::native::tensor_split). */
function splitAt(self: Tensor, indices: readonly number[], dim: number): Tensor[] {
  return [...indices, Infinity].map((end, i) => sliced(self, dim, i === 0 ? 0 : indices[i - 1]!, end));
}

/** So many parts, the first of them longer by one where they cannot be equal. */
function splitSections(self: Tensor, sections: number, dim: number): Tensor[] {
  if (sections <= 0) throw new RangeError(`number of sections must be larger than 0, got ${sections}`);
  const size = self.sizes[wrapDim(dim, self.rank)]!;
  const [least, longer] = [Math.floor(size / sections), size % sections];
  const lengths = Array.from({ length: sections }, (_, i) => least + (i < longer ? 1 : 0));
  return splitSizes(self, lengths, dim);
}

function splitByTensor(self: Tensor, where: Tensor, dim: number): Tensor[] {
  const values = Array.from(integers(where), Number);
  return where.rank === 0 ? splitSections(self, values[0]!, dim) : splitAt(self, values, dim);
}

/** at::native::hsplit, vsplit and dsplit: the dimension they cut, equal parts only. */
const axes = {
  hsplit: (self: Tensor) => (self.rank === 1 ? 0 : 1),
  vsplit: () => 0,
  dsplit: () => 2,
};

function splitEqually(self: Tensor, sections: number, dim: number): Tensor[] {
  const size = self.sizes[dim];
  if (size === undefined || size % sections !== 0) {
    throw new RangeError(`${self} cannot be cut into ${sections} equal parts along dimension ${dim}`);
  }
  return splitSections(self, sections, dim);
}

/** All windows of a size, a step apart (at::native::unfold); no dimensions count as one of size 1. */
function unfolded(self: Tensor, dimension: number, size: number, step: number): Tensor {
  const d = wrapDim(dimension, self.rank);
  const extent = self.rank === 0 ? 1 : self.sizes[d]!;
  if (size > extent)
    throw new RangeError(`unfold: size ${size} is above ${extent}, the size of dimension ${d}`);
  const stride = self.rank === 0 ? 1 : self.strides[d]!;
  if (self.rank === 0) return self.view([size], [stride]);
  const count = Math.floor((extent - size) / step) + 1;
  return self.view([...self.sizes.with(d, count), size], [...self.strides.with(d, stride * step), stride]);
}

export const splitting: readonly Kernel[] = [
  defineOp("aten::split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[]", {
    view: ({ self, split_size, dim }) => splitEvery(self, split_size, dim),
  }),
  defineOp("aten::split.sizes(Tensor(a -> *) self, SymInt[] split_size, int dim=0) -> Tensor(a)[]", {
    view: ({ self, split_size, dim }) => splitSizes(self, split_size, dim),
  }),
  defineOp("aten::split_with_sizes(Tensor(a -> *) self, SymInt[] split_sizes, int dim=0) -> Tensor(a)[]", {
    view: ({ self, split_sizes, dim }) => splitSizes(self, split_sizes, dim),
  }),
  defineOp("aten::unsafe_split.Tensor(Tensor self, SymInt split_size, int dim=0) -> Tensor[]", {
    view: ({ self, split_size, dim }) => splitEvery(self, split_size, dim),
  }),
  defineOp("aten::unsafe_split_with_sizes(Tensor self, SymInt[] split_sizes, int dim=0) -> Tensor[]", {
    view: ({ self, split_sizes, dim }) => splitSizes(self, split_sizes, dim),
  }),
  defineOp("aten::chunk(Tensor(a -> *) self, int chunks, int dim=0) -> Tensor(a)[]", {
    view: ({ self, chunks, dim }) => chunked(self, chunks, dim),
  }),
  defineOp("aten::unsafe_chunk(Tensor self, int chunks, int dim=0) -> Tensor[]", {
    view: ({ self, chunks, dim }) => chunked(self, chunks, dim),
  }),
  defineOp("aten::tensor_split.sections(Tensor(a -> *) self, SymInt sections, int dim=0) -> Tensor(a)[]", {
    view: ({ self, sections, dim }) => splitSections(self, sections, dim),
  }),
  defineOp("aten::tensor_split.indices(Tensor(a -> *) self, SymInt[] indices, int dim=0) -> Tensor(a)[]", {
    view: ({ self, indices, dim }) => splitAt(self, indices, dim),
  }),
  defineOp(
    "aten::tensor_split.tensor_indices_or_sections(Tensor(a -> *) self, Tensor tensor_indices_or_sections, int dim=0) -> Tensor(a)[]",
    {
      view: ({ self, tensor_indices_or_sections, dim }) =>
        splitByTensor(self, tensor_indices_or_sections, dim),
    },
  ),
  defineOp("aten::hsplit.int(Tensor(a -> *) self, int sections) -> Tensor(a)[]", {
    view: ({ self, sections }) => splitEqually(self, sections, axes.hsplit(self)),
  }),
  defineOp("aten::hsplit.array(Tensor(a -> *) self, int[] indices) -> Tensor(a)[]", {
    view: ({ self, indices }) => splitAt(self, indices, axes.hsplit(self)),
  }),
  defineOp("aten::vsplit.int(Tensor(a -> *) self, int sections) -> Tensor(a)[]", {
    view: ({ self, sections }) => splitEqually(self, sections, axes.vsplit()),
  }),
  defineOp("aten::vsplit.array(Tensor(a -> *) self, int[] indices) -> Tensor(a)[]", {
    view: ({ self, indices }) => splitAt(self, indices, axes.vsplit()),
  }),
  defineOp("aten::dsplit.int(Tensor(a -> *) self, int sections) -> Tensor(a)[]", {
    view: ({ self, sections }) => splitEqually(self, sections, axes.dsplit()),
  }),
  defineOp("aten::dsplit.array(Tensor(a -> *) self, int[] indices) -> Tensor(a)[]", {
    view: ({ self, indices }) => splitAt(self, indices, axes.dsplit()),
  }),
  defineOp("aten::unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]", {
    view: ({ self, dim }) =>
      Array.from({ length: self.sizes[wrapDim(dim, self.rank)]! }, (_, i) => selected(self, dim, i)),
  }),
  defineOp("aten::unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)", {
    view: ({ self, dimension, size, step }) => unfolded(self, dimension, size, step),
  }),
  defineOp("aten::narrow.Tensor(Tensor(a) self, int dim, Tensor start, SymInt length) -> Tensor(a)", {
    view: ({ self, dim, start, length }) => narrowed(self, dim, Number(integers(start)[0]!), length),
  }),
];
