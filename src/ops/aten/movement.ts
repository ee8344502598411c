/** Operators that copy elements to other places: repeated, rolled, mirrored, padded. */
import { copyInto } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { elementOffsets, gatherElements, integers, storeReals } from "../../tensor/elements.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { formatStrides } from "../../tensor/strides.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel, mode } from "../kernel.ts";
import { reshaped } from "./reshaping.ts";
import { expanded, transposed, unsqueezed } from "./views.ts";

/**
 * Fill `out` with elements that each dimension picks on its own: index i of dimension d is index `maps[d][i]` of the
 * operand, and stays as it is where that is negative.
 */
export function pickInto(out: Tensor, self: Tensor, maps: readonly ArrayLike<number>[]): void {
  let offsets = [self.offset];
  maps.forEach((map, d) => {
    const next = new Array<number>(offsets.length * map.length);
    let at = 0;
    for (const offset of offsets) {
      for (let i = 0; i < map.length; i++) {
        next[at++] = offset < 0 || map[i]! < 0 ? -1 : offset + map[i]! * self.strides[d]!;
      }
    }
    offsets = next;
  });
  gatherElements(out, self, offsets);
}

/** Every index of a dimension in its place. */
export const everyIndex = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

/** The dimensions one behind the other, each `repeats` times (at::native::repeat). */
function repeatedInto(out: Tensor, self: Tensor, repeats: readonly number[]): void {
  const lead = repeats.length - self.rank;
  const own = (d: number): number => (d < lead ? 1 : self.sizes[d - lead]!);
  const sizes = repeats.flatMap((count, d) => [count, own(d)]);
  const from = repeats.flatMap((_, d) => [1, own(d)]);
  if (out.numel > 0)
    copyInto(out.view(sizes, new Tensor(null, out.dtype, sizes).strides), spreadDims(self, from));
}

/** A view with dimensions of size 1 between the operand's own. */
function spreadDims(self: Tensor, sizes: readonly number[]): Tensor {
  const lead = sizes.length / 2 - self.rank;
  const strides = sizes.map((_, d) => (d % 2 === 0 || d / 2 < lead ? 0 : self.strides[(d - 1) / 2 - lead]!));
  return self.view(sizes, strides);
}

function repeatedSizes(self: Tensor, repeats: readonly number[]): number[] {
  const lead = repeats.length - self.rank;
  if (lead < 0) throw new RangeError(`repeat: ${repeats.length} numbers for ${self.rank} dimensions`);
  return repeats.map((count, d) => count * (d < lead ? 1 : self.sizes[d - lead]!));
}

/** at::native::flip, through a view that runs backwards. */
function flippedInto(out: Tensor, self: Tensor, dims: readonly number[]): void {
  if (self.numel === 0) return;
  const turned = new Set(dims.map((dim) => wrapDim(dim, self.rank)));
  let { offset } = self;
  const strides = self.strides.map((stride, d) => {
    if (!turned.has(d)) return stride;
    offset += (self.sizes[d]! - 1) * stride;
    return -stride;
  });
  copyInto(out, self.view(self.sizes, strides, offset));
}

/** at::native::roll: without dimensions, the flattened tensor is rolled. */
function rolled(self: Tensor, shifts: readonly number[], dims: readonly number[]): Tensor {
  if (dims.length === 0) {
    if (shifts.length !== 1) throw new RangeError("roll: several shifts need dimensions");
    const flat = call("aten::roll", reshaped(self, [self.numel]), shifts, [0]);
    return flat.view(self.sizes, new Tensor(null, self.dtype, self.sizes).strides);
  }
  if (shifts.length !== dims.length)
    throw new RangeError(`roll: ${shifts.length} shifts for ${dims.length} dimensions`);
  const maps = self.sizes.map(everyIndex);
  dims.forEach((dim, i) => {
    const d = wrapDim(dim, self.rank);
    const size = self.sizes[d]!;
    const old = maps[d]!;
    maps[d] = old.map((_, at) => old[(((at - shifts[i]!) % size) + size) % size]!);
  });
  const out = Tensor.ofSpec(self.like(), mode.meta);
  if (!mode.meta) pickInto(out, self, maps);
  return out;
}

/** at::native::rot90. */
function rotated(self: Tensor, k: number, dims: readonly number[]): Tensor {
  const [a, b] = dims as [number, number];
  const turns = ((k % 4) + 4) % 4;
  if (turns === 1)
    return call("aten::clone", transposed(call("aten::flip", self, [b]), a, b), "contiguous_format");
  if (turns === 2) return call("aten::flip", self, dims);
  if (turns === 3)
    return call("aten::clone", transposed(call("aten::flip", self, [a]), a, b), "contiguous_format");
  return call("aten::clone", self, "contiguous_format");
}

