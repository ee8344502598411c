/** Operators that choose, order or drop dimensions: their results are views of their operand. */
import type { DType } from "../../tensor/dtype.ts";
import { expandStrides, inferSizes, viewStrides, wrapDim, wrapDims } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";

/** @throws RangeError when other sizes need a copy, as torch's view does. */
export function viewAs(self: Tensor, size: readonly number[]): Tensor {
  const sizes = inferSizes(size, self.numel);
  const strides = viewStrides(self.sizes, self.strides, sizes);
  if (strides === undefined) {
    throw new RangeError(
      `view size [${sizes.join(", ")}] is not compatible with a tensor of sizes [${self.sizes.join(", ")}] and strides [${self.strides.join(", ")}]`,
    );
  }
  return self.view(sizes, strides);
}

/** The same bits as elements of another dtype (at::native::view_dtype). @throws RangeError when they do not divide. */
function viewAsDtype(self: Tensor, dtype: DType): Tensor {
  const { sizes, strides, offset } = self;
  const [old, width] = [self.dtype.itemsize, dtype.itemsize];
  if (old === width) return self.view(sizes, strides, offset, dtype);
  const last = self.rank - 1;
  const scaled = (value: number): number => (value * old) / width;
  const fits = last >= 0 && strides[last] === 1 && Number.isInteger(scaled(sizes[last]!));
  if (!fits || !strides.every((stride, d) => d === last || Number.isInteger(scaled(stride)))) {
    throw new RangeError(`cannot view ${self} as ${dtype.name}`);
  }
  const steps = strides.map((stride, d) => (d === last ? 1 : scaled(stride)));
  return self.view(sizes.with(last, scaled(sizes[last]!)), steps, scaled(offset), dtype);
}

/** Dimensions in another order. @throws RangeError when it is not one of each. */
export function permuted(self: Tensor, dims: readonly number[]): Tensor {
  const order = dims.map((dim) => wrapDim(dim, self.rank));
  if (order.length !== self.rank || new Set(order).size !== order.length) {
    throw new RangeError(`[${dims.join(", ")}] is no order of the ${self.rank} dimensions`);
  }
  return self.view(
    order.map((d) => self.sizes[d]!),
    order.map((d) => self.strides[d]!),
  );
}

export function transposed(self: Tensor, dim0: number, dim1: number): Tensor {
  const [a, b] = [wrapDim(dim0, self.rank), wrapDim(dim1, self.rank)];
  if (self.rank === 0) return alias(self);
  const order = self.sizes.map((_, d) => (d === a ? b : d === b ? a : d));
  return permuted(self, order);
}

/** The same elements as another tensor object. */
function alias(self: Tensor): Tensor {
  return self.view(self.sizes, self.strides);
}

/** A dimension of size 1 more; its stride is torch's (at::native::inferUnsqueezeGeometry). */
export function unsqueezed(self: Tensor, dim: number): Tensor {
  const at = wrapDim(dim, self.rank + 1);
  const stride = at < self.rank ? self.sizes[at]! * self.strides[at]! : 1;
  return self.view(self.sizes.toSpliced(at, 0, 1), self.strides.toSpliced(at, 0, stride));
}

/** Without those of the dimensions that have size 1. */
export function squeezed(self: Tensor, dims: readonly number[]): Tensor {
  const drop = new Set(dims.map((dim) => wrapDim(dim, self.rank)));
  const keep = self.sizes.map((size, d) => !drop.has(d) || size !== 1);
  return self.view(
    self.sizes.filter((_, d) => keep[d]),
    self.strides.filter((_, d) => keep[d]),
  );
}

/** Broadcast to sizes, of which -1 keeps a dimension's own (at::native::expand). */
export function expanded(self: Tensor, size: readonly number[]): Tensor {
  const lead = size.length - self.rank;
  const sizes = size.map((want, d) => {
    if (want !== -1) return want;
    if (d < lead) throw new RangeError(`cannot expand a new dimension to -1 in [${size.join(", ")}]`);
    return self.sizes[d - lead]!;
  });
  return self.view(sizes, broadcastStrides(self, sizes, lead));
}

/** A new dimension of size 1 gets the stride it would have if it were contiguous (at::inferExpandGeometry). */
function broadcastStrides(self: Tensor, sizes: readonly number[], lead: number): number[] {
  const strides = expandStrides(self.sizes, self.strides, sizes);
  if (self.rank === 0) return strides;
  for (let d = lead - 1; d >= 0; d--) if (sizes[d] === 1) strides[d] = sizes[d + 1]! * strides[d + 1]!;
  return strides;
}

