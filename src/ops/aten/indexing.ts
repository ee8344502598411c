/** Reading and writing at tensors of indices. */
import { cast } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { gatherElements, reals, scatterElements } from "../../tensor/elements.ts";
import { expandStrides } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkVector, indexed, indexValues, trueIndices, wrapIndex } from "../advanced-index.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { addAt } from "../scatter.ts";

type Indices = readonly (Tensor | null)[];

const isAbsent = (indices: Indices): boolean => indices.every((index) => index === null);

function readAt(self: Tensor, indices: Indices) {
  if (indices.length === 0) throw new RangeError("expected an index at least");
  if (isAbsent(indices)) return call("aten::clone", self);
  const { sizes, strides, offsets } = indexed(self, indices);
  const out = Tensor.ofSpec({ sizes, strides, dtype: self.dtype }, self.storage === null);
  if (out.storage !== null) gatherElements(out, self, offsets());
  return out;
}

/** Writes values, which broadcast to what the indices mean, into a tensor. */
function writeAt(target: Tensor, indices: Indices, values: Tensor, accumulate: boolean): void {
  const { sizes, offsets } = indexed(target, isAbsent(indices) ? [everything(target)] : indices);
  const own = cast(values, target.dtype);
  const source = own.view(sizes, expandStrides(own.sizes, own.strides, sizes));
  if (accumulate) addAt(target, offsets(), source);
  else scatterElements(target, offsets(), source);
}

/** @throws RangeError when values do not broadcast to what the indices mean, or an index is of floats. */
function checkWrite(target: Tensor, indices: Indices, values: Tensor): void {
  const given = indices.filter((index) => index !== null);
  for (const { dtype } of given) {
    if (dtype.category !== "int" && dtype.category !== "bool")
      throw new RangeError(`indices must be integers or a mask, not ${dtype.name}`);
  }
  // How many elements a mask has, its values say.
  if (given.some(({ dtype }) => dtype.name === "bool" || dtype.name === "uint8")) return;
  const sizes = isAbsent(indices) ? target.sizes : indexed(target, indices).sizes;
  expandStrides(values.sizes, values.strides, sizes);
}

const everything = (t: Tensor): Tensor => call("aten::arange", t.sizes[0]!);

/** The mask of the given dimensions' indices that are inside of self. */
function insideMask(mask: Tensor, indices: Indices): Indices {
  return indices.map(
    (index) => index && call("aten::where.self", mask, index, call("aten::zeros_like", index)),
  );
}

