/** Operators that change a tensor's own geometry or storage, and those that write into one of its views. */
import { copyInto } from "../../tensor/copy.ts";
import { wrapDim } from "../../tensor/geometry.ts";
import { isContiguousIn } from "../../tensor/memory-format.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Memory, Storage } from "../../tensor/storage.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { resize } from "../derived.ts";
import { call, callAny, findKernel } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { diagonalOf, selected, sliced } from "./views.ts";

/** `unsqueeze_` makes its operand what `unsqueeze` gives. */
function inPlaceView(name: string, overload = ""): Kernel {
  return tableOp(`${name}_${overload}`, {
    composite: (args: Arguments) => {
      const self = args.self as Tensor;
      self.become(findKernel(`${name}${overload}`)!.call(args) as Tensor);
      return self;
    },
  });
}

/** The geometry of `as_strided`; the offset is the operand's unless given. */
function strided(
  self: Tensor,
  size: readonly number[],
  stride: readonly number[],
  offset: number | null,
): Tensor {
  if (size.length !== stride.length)
    throw new RangeError(`as_strided: ${size.length} sizes with ${stride.length} strides`);
  const start = offset ?? self.offset;
  const last = size.includes(0) ? -1 : size.reduce((sum, count, d) => sum + (count - 1) * stride[d]!, start);
  if (self.storage !== null && (last + 1) * self.dtype.itemsize > self.storage.byteLength) {
    throw new RangeError(
      `as_strided: sizes [${size.join(", ")}] and strides [${stride.join(", ")}] from ${start} on exceed the storage`,
    );
  }
  return self.view(size, stride, start);
}

/** A copy of `self` in which a view of it holds `src`. The copy is as the operand lies (at::clone_preserve_strides). */
function scattered(self: Tensor, src: Tensor, view: (t: Tensor) => Tensor): Tensor {
  const result = call("aten::clone", self);
  const target = view(result);
  if (target.sizes.join() !== src.sizes.join()) {
    throw new RangeError(
      `expected src to have sizes [${target.sizes.join(", ")}], has [${src.sizes.join(", ")}]`,
    );
  }
  if (result.storage !== null) copyInto(target, src);
  return result;
}

/** as_strided counts in the storage, so the copy is of all of it (at::clone_preserve_strides). */
function stridedScatter(
  self: Tensor,
  src: Tensor,
  size: readonly number[],
  stride: readonly number[],
  offset: number | null,
): Tensor {
  const { storage } = self;
  const copy = storage && new Storage(new Memory(storage.memory.bytes.slice()));
  const result = new Tensor(copy, self.dtype, self.sizes, self.strides, self.offset);
  if (copy !== null) {
    copyInto(strided(result, size, stride, offset), src);
  }
  return result;
}

function setTo(
  self: Tensor,
  source: Tensor,
  offset: number,
  size: readonly number[],
  stride: readonly number[],
): Tensor {
  self.become(source.view(size, stride, offset));
  return self;
}