/** One index of a dimension. @throws RangeError when it is out of range. */
export function selected(self: Tensor, dim: number, index: number): Tensor {
  if (self.rank === 0) throw new RangeError("select() cannot be applied to a tensor without dimensions");
  const d = wrapDim(dim, self.rank);
  const size = self.sizes[d]!;
  const at = index < 0 ? index + size : index;
  if (at < 0 || at >= size)
    throw new RangeError(`index ${index} is out of range for dimension ${d} of size ${size}`);
  return self.view(
    self.sizes.toSpliced(d, 1),
    self.strides.toSpliced(d, 1),
    self.offset + at * self.strides[d]!,
  );
}

/** Every `step`th index from `start` to before `end`, which are cut to the dimension (at::native::slice). */
export function sliced(self: Tensor, dim: number, start: number, end: number, step = 1): Tensor {
  if (self.rank === 0) throw new RangeError("slice() cannot be applied to a tensor without dimensions");
  if (step < 1) throw new RangeError(`slice step must be positive, is ${step}`);
  const d = wrapDim(dim, self.rank);
  const size = self.sizes[d]!;
  const from = Math.min(Math.max(start < 0 ? start + size : start, 0), size);
  const to = Math.min(Math.max(end < 0 ? end + size : end, from), size);
  return self.view(
    self.sizes.with(d, Math.ceil((to - from) / step)),
    self.strides.with(d, self.strides[d]! * step),
    self.offset + from * self.strides[d]!,
  );
}

/** `length` indices from `start` on. @throws RangeError when they are not all there. */
export function narrowed(self: Tensor, dim: number, start: number, length: number): Tensor {
  const d = wrapDim(dim, self.rank);
  const size = self.sizes[d]!;
  const from = start < 0 ? start + size : start;
  if (length < 0 || from < 0 || from + length > size) {
    throw new RangeError(`start ${start} and length ${length} exceed dimension ${d} of size ${size}`);
  }
  return sliced(self, d, from, from + length);
}

/** at::native::diagonal. */
export function diagonalOf(self: Tensor, offset: number, dim1: number, dim2: number): Tensor {
  const [a, b] = [wrapDim(dim1, self.rank), wrapDim(dim2, self.rank)];
  if (a === b) throw new RangeError(`diagonal dimensions are both ${a}`);
  const [rows, columns] = [self.sizes[a]!, self.sizes[b]!];
  const length = Math.max(
    offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns),
    0,
  );
  const [sa, sb] = [self.strides[a]!, self.strides[b]!];
  const skipped = length === 0 ? 0 : offset >= 0 ? offset * sb : -offset * sa;
  const rest = (list: readonly number[]): number[] => list.filter((_, d) => d !== a && d !== b);
  return self.view([...rest(self.sizes), length], [...rest(self.strides), sa + sb], self.offset + skipped);
}

/** Dimensions moved from places to others; the rest keeps its order (at::native::movedim). */
function moved(self: Tensor, source: readonly number[], destination: readonly number[]): Tensor {
  const from = source.map((dim) => wrapDim(dim, self.rank));
  const to = destination.map((dim) => wrapDim(dim, self.rank));
  if (self.rank === 0) return alias(self);
  const rest = self.sizes.map((_, d) => d).filter((d) => !from.includes(d));
  const order = self.sizes.map((_, d) => (to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!));
  return permuted(self, order);
}

const reversed = (self: Tensor): Tensor =>
  permuted(
    self,
    self.sizes.map((_, d) => self.rank - 1 - d),
  );

const flipped = (self: Tensor): Tensor => (self.rank < 2 ? alias(self) : transposed(self, 0, 1));

/** The conjugate transpose; torch marks it as conjugated, here it is computed. */
const adjointOf = (self: Tensor): Tensor => {
  const t = self.rank === 0 ? self : transposed(self, -2, -1);
  return t.dtype.category === "complex" ? call("aten::conj_physical", t) : t;
};