export const indexing: readonly Kernel[] = [
  ...["index.Tensor", "_unsafe_index.Tensor"].map((name) =>
    defineOp(
      `aten::${name}(Tensor self, Tensor?[] indices) -> Tensor` as "aten::index.Tensor(Tensor self, Tensor?[] indices) -> Tensor",
      { composite: ({ self, indices }) => readAt(self, indices) },
    ),
  ),
  ...["index_put", "_unsafe_index_put"].map((name) =>
    defineOp(
      `aten::${name}(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor` as "aten::index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor",
      {
        update: ({ indices, values, accumulate }, target) => writeAt(target, indices, values, accumulate),
        check: ({ indices, values }, target) => checkWrite(target, indices, values),
      },
    ),
  ),
  defineOp(
    "aten::_index_put_impl_(Tensor(a!) self, Tensor?[] indices, Tensor values, bool accumulate=False, bool unsafe=False) -> Tensor(a!)",
    {
      composite: ({ self, indices, values, accumulate }) => {
        if (self.storage === null) checkWrite(self, indices, values);
        else writeAt(self, indices, values, accumulate);
        return self;
      },
    },
  ),
  defineOp("aten::_unsafe_masked_index(Tensor self, Tensor mask, Tensor?[] indices, Scalar fill) -> Tensor", {
    composite: ({ self, mask, indices, fill }) => {
      const read = call("aten::index.Tensor", self, insideMask(mask, indices));
      return call("aten::masked_fill.Scalar", read, call("aten::logical_not", mask), fill);
    },
  }),
  defineOp(
    "aten::_unsafe_masked_index_put_accumulate(Tensor self, Tensor mask, Tensor?[] indices, Tensor values) -> Tensor",
    {
      composite: ({ self, mask, indices, values }) => {
        const known = call("aten::where.self", mask, values, call("aten::zeros_like", values));
        return call("aten::index_put", self, insideMask(mask, indices), known, true);
      },
    },
  ),
  defineOp(
    "aten::embedding(Tensor weight, Tensor indices, SymInt padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False) -> Tensor",
    {
      meta: ({ weight, indices }) => weight.like([...indices.sizes, ...weight.sizes.slice(1)]),
      run: ({ weight, indices }, out) => {
        const rows = indexValues(indices);
        const [count = 0, width = 1] = weight.sizes;
        const offsets = new Int32Array(out.numel);
        for (let i = 0; i < rows.length; i++) {
          const start = weight.offset + wrapIndex(rows[i]!, count) * weight.strides[0]!;
          for (let k = 0; k < width; k++) offsets[i * width + k] = start + k * (weight.strides[1] ?? 0);
        }
        gatherElements(out, weight, offsets);
      },
    },
  ),
  defineOp("aten::index_select(Tensor self, int dim, Tensor index) -> Tensor", {
    composite: ({ self, dim, index }) => {
      if (self.rank === 0) return call("aten::clone", self);
      checkVector(index);
      const at = dim < 0 ? dim + self.rank : dim;
      const list = index.rank === 0 ? call("aten::unsqueeze", index, 0) : index;
      const read = readAt(self, [...new Array<null>(at).fill(null), list]);
      return call("aten::contiguous", read);
    },
  }),
  defineOp("aten::take(Tensor self, Tensor index) -> Tensor", {
    composite: ({ self, index }) => readAt(call("aten::reshape", self, [-1]), [index]),
  }),
  defineOp("aten::put(Tensor self, Tensor index, Tensor source, bool accumulate=False) -> Tensor", {
    update: ({ index, source, accumulate }, target) => {
      const flat = call("aten::clone", call("aten::reshape", target, [-1]));
      const positions = call("aten::reshape", index, [-1]);
      writeAt(flat, [positions], call("aten::reshape", source, [-1]), accumulate);
      call("aten::copy_", target, call("aten::view", flat, target.sizes));
    },
  }),
  defineOp("aten::nonzero(Tensor self) -> Tensor", {
    composite: ({ self }) => {
      if (self.rank === 0) return call("aten::zeros", [reals(self)[0] === 0 ? 0 : 1, 0], dtypes.int64);
      // at::native nonzero_out_cpu: a transposed tensor, one dimension behind the other.
      const columns = call("aten::stack", trueIndices(self), 0);
      return call("aten::t", columns);
    },
  }),
  defineOp("aten::nonzero_numpy(Tensor self) -> Tensor[]", {
    composite: ({ self }) => trueIndices(self.rank === 0 ? call("aten::unsqueeze", self, 0) : self),
  }),
  defineOp("aten::where(Tensor condition) -> Tensor[]", {
    composite: ({ condition }) =>
      trueIndices(condition.rank === 0 ? call("aten::unsqueeze", condition, 0) : condition),
  }),
  defineOp("aten::argwhere(Tensor self) -> Tensor", {
    composite: ({ self }) => call("aten::nonzero", self),
  }),
  defineOp("aten::nonzero_static(Tensor self, *, SymInt size, int fill_value=-1) -> Tensor", {
    composite: ({ self, size, fill_value }) => {
      const found = call("aten::nonzero", self);
      const result = call("aten::full", [size, self.rank], Scalar.int(fill_value), dtypes.int64);
      const count = Math.min(size, found.size(0));
      call(
        "aten::copy_",
        call("aten::narrow", result, 0, 0, count),
        call("aten::narrow", found, 0, 0, count),
      );
      return result;
    },
  }),
];
