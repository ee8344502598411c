/** Reading and writing along one dimension: gather, the scatters, index_add and its like. */
import { cast } from "../../tensor/copy.ts";
import { dtypes, isIntegral } from "../../tensor/dtype.ts";
import { elementOffsets, gatherElements, scatterElements } from "../../tensor/elements.ts";
import { expandStrides, wrapDim } from "../../tensor/geometry.ts";
import type { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkVector, indexValues, wrapIndex } from "../advanced-index.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { times } from "../math/complex.ts";
import { addAt, type Combination, combineAt, SUM } from "../scatter.ts";

/** An index is no larger than what it goes into, apart from the dimension that it names places of. */
function checkWithin(index: Tensor, whole: Tensor, dim: number | null): void {
  const d = dim === null ? null : wrapDim(dim, whole.rank);
  const fits =
    index.rank === whole.rank && index.sizes.every((size, k) => k === d || size <= whole.sizes[k]!);
  if (!fits) throw new RangeError(`an index ${index} does not fit ${whole}`);
}

/** Where the elements of `self` lie that the indices name along a dimension; other coordinates are the index's own. */
function offsetsAlong(self: Tensor, dim: number, index: Tensor): Int32Array {
  if (self.rank === 0) return new Int32Array(index.numel).fill(self.offset);
  const d = wrapDim(dim, self.rank);
  const steps = self.strides.map((stride, k) => (k === d ? 0 : stride));
  const own = index.rank === 0 ? index.view([1], [1]) : index;
  checkWithin(own, self, dim);
  const result = elementOffsets(new Tensor(null, self.dtype, own.sizes, steps, self.offset));
  const values = indexValues(index);
  for (let i = 0; i < result.length; i++)
    result[i]! += wrapIndex(values[i]!, self.sizes[d]!) * self.strides[d]!;
  return result;
}

/** The part of the source that the index covers. */
function covered(source: Tensor, index: Tensor): Tensor {
  if (source.rank === index.rank) {
    checkWithin(index, source, null);
    return source.view(index.sizes, source.strides);
  }
  return source.view(
    index.sizes,
    index.sizes.map(() => 0),
  );
}

function numbersLike(index: Tensor, value: Scalar, dtype: Tensor["dtype"]): Tensor {
  const one = call("aten::full", [], value, dtype);
  return one.view(
    index.sizes,
    index.sizes.map(() => 0),
  );
}

/** How scatter_reduce puts two values together (at::native ReductionType). */
interface Reduction extends Combination {
  /** What leaves a value as it is, for targets that do not count. */
  readonly start: (t: Tensor) => number;
}

const lowest = (t: Tensor): number =>
  isIntegral(t.dtype) ? (t.dtype.signed ? -(2 ** (8 * t.dtype.itemsize - 1)) : 0) : Number.NEGATIVE_INFINITY;
const highest = (t: Tensor): number => {
  if (t.dtype === dtypes.bool) return 1;
  return isIntegral(t.dtype)
    ? 2 ** (8 * t.dtype.itemsize - (t.dtype.signed ? 1 : 0)) - 1
    : Number.POSITIVE_INFINITY;
};

const ADDED: Reduction = { ...SUM, start: () => 0 };
const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  sum: ADDED,
  add: ADDED,
  mean: ADDED,
  prod: {
    real: (a, b) => a * b,
    integer: (a, b) => BigInt.asIntN(64, a * b),
    complex: times,
    start: () => 1,
  },
  amax: { real: Math.max, integer: (a, b) => (a > b ? a : b), start: lowest },
  amin: { real: Math.min, integer: (a, b) => (a < b ? a : b), start: highest },
};
const named = (name: string): Reduction => REDUCTIONS[name === "multiply" ? "prod" : name]!;

/** scatter_reduce and index_reduce: what is written to a place is put together, with what was there or without. */
function reduceAt(
  target: Tensor,
  offsets: Int32Array,
  source: Tensor,
  reduce: string,
  includeSelf: boolean,
): void {
  const how = named(reduce);
  const own = cast(source, target.dtype);
  const mean = reduce === "mean";
  const counts = mean ? countsAt(target, offsets, includeSelf) : undefined;
  if (!includeSelf) {
    const neutral = Tensor.zeros([1], dtypes.float64);
    neutral.memory.float64[0] = how.start(target);
    const value =
      target.dtype === dtypes.int64 && Math.abs(how.start(target)) > 1
        ? wideLimit(how.start(target))
        : cast(neutral, target.dtype);
    scatterElements(target, offsets, value.view([offsets.length], [0]));
  }
  combineAt(target, offsets, own, how);
  if (counts === undefined) return;
  const divided = isIntegral(target.dtype)
    ? call("aten::div.Tensor_mode", target, cast(counts, target.dtype), "floor")
    : call("aten::div.Tensor", target, cast(counts, target.dtype));
  call("aten::copy_", target, divided);
}

/** 2^63 - 1 is no double. */
function wideLimit(value: number): Tensor {
  const result = Tensor.zeros([1], dtypes.int64);
  result.memory.int64[0] = value < 0 ? -(2n ** 63n) : 2n ** 63n - 1n;
  return result;
}

function countsAt(target: Tensor, offsets: Int32Array, includeSelf: boolean): Tensor {
  const tally = new Map<number, number>();
  for (const offset of offsets) tally.set(offset, (tally.get(offset) ?? 0) + 1);
  const result = Tensor.zeros(target.sizes, dtypes.float64);
  for (const [i, offset] of elementOffsets(target).entries())
    result.memory.float64[i] = Math.max((tally.get(offset) ?? 0) + (includeSelf ? 1 : 0), 1);
  return result;
}