export const views: readonly Kernel[] = [
  defineOp("aten::view(Tensor(a) self, SymInt[] size) -> Tensor(a)", {
    view: ({ self, size }) => viewAs(self, size),
  }),
  defineOp("aten::view.dtype(Tensor(a) self, ScalarType dtype) -> Tensor(a)", {
    view: ({ self, dtype }) => viewAsDtype(self, dtype),
  }),
  defineOp("aten::_unsafe_view(Tensor self, SymInt[] size) -> Tensor", {
    view: ({ self, size }) => viewAs(self, size),
  }),
  defineOp("aten::view_as(Tensor(a) self, Tensor other) -> Tensor(a)", {
    view: ({ self, other }) => viewAs(self, other.sizes),
  }),
  defineOp("aten::alias(Tensor(a) self) -> Tensor(a)", { view: ({ self }) => alias(self) }),
  defineOp("aten::detach(Tensor(a) self) -> Tensor(a)", { view: ({ self }) => alias(self) }),
  defineOp("aten::permute(Tensor(a) self, int[] dims) -> Tensor(a)", {
    view: ({ self, dims }) => permuted(self, dims),
  }),
  defineOp("aten::transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)", {
    view: ({ self, dim0, dim1 }) => transposed(self, dim0, dim1),
  }),
  defineOp("aten::swapaxes(Tensor(a) self, int axis0, int axis1) -> Tensor(a)", {
    view: ({ self, axis0, axis1 }) => transposed(self, axis0, axis1),
  }),
  defineOp("aten::swapdims(Tensor(a) self, int dim0, int dim1) -> Tensor(a)", {
    view: ({ self, dim0, dim1 }) => transposed(self, dim0, dim1),
  }),
  defineOp("aten::t(Tensor(a) self) -> Tensor(a)", { view: ({ self }) => flipped(self) }),
  defineOp("aten::numpy_T(Tensor(a) self) -> Tensor(a)", { view: ({ self }) => reversed(self) }),
  defineOp("aten::mT(Tensor(a) self) -> Tensor(a)", {
    // torch warns of it, and gives a number back as it is.
    view: ({ self }) => (self.rank === 0 ? self.view(self.sizes, self.strides) : transposed(self, -2, -1)),
  }),
  defineOp("aten::mH(Tensor(a) self) -> Tensor(a)", { composite: ({ self }) => adjointOf(self) }),
  defineOp("aten::matrix_H(Tensor(a) self) -> Tensor(a)", { composite: ({ self }) => adjointOf(self) }),
  defineOp("aten::adjoint(Tensor(a) self) -> Tensor(a)", { composite: ({ self }) => adjointOf(self) }),
  defineOp("aten::movedim.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)", {
    view: ({ self, source, destination }) => moved(self, source, destination),
  }),
  defineOp("aten::movedim.int(Tensor(a) self, int source, int destination) -> Tensor(a)", {
    view: ({ self, source, destination }) => moved(self, [source], [destination]),
  }),
  defineOp("aten::moveaxis.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)", {
    view: ({ self, source, destination }) => moved(self, source, destination),
  }),
  defineOp("aten::moveaxis.int(Tensor(a) self, int source, int destination) -> Tensor(a)", {
    view: ({ self, source, destination }) => moved(self, [source], [destination]),
  }),
  defineOp("aten::unsqueeze(Tensor(a) self, int dim) -> Tensor(a)", {
    view: ({ self, dim }) => unsqueezed(self, dim),
  }),
  defineOp("aten::squeeze(Tensor(a) self) -> Tensor(a)", {
    view: ({ self }) =>
      squeezed(
        self,
        self.sizes.map((_, d) => d),
      ),
  }),
  defineOp("aten::squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)", {
    view: ({ self, dim }) => squeezed(self, [dim]),
  }),
  defineOp("aten::squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)", {
    view: ({ self, dim }) => {
      // Refuses a dimension that is given twice.
      wrapDims(dim, self.rank);
      return squeezed(self, dim);
    },
  }),
  defineOp("aten::expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)", {
    view: ({ self, size }) => expanded(self, size),
  }),
  defineOp("aten::expand_as(Tensor(a) self, Tensor other) -> Tensor(a)", {
    view: ({ self, other }) => expanded(self, other.sizes),
  }),
  defineOp("aten::broadcast_to(Tensor(a) self, SymInt[] size) -> Tensor(a)", {
    view: ({ self, size }) => expanded(self, size),
  }),
  defineOp("aten::select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a)", {
    view: ({ self, dim, index }) => selected(self, dim, index),
  }),
  defineOp(
    "aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor(a)",
    {
      view: ({ self, dim, start, end, step }) => sliced(self, dim, start ?? 0, end ?? Infinity, step),
    },
  ),
  defineOp("aten::narrow(Tensor(a) self, int dim, SymInt start, SymInt length) -> Tensor(a)", {
    view: ({ self, dim, start, length }) => narrowed(self, dim, start, length),
  }),
  defineOp("aten::diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)", {
    view: ({ self, offset, dim1, dim2 }) => diagonalOf(self, offset, dim1, dim2),
  }),
  defineOp("aten::linalg_diagonal(Tensor(a) A, *, int offset=0, int dim1=-2, int dim2=-1) -> Tensor(a)", {
    view: ({ A, offset, dim1, dim2 }) => diagonalOf(A, offset, dim1, dim2),
  }),
];