export const geometryWrites: readonly Kernel[] = [
  inPlaceView("aten::unsqueeze"),
  inPlaceView("aten::squeeze"),
  inPlaceView("aten::squeeze", ".dim"),
  inPlaceView("aten::squeeze", ".dims"),
  inPlaceView("aten::t"),
  inPlaceView("aten::swapaxes"),
  inPlaceView("aten::swapdims"),
  inPlaceView("aten::as_strided"),
  defineOp("aten::transpose_(Tensor(a!) self, int dim0, int dim1) -> Tensor(a!)", {
    composite: ({ self, dim0, dim1 }) => {
      self.become(call("aten::transpose.int", self, dim0, dim1));
      return self;
    },
  }),
  defineOp("aten::detach_(Tensor(a!) self) -> Tensor(a!)", { composite: ({ self }) => self }),
  defineOp(
    "aten::as_strided(Tensor(a) self, SymInt[] size, SymInt[] stride, SymInt? storage_offset=None) -> Tensor(a)",
    { view: ({ self, size, stride, storage_offset }) => strided(self, size, stride, storage_offset) },
  ),
  defineOp(
    "aten::as_strided_scatter(Tensor self, Tensor src, SymInt[] size, SymInt[] stride, SymInt? storage_offset=None) -> Tensor",
    {
      composite: ({ self, src, size, stride, storage_offset }) =>
        stridedScatter(self, src, size, stride, storage_offset),
    },
  ),
  defineOp(
    "aten::slice_scatter(Tensor self, Tensor src, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor",
    {
      composite: ({ self, src, dim, start, end, step }) =>
        scattered(self, src, (t) => sliced(t, dim, start ?? 0, end ?? Infinity, step)),
    },
  ),
  defineOp("aten::select_scatter(Tensor self, Tensor src, int dim, SymInt index) -> Tensor", {
    composite: ({ self, src, dim, index }) => scattered(self, src, (t) => selected(t, dim, index)),
  }),
  defineOp(
    "aten::diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0, int dim2=1) -> Tensor",
    {
      composite: ({ self, src, offset, dim1, dim2 }) =>
        scattered(self, src, (t) => diagonalOf(t, offset, dim1, dim2)),
    },
  ),
  defineOp(
    "aten::resize_(Tensor(a!) self, SymInt[] size, *, MemoryFormat? memory_format=None) -> Tensor(a!)",
    {
      composite: ({ self, size }) => {
        if (size.join() !== self.sizes.join()) resize(self, size);
        return self;
      },
    },
  ),
  defineOp(
    "aten::resize_as_(Tensor(a!) self, Tensor the_template, *, MemoryFormat? memory_format=None) -> Tensor(a!)",
    {
      composite: ({ self, the_template, memory_format }) =>
        callAny("aten::resize_", self, the_template.sizes, memory_format),
    },
  ),
  defineOp("aten::resize(Tensor self, SymInt[] size, *, MemoryFormat? memory_format=None) -> Tensor", {
    composite: ({ self, size }) => callAny("aten::resize_", call("aten::clone", self), size),
  }),
  defineOp(
    "aten::resize_as(Tensor self, Tensor the_template, *, MemoryFormat? memory_format=None) -> Tensor",
    {
      composite: ({ self, the_template }) =>
        callAny("aten::resize_", call("aten::clone", self), the_template.sizes),
    },
  ),
  defineOp("aten::set_(Tensor(a!) self) -> Tensor(a!)", {
    composite: ({ self }) => {
      self.become(Tensor.ofSpec(self.like([0]), self.storage === null));
      return self;
    },
  }),
  defineOp("aten::set_.source_Tensor(Tensor(a!) self, Tensor source) -> Tensor(a!)", {
    composite: ({ self, source }) => setTo(self, source, source.offset, source.sizes, source.strides),
  }),
  defineOp(
    "aten::set_.source_Tensor_storage_offset(Tensor(a!) self, Tensor source, SymInt storage_offset, SymInt[] size, SymInt[] stride=[]) -> Tensor(a!)",
    {
      composite: ({ self, source, storage_offset, size, stride }) =>
        setTo(self, source, storage_offset, size, stride),
    },
  ),
  defineOp("aten::sym_size.int(Tensor self, int dim) -> SymInt", {
    composite: ({ self, dim }) => Scalar.int(self.sizes[existingDim(self, dim)]!),
  }),
  defineOp("aten::sym_stride.int(Tensor self, int dim) -> SymInt", {
    composite: ({ self, dim }) => Scalar.int(self.strides[existingDim(self, dim)]!),
  }),
  defineOp("aten::sym_numel(Tensor self) -> SymInt", { composite: ({ self }) => Scalar.int(self.numel) }),
  defineOp("aten::sym_storage_offset(Tensor self) -> SymInt", {
    composite: ({ self }) => Scalar.int(self.offset),
  }),
  defineOp("aten::sym_is_contiguous(Tensor self, MemoryFormat memory_format=0) -> SymBool", {
    composite: ({ self, memory_format }) => Scalar.bool(isContiguousIn(self, memory_format)),
  }),
];

/** @throws RangeError when the tensor has no such dimension; one without dimensions has none. */
function existingDim({ rank }: Tensor, dim: number): number {
  if (rank === 0) throw new RangeError(`dimension ${dim} of a tensor that has none`);
  return wrapDim(dim, rank);
}
