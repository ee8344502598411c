/** Operators that view their operand where they can and copy it where they must. */
import { copyInto } from "../../tensor/copy.ts";
import { complexDtype, type DType, dtypes, realDtype } from "../../tensor/dtype.ts";
import { inferSizes, viewStrides, wrapDim } from "../../tensor/geometry.ts";
import { formatOf, isContiguousIn } from "../../tensor/memory-format.ts";
import { formatStrides } from "../../tensor/strides.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { selected, unsqueezed, viewAs } from "./views.ts";

/** A view where the memory allows one, otherwise a contiguous copy (at::native::reshape). */
export function reshaped(self: Tensor, shape: readonly number[]): Tensor {
  const sizes = inferSizes(shape, self.numel);
  const strides = viewStrides(self.sizes, self.strides, sizes);
  if (strides !== undefined) return self.view(sizes, strides);
  const copy = call("aten::clone", self, "contiguous_format");
  return copy.view(sizes, viewStrides(copy.sizes, copy.strides, sizes)!);
}

/** The tensor itself where it lies so already (at::native::contiguous). */
function contiguousIn(self: Tensor, format: string): Tensor {
  return isContiguousIn(self, format) ? self : call("aten::clone", self, format);
}

/** Dimensions from one to another become one (at::native::flatten); no dimensions become one. */
function flattened(self: Tensor, startDim: number, endDim: number): Tensor {
  const [start, end] = [wrapDim(startDim, self.rank), wrapDim(endDim, self.rank)];
  if (start > end) throw new RangeError(`flatten: start_dim ${startDim} is behind end_dim ${endDim}`);
  if (self.rank === 0) return reshaped(self, [1]);
  if (start === end) return self;
  const merged = self.sizes.slice(start, end + 1).reduce((a, b) => a * b, 1);
  return reshaped(self, self.sizes.toSpliced(start, end - start + 1, merged));
}

function unflattened(self: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const d = wrapDim(dim, self.rank);
  return reshaped(self, self.sizes.toSpliced(d, 1, ...inferSizes(sizes, self.sizes[d]!)));
}

/** The tensor itself when nothing changes (at::native::to_will_alias). */
function converted(self: Tensor, dtype: DType | null, copy: boolean, format: string | null): Tensor {
  const keeps = format === null || format === "preserve_format" || format === formatOf(self);
  if (!copy && keeps && (dtype ?? self.dtype) === self.dtype) return self;
  return call("aten::_to_copy", self, dtype, null, null, null, false, format);
}

function atLeast(self: Tensor, rank: 1 | 2 | 3): Tensor {
  if (self.rank >= rank) return self;
  if (self.rank === 0) return reshaped(self, new Array<number>(rank).fill(1));
  // at::native::atleast_3d puts the dimension behind a matrix, and on both sides of a vector.
  if (self.rank === 2) return unsqueezed(self, -1);
  return rank === 2 ? unsqueezed(self, 0) : unsqueezed(unsqueezed(self, 0), -1);
}

function realView(self: Tensor): Tensor {
  if (self.dtype.category !== "complex") throw new RangeError("view_as_real is for complex tensors");
  const strides = self.strides.map((stride) => 2 * stride);
  return self.view([...self.sizes, 2], [...strides, 1], 2 * self.offset, realDtype(self.dtype));
}

function complexView(self: Tensor): Tensor {
  const last = self.rank - 1;
  if (self.sizes[last] !== 2 || self.strides[last] !== 1)
    throw new RangeError("view_as_complex: the last dimension must have size 2 and stride 1");
  const strides = self.strides.slice(0, last).map((stride) => stride / 2);
  return self.view(self.sizes.slice(0, last), strides, self.offset / 2, complexDtype(self.dtype));
}

/** Of a tensor's parts, in a view: what real and imag return. */
function partView(self: Tensor, part: 0 | 1): Tensor {
  return selected(realView(self), -1, part);
}

/** Sums over dimensions that broadcasting made (at::sum_to). */
function summedTo(self: Tensor, size: readonly number[]): Tensor {
  if (size.length === 0) return call("aten::sum", self);
  const lead = self.rank - size.length;
  const dims = self.sizes
    .map((_, d) => d)
    .filter((d) => d < lead || (size[d - lead] === 1 && self.sizes[d] !== 1));
  const sum = dims.length === 0 ? self : call("aten::sum.dim_IntList", self, dims, true);
  return lead > 0 ? call("aten::view", sum, size) : sum;
}

