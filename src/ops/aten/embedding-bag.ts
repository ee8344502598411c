/** Sums, means and maxima over bags of embeddings. */
import { cast } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { fill, reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { indexValues, wrapIndex } from "../advanced-index.ts";
import { call, callList } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { indexSpec, indexTensor } from "../rows.ts";

const [SUM, MEAN, MAX] = [0, 1, 2];

interface Bags {
  readonly weight: Tensor;
  readonly indices: Tensor;
  readonly offsets: Tensor;
  readonly mode: number;
  readonly per_sample_weights: Tensor | null;
  readonly include_last_offset: boolean;
  readonly padding_idx: number;
}

const bagCount = ({ offsets, include_last_offset }: Bags): number =>
  offsets.sizes[0]! - Number(include_last_offset);

/** at::native is_fast_path: then nobody works out which bag an index is in. */
function isFast({ weight, mode, per_sample_weights: scales, padding_idx }: Bags): boolean {
  const known = weight.dtype === dtypes.float32 || weight.dtype.form === "encoded";
  const dense = weight.strides[1] === 1 && (scales === null || scales.strides[0] === 1);
  return mode === SUM && known && dense && padding_idx < 0;
}

function bagSpecs(bags: Bags) {
  const width = bags.weight.sizes[1]!;
  const count = bagCount(bags);
  const sizes = bags.mode === SUM ? bags.offsets.sizes : [count];
  return [
    bags.weight.like([count, width]),
    indexSpec(isFast(bags) ? [0] : bags.indices.sizes),
    indexSpec(sizes),
    indexSpec(bags.mode === MAX ? [count, width] : sizes),
  ];
}

/** Which bag each index is in. */
function bagOf(bags: Bags): Int32Array {
  const starts = reals(bags.offsets);
  const result = new Int32Array(bags.indices.numel);
  for (let bag = 0, count = bagCount(bags); bag < count; bag++)
    result.fill(bag, starts[bag]!, bag + 1 < starts.length ? starts[bag + 1]! : result.length);
  return result;
}

/** at::native _embedding_bag_cpu_impl. */
function fillBags(bags: Bags, out: Tensor, bagOfIndex: Tensor, sizes: Tensor, largest: Tensor): void {
  const { weight, indices, mode, per_sample_weights: scales, padding_idx } = bags;
  const [rows, table] = [indexValues(indices), reals(weight)];
  const factors = scales === null ? null : reals(scales);
  const [height, width] = [weight.sizes[0]!, weight.sizes[1]!];
  const owners = bagOf(bags);
  const counts = new Float64Array(bagCount(bags));
  const places = new Float64Array(counts.length * width);
  const sums = new Float64Array(counts.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = wrapIndex(rows[i]!, height);
    if (row === padding_idx) continue;
    const bag = owners[i]!;
    const first = counts[bag]!++ === 0;
    for (let k = 0; k < width; k++) {
      const value = table[row * width + k]! * (factors?.[i] ?? 1);
      const at = bag * width + k;
      if (mode !== MAX) sums[at]! += value;
      else if (first || value > sums[at]!) [sums[at], places[at]] = [value, row];
    }
  }
  if (mode === MEAN)
    for (let at = 0; at < sums.length; at++) sums[at]! /= counts[Math.floor(at / width)]! || 1;
  fill(out, (y) => y.set(sums));
  if (bagOfIndex.numel > 0) fill(bagOfIndex, (y) => y.set(owners));
  if (mode === SUM) return;
  fill(sizes, (y) => y.set(counts));
  fill(largest, (y) => y.set(mode === MAX ? places : counts));
}

export const embeddingBags: readonly Kernel[] = [
  ...["_embedding_bag", "_embedding_bag_forward_only"].map((name) =>
    defineOp(
      `aten::${name}(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int padding_idx=-1) -> (Tensor, Tensor, Tensor, Tensor)` as "aten::_embedding_bag(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int padding_idx=-1) -> (Tensor, Tensor, Tensor, Tensor)",
      {
        meta: bagSpecs,
        run: (args, out, owners, sizes, largest) => fillBags(args, out, owners!, sizes!, largest!),
      },
    ),
  ),
  defineOp(
    "aten::embedding_bag(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False) -> (Tensor, Tensor, Tensor, Tensor)",
    {
      composite: (a) =>
        callList(
          "aten::_embedding_bag",
          a.weight,
          a.indices,
          a.offsets,
          a.scale_grad_by_freq,
          a.mode,
          a.sparse,
          a.per_sample_weights,
          a.include_last_offset,
        ),
    },
  ),
  defineOp(
    "aten::embedding_bag.padding_idx(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq, int mode, bool sparse, Tensor? per_sample_weights, bool include_last_offset, int? padding_idx) -> (Tensor, Tensor, Tensor, Tensor)",
    {
      composite: (a) => {
        const padding = a.padding_idx === null ? -1 : wrapIndex(a.padding_idx, a.weight.sizes[0]!);
        return callList(
          "aten::_embedding_bag",
          a.weight,
          a.indices,
          a.offsets,
          a.scale_grad_by_freq,
          a.mode,
          a.sparse,
          a.per_sample_weights,
          a.include_last_offset,
          padding,
        );
      },
    },
  ),
  defineOp(
    "aten::embedding_renorm_(Tensor(a!) self, Tensor indices, float max_norm, float norm_type) -> Tensor(a!)",
    {
      composite: ({ self, indices, max_norm, norm_type }) => {
        if (self.storage !== null) renormRows(self, indices, max_norm, norm_type);
        return self;
      },
    },
  ),
  defineOp("aten::embedding_renorm(Tensor self, Tensor indices, float max_norm, float norm_type) -> Tensor", {
    composite: ({ self, indices, max_norm, norm_type }) =>
      call("aten::embedding_renorm_", call("aten::clone", self), indices, max_norm, norm_type),
  }),
];

/** at::native embedding_renorm_: rows whose norm is too large shrink to it, by a factor in doubles. */
function renormRows(self: Tensor, indices: Tensor, maxNorm: number, p: number): void {
  const rows = indexTensor([...new Set(reals(indices))]);
  const own = call("aten::index_select", self, 0, rows);
  const norms = cast(call("aten::linalg_vector_norm", own, Scalar.float(p), [1], true), dtypes.float64);
  const factors = Tensor.zeros(norms.sizes, dtypes.float64);
  fill(factors, (y) => y.set(reals(norms).map((norm) => (norm > maxNorm ? maxNorm / (norm + 1e-7) : 1))));
  call("aten::index_copy_", self, 0, rows, call("aten::mul.Tensor", cast(own, dtypes.float64), factors));
}