/** at::native::repeat_interleave: each index of a dimension as often as its number says. */
function interleaved(self: Tensor, repeats: Tensor, dim: number | null, size: number | null): Tensor {
  const flat = dim === null ? reshaped(self, [self.numel]) : self.rank === 0 ? unsqueezed(self, 0) : self;
  const d = wrapDim(dim ?? 0, flat.rank);
  const counts = repeats.numel === 1 ? expanded(reshaped(repeats, [1]), [flat.sizes[d]!]) : repeats;
  return call("aten::index_select", flat, d, call("aten::repeat_interleave.Tensor", counts, size));
}

function interleavedEqually(self: Tensor, repeats: number, dim: number | null): Tensor {
  const flat = dim === null ? reshaped(self, [self.numel]) : self.rank === 0 ? unsqueezed(self, 0) : self;
  const d = wrapDim(dim ?? 0, flat.rank);
  const wide = expanded(unsqueezed(flat, d + 1), [
    ...flat.sizes.slice(0, d + 1),
    repeats,
    ...flat.sizes.slice(d + 1),
  ]);
  const sizes = flat.sizes.with(d, flat.sizes[d]! * repeats);
  return reshaped(call("aten::clone", wide, "contiguous_format"), sizes);
}

function indicesByCount(repeats: Tensor): Tensor {
  const list = Array.from(integers(repeats), Number).flatMap((count, i) => {
    if (count < 0) throw new RangeError(`repeats can not be negative, is ${count}`);
    return new Array<number>(count).fill(i);
  });
  const dtype = repeats.dtype === dtypes.int32 ? dtypes.int32 : dtypes.int64;
  const out = Tensor.zeros([list.length], dtype);
  storeReals(out, list);
  return out;
}

/** Rows and columns of matrices above or below a diagonal keep their elements, the others are 0. */
function triangleInto(out: Tensor, self: Tensor, keeps: (row: number, column: number) => boolean): void {
  const [rows, columns] = [self.size(-2), self.size(-1)];
  const offsets = elementOffsets(self);
  for (let i = 0; i < offsets.length; i++) {
    if (!keeps(Math.floor(i / columns) % rows, i % columns)) offsets[i] = -1;
  }
  gatherElements(out, self, offsets);
}

export const movement: readonly Kernel[] = [
  defineOp("aten::repeat(Tensor self, SymInt[] repeats) -> Tensor", {
    meta: ({ self, repeats }) => self.like(repeatedSizes(self, repeats)),
    run: ({ self, repeats }, out) => repeatedInto(out, self, repeats),
  }),
  defineOp("aten::tile(Tensor self, SymInt[] dims) -> Tensor", {
    composite: ({ self, dims }) => {
      const missing = Math.max(self.rank - dims.length, 0);
      return call("aten::repeat", self, [...new Array<number>(missing).fill(1), ...dims]);
    },
  }),
  defineOp("aten::repeat_interleave.Tensor(Tensor repeats, *, SymInt? output_size=None) -> Tensor", {
    composite: ({ repeats, output_size }) =>
      repeats.storage === null && output_size !== null
        ? new Tensor(null, repeats.dtype, [output_size])
        : indicesByCount(repeats),
  }),
  defineOp(
    "aten::repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor",
    { composite: ({ self, repeats, dim, output_size }) => interleaved(self, repeats, dim, output_size) },
  ),
  defineOp(
    "aten::repeat_interleave.self_int(Tensor self, SymInt repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor",
    { composite: ({ self, repeats, dim }) => interleavedEqually(self, repeats, dim) },
  ),
  defineOp("aten::roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor", {
    composite: ({ self, shifts, dims }) => rolled(self, shifts, dims),
  }),
  defineOp("aten::flip(Tensor self, int[] dims) -> Tensor", {
    meta: ({ self }) => ({ ...self.like(), strides: formatStrides(self, null) }),
    run: ({ self, dims }, out) => flippedInto(out, self, dims),
  }),
  defineOp("aten::fliplr(Tensor self) -> Tensor", { composite: ({ self }) => call("aten::flip", self, [1]) }),
  defineOp("aten::flipud(Tensor self) -> Tensor", { composite: ({ self }) => call("aten::flip", self, [0]) }),
  defineOp("aten::rot90(Tensor self, int k=1, int[] dims=[0, 1]) -> Tensor", {
    composite: ({ self, k, dims }) => rotated(self, k, dims),
  }),
  defineOp("aten::tril(Tensor self, SymInt diagonal=0) -> Tensor", {
    meta: ({ self }) => self.like(),
    run: ({ self, diagonal }, out) => triangleInto(out, self, (row, column) => column - row <= diagonal),
  }),
  defineOp("aten::triu(Tensor self, SymInt diagonal=0) -> Tensor", {
    meta: ({ self }) => self.like(),
    run: ({ self, diagonal }, out) => triangleInto(out, self, (row, column) => column - row >= diagonal),
  }),
];