export const reshaping: readonly Kernel[] = [
  defineOp("aten::reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a)", {
    composite: ({ self, shape }) => reshaped(self, shape),
  }),
  defineOp("aten::reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)", {
    composite: ({ self, other }) => reshaped(self, other.sizes),
  }),
  defineOp("aten::_reshape_copy(Tensor self, SymInt[] size) -> Tensor", {
    composite: ({ self, size }) => call("aten::view", call("aten::clone", self, "contiguous_format"), size),
  }),
  defineOp("aten::view_copy(Tensor self, SymInt[] size) -> Tensor", {
    composite: ({ self, size }) => call("aten::view", call("aten::clone", self, "contiguous_format"), size),
  }),
  defineOp("aten::_reshape_alias(Tensor(a) self, SymInt[] size, SymInt[] stride) -> Tensor(a)", {
    view: ({ self, size, stride }) => self.view(size, stride),
  }),
  defineOp("aten::contiguous(Tensor(a) self, *, MemoryFormat memory_format=0) -> Tensor(a)", {
    composite: ({ self, memory_format }) => contiguousIn(self, memory_format),
  }),
  defineOp("aten::flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)", {
    composite: ({ self, start_dim, end_dim }) => flattened(self, start_dim, end_dim),
  }),
  defineOp("aten::unflatten.int(Tensor(a) self, int dim, SymInt[] sizes) -> Tensor(a)", {
    composite: ({ self, dim, sizes }) => unflattened(self, dim, sizes),
  }),
  defineOp("aten::ravel(Tensor(a) self) -> Tensor(a)", {
    composite: ({ self }) => viewAs(contiguousIn(self, "contiguous_format"), [-1]),
  }),
  defineOp(
    "aten::_to_copy(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, bool non_blocking=False, MemoryFormat? memory_format=None) -> Tensor",
    {
      meta: ({ self, dtype, memory_format }) => ({
        ...self.like(self.sizes, dtype ?? self.dtype),
        strides: formatStrides(self, memory_format),
      }),
      run: ({ self }, out) => copyInto(out, self),
    },
  ),
  defineOp(
    "aten::to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)",
    { composite: ({ self, dtype, copy, memory_format }) => converted(self, dtype, copy, memory_format) },
  ),
  defineOp(
    "aten::to.dtype_layout(Tensor(a) self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)",
    { composite: ({ self, dtype, copy, memory_format }) => converted(self, dtype, copy, memory_format) },
  ),
  defineOp(
    "aten::to.device(Tensor(a) self, Device device, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)",
    { composite: ({ self, dtype, copy, memory_format }) => converted(self, dtype, copy, memory_format) },
  ),
  defineOp(
    "aten::to.other(Tensor(a) self, Tensor other, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)",
    {
      composite: ({ self, other, copy, memory_format }) => converted(self, other.dtype, copy, memory_format),
    },
  ),
  defineOp("aten::type_as(Tensor self, Tensor other) -> Tensor", {
    composite: ({ self, other }) => converted(self, other.dtype, false, null),
  }),
  defineOp("aten::chalf(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor", {
    composite: ({ self, memory_format }) => converted(self, dtypes.complex32, false, memory_format),
  }),
  defineOp("aten::lift(Tensor self) -> Tensor", { composite: ({ self }) => self }),
  defineOp("aten::lift_fresh(Tensor(a) self) -> Tensor(a)", { composite: ({ self }) => self }),
  defineOp("aten::lift_fresh_copy(Tensor self) -> Tensor", {
    composite: ({ self }) => call("aten::clone", self),
  }),
  defineOp("aten::positive(Tensor(a) self) -> Tensor(a)", { composite: ({ self }) => self }),
  defineOp("aten::resolve_conj(Tensor(a) self) -> Tensor(a)", { composite: ({ self }) => self }),
  defineOp("aten::resolve_neg(Tensor(a) self) -> Tensor(a)", { composite: ({ self }) => self }),
  defineOp("aten::view_as_real(Tensor(a) self) -> Tensor(a)", { view: ({ self }) => realView(self) }),
  defineOp("aten::view_as_complex(Tensor(a) self) -> Tensor(a)", { view: ({ self }) => complexView(self) }),
  defineOp("aten::real(Tensor(a) self) -> Tensor(a)", {
    view: ({ self }) => (self.dtype.category === "complex" ? partView(self, 0) : self),
  }),
  defineOp("aten::imag(Tensor(a) self) -> Tensor(a)", { view: ({ self }) => partView(self, 1) }),
  defineOp("aten::sum_to_size(Tensor self, SymInt[] size) -> Tensor", {
    composite: ({ self, size }) => summedTo(self, size),
  }),
  defineOp("aten::atleast_1d(Tensor self) -> Tensor", { composite: ({ self }) => atLeast(self, 1) }),
  defineOp("aten::atleast_2d(Tensor self) -> Tensor", { composite: ({ self }) => atLeast(self, 2) }),
  defineOp("aten::atleast_3d(Tensor self) -> Tensor", { composite: ({ self }) => atLeast(self, 3) }),
  defineOp("aten::atleast_1d.Sequence(Tensor[] tensors) -> Tensor[]", {
    composite: ({ tensors }) => tensors.map((t) => atLeast(t, 1)),
  }),
  defineOp("aten::atleast_2d.Sequence(Tensor[] tensors) -> Tensor[]", {
    composite: ({ tensors }) => tensors.map((t) => atLeast(t, 2)),
  }),
  defineOp("aten::atleast_3d.Sequence(Tensor[] tensors) -> Tensor[]", {
    composite: ({ tensors }) => tensors.map((t) => atLeast(t, 3)),
  }),
];