/** Where whole slices lie that a list of indices names along a dimension, in the order of `source`. */
function sliceOffsets(
  target: Tensor,
  dim: number,
  index: Tensor,
): { offsets: Int32Array; sizes: readonly number[] } {
  checkVector(index);
  if (target.rank === 0) return { offsets: new Int32Array(index.numel).fill(target.offset), sizes: [] };
  const d = wrapDim(dim, target.rank);
  const sizes = target.sizes.map((size, k) => (k === d ? index.numel : size));
  const list = index.view([index.numel], [index.strides[0] ?? 1]);
  const shape = sizes.map((size, k) => (k === d ? size : 1));
  const steps = sizes.map((_, k) => (k === d ? list.strides[0]! : 0));
  const spread = list.view(shape, steps);
  return { offsets: offsetsAlong(target, d, spread.view(sizes, expandStrides(shape, steps, sizes))), sizes };
}

/** An operator that writes slices; a source without dimensions stands for one slice. */
function writeSlices(
  { dim, index, source }: { dim: number; index: Tensor; source: Tensor },
  target: Tensor,
  write: (offsets: Int32Array, source: Tensor) => void,
): void {
  const { offsets, sizes } = sliceOffsets(target, dim, index);
  const own = cast(source, target.dtype);
  write(
    offsets,
    own.rank === sizes.length
      ? own
      : own.view(
          sizes,
          sizes.map(() => 0),
        ),
  );
}

const scatterSource = (args: Arguments, target: Tensor): Tensor => {
  const index = args.index as Tensor;
  return args.src === undefined
    ? numbersLike(index, args.value as Scalar, target.dtype)
    : covered(cast(args.src as Tensor, target.dtype), index);
};

export const gathering: readonly Kernel[] = [
  defineOp("aten::gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor", {
    meta: ({ self, index }) => self.like(index.sizes),
    run: ({ self, dim, index }, out) => {
      if (index.numel > 0) gatherElements(out, self, offsetsAlong(self, dim, index));
    },
  }),
  ...[
    "src(Tensor self, int dim, Tensor index, Tensor src)",
    "value(Tensor self, int dim, Tensor index, Scalar value)",
  ].map((text) =>
    defineOp(
      `aten::scatter.${text} -> Tensor` as "aten::scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor",
      {
        update: (args, target) => {
          if (args.index.numel === 0) return;
          scatterElements(target, offsetsAlong(target, args.dim, args.index), scatterSource(args, target));
        },
      },
    ),
  ),
  ...[
    "reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce)",
    "value_reduce(Tensor self, int dim, Tensor index, Scalar value, *, str reduce)",
  ].map((text) =>
    defineOp(
      `aten::scatter.${text} -> Tensor` as "aten::scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce) -> Tensor",
      {
        update: (args, target) => {
          if (args.index.numel === 0) return;
          const offsets = offsetsAlong(target, args.dim, args.index);
          reduceAt(target, offsets, scatterSource(args, target), args.reduce, true);
        },
      },
    ),
  ),
  defineOp("aten::scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", {
    update: ({ dim, index, src }, target) => {
      if (index.numel > 0) addAt(target, offsetsAlong(target, dim, index), covered(src, index));
    },
  }),
  defineOp(
    "aten::scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True) -> Tensor",
    {
      update: ({ dim, index, src, reduce, include_self }, target) => {
        if (index.numel === 0) return;
        reduceAt(target, offsetsAlong(target, dim, index), covered(src, index), reduce, include_self);
      },
    },
  ),
  defineOp(
    "aten::index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor",
    {
      update: (args, target) =>
        writeSlices(args, target, (offsets, source) =>
          addAt(target, offsets, cast(call("aten::mul.Scalar", source, args.alpha), target.dtype)),
        ),
    },
  ),
  defineOp("aten::index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor", {
    update: (args, target) =>
      writeSlices(args, target, (offsets, source) => scatterElements(target, offsets, source)),
  }),
  defineOp(
    "aten::index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True) -> Tensor",
    {
      update: (args, target) =>
        writeSlices(args, target, (offsets, source) =>
          reduceAt(target, offsets, source, args.reduce, args.include_self),
        ),
    },
  ),
  defineOp("aten::index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value) -> Tensor", {
    update: ({ dim, index, value }, target) => {
      const source = call("aten::full", [], value, target.dtype);
      const { offsets } = sliceOffsets(target, dim, index);
      scatterElements(target, offsets, source.view([offsets.length], [0]));
    },
  }),
  defineOp("aten::index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value) -> Tensor", {
    update: ({ dim, index, value }, target) => {
      const { offsets } = sliceOffsets(target, dim, index);
      scatterElements(target, offsets, cast(value, target.dtype).view([offsets.length], [0]));
    },
  }),
  defineOp("aten::take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor", {
    // at::native take_along_dim: both broadcast, except along the dimension.
    composite: ({ self, indices, dim }) => {
      if (dim === null)
        return call(
          "aten::gather",
          call("aten::reshape", self, [-1]),
          0,
          call("aten::reshape", indices, [-1]),
        );
      const d = wrapDim(dim, self.rank);
      const shared = (own: Tensor, other: Tensor) =>
        own.sizes.map((size, k) => (k === d || size !== 1 ? size : other.sizes[k]!));
      const [a, b] = [
        call("aten::expand", self, shared(self, indices)),
        call("aten::expand", indices, shared(indices, self)),
      ];
      return call("aten::gather", a, d, b);
    },
  }),
];
