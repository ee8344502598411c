/** Scaled dot product attention. */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { fill, type Reals, reals } from "../../tensor/elements.ts";
import { broadcastSizes } from "../../tensor/geometry.ts";
import { formatStrides } from "../../tensor/strides.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { fastExp } from "../math/fast-exp.ts";
import { randomDouble } from "../random-numbers.ts";
import { requireSameDtype } from "./products.ts";
import { reshaped } from "./reshaping.ts";
import { expanded, transposed, unsqueezed } from "./views.ts";

const { fround } = Math;

interface Attention {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly attn_mask: Tensor | null;
  readonly dropout_p: number;
  readonly is_causal: boolean;
  readonly scale: number | null;
  readonly enable_gqa: boolean;
}

/** Keys and values of fewer heads serve several heads of queries each (at::native::pre_process_group_query_attention_input). */
function repeatHeads(t: Tensor, heads: number): Tensor {
  const own = t.size(-3);
  if (own === heads) return t;
  const grouped = unsqueezed(t, -3);
  const sizes = [...t.sizes.slice(0, -2), heads / own, ...t.sizes.slice(-2)];
  const wide = expanded(grouped, sizes);
  return reshaped(wide, [...t.sizes.slice(0, -3), heads, ...t.sizes.slice(-2)]);
}

function grouped(args: Attention): Attention {
  if (!args.enable_gqa) return args;
  const heads = args.query.size(-3);
  return { ...args, key: repeatHeads(args.key, heads), value: repeatHeads(args.value, heads) };
}

const batchOf = ({ query, key, value }: Attention): number[] =>
  broadcastSizes(query.sizes.slice(0, -2), key.sizes.slice(0, -2), value.sizes.slice(0, -2));

/** Whether torch takes its flash kernel, whose result does not lie in memory as its sizes say. */
function isFlash({ query, key, value, attn_mask, dropout_p, enable_gqa }: Attention): boolean {
  const plain = [query, key, value].every(
    (t) =>
      t.rank === 4 && t.strides[3] === 1 && t.size(-1) === query.size(-1) && t.sizes[0] === query.sizes[0],
  );
  const filled = plain && query.sizes[2] !== 0 && key.sizes[2] !== 0;
  const mask = attn_mask === null || attn_mask.rank === 2 || attn_mask.rank === 4;
  const heads = [key, value].every(({ sizes: [, own] }) =>
    enable_gqa ? query.sizes[1]! % own! === 0 : own === query.sizes[1],
  );
  return filled && mask && heads && dropout_p === 0;
}

function attentionSpec(args: Attention): TensorSpec {
  const { query, key, value } = args;
  requireSameDtype(query, key, value);
  if (query.size(-1) !== key.size(-1) || key.size(-2) !== value.size(-2)) {
    throw new RangeError(`attention: query ${query}, key ${key} and value ${value} do not fit`);
  }
  const sizes = [...batchOf(grouped(args)), query.size(-2), value.size(-1)];
  if (!isFlash(args)) return { sizes, dtype: query.dtype };
  // at::native::_flash_attention_cpu: like the query, whose heads and rows are swapped for the while.
  const like = transposed(query, 1, 2);
  const memory = new Tensor(null, query.dtype, like.sizes, formatStrides(like, null));
  return { sizes, dtype: query.dtype, strides: transposed(memory, 1, 2).strides };
}

/** The scores of one query, masked; returns the largest. */
type Score = (batch: number, row: number, scores: Float64Array) => number;

function scorer(args: Attention, batch: readonly number[], q: Reals, k: Reals): Score {
  const { query, key, attn_mask, is_causal } = args;
  const [length, width, keys] = [query.size(-2), query.size(-1), key.size(-2)];
  const scale = args.scale ?? 1 / Math.sqrt(width);
  const mask = attn_mask && reals(expanded(attn_mask, [...batch, length, keys]));
  const isBool = attn_mask?.dtype === dtypes.bool;
  return (at, row, scores) => {
    let most = -Infinity;
    for (let j = 0; j < keys; j++) {
      let sum = 0;
      const [left, right] = [(at * length + row) * width, (at * keys + j) * width];
      for (let i = 0; i < width; i++) sum += q[left + i]! * k[right + i]!;
      sum *= scale;
      const bias = mask?.[(at * length + row) * keys + j];
      if (bias !== undefined) sum = isBool ? (bias ? sum : -Infinity) : sum + bias;
      if (is_causal && j > row) sum = -Infinity;
      scores[j] = sum;
      if (!(sum <= most)) most = sum;
    }
    return most;
  };
}

/** A row that is masked as a whole gives zeros (aten::_safe_softmax). Returns the logarithm of the sum. */
function softmaxInPlace(scores: Float64Array, most: number): number {
  if (most === -Infinity) {
    scores.fill(0);
    return -Infinity;
  }
  let sum = 0;
  for (let j = 0; j < scores.length; j++) sum += scores[j] = Math.exp(scores[j]! - most);
  for (let j = 0; j < scores.length; j++) scores[j]! /= sum;
  return most + Math.log(sum);
}

/** Keys that torch's flash kernel takes at a time, and how many of them go through one exponential. */
const [KEYS, LANES] = [512, 16];

/**
 * The weights as torch's flash kernel has them in low precision, block by block (at::native::cpu_flash_attention):
 * rounded before the sum divides them, and with a quick exponential for all that fills a vector. Only the first `end`
 * keys are looked at. Returns the logarithm of the sum.
 */
function flashSoftmaxInPlace(scores: Float64Array, end: number, { encode, decode }: DType): number {
  let [most, sum] = [-Infinity, 0];
  for (let start = 0; start < end; start += KEYS) {
    const stop = Math.min(start + KEYS, end);
    const before = most;
    for (let j = start; j < stop; j++) {
      const score = fround(scores[j]!);
      scores[j] = score;
      most = Math.max(most, score);
    }
    const shrink = most === before ? 1 : fround(Math.exp(before - most));
    for (let j = 0; j < start; j++) scores[j]! *= shrink;
    sum *= shrink;
    const vectors = stop - ((stop - start) % LANES);
    for (let j = start; j < stop; j++) {
      const x = most === -Infinity ? most : fround(scores[j]! - most);
      const weight = j < vectors ? fastExp(x) : fround(Math.exp(x));
      sum += weight;
      scores[j] = decode!(encode!(weight));
    }
  }
  for (let j = 0; j < end; j++) scores[j] = sum === 0 ? 0 : scores[j]! / sum;
  scores.fill(0, end);
  return most + Math.log(sum);
}

/** Where the keys end that torch's flash kernel looks at for a query: with its block of queries, when it is causal. */
function keysSeen(row: number, queries: number, keys: number, causal: boolean): number {
  if (!causal) return keys;
  const block = queries >= 768 ? 256 : queries >= 192 ? 64 : 32;
  return Math.min(row - (row % block) + block, queries, keys);
}

/** What to note for each query: the logarithm of its scores' sum, or the weights of the keys. */
interface Noted {
  readonly logs?: Float64Array;
  readonly weights?: Float64Array;
}

/** Leaves out each weight with the probability `p`; those that stay are scaled, so that their mean does. */
function dropOut(scores: Float64Array, p: number): void {
  for (let j = 0; j < scores.length; j++) scores[j] = randomDouble() < p ? 0 : scores[j]! / (1 - p);
}

/** at::native::_scaled_dot_product_attention_math, in doubles; or as the flash kernel rounds. */
function attend(whole: Attention, out: Tensor, { logs, weights }: Noted = {}): void {
  const args = grouped(whole);
  const batch = out.sizes.slice(0, -2);
  const wide = (t: Tensor): Reals => reals(expanded(t, [...batch, ...t.sizes.slice(-2)]));
  const score = scorer(args, batch, wide(args.query), wide(args.key));
  const v = wide(args.value);
  const [length, keys, width] = [args.query.size(-2), args.key.size(-2), args.value.size(-1)];
  const scores = new Float64Array(keys);
  const flash = out.dtype.form === "encoded" && isFlash(whole);
  fill(out, (y) => {
    const sums = new Float64Array(width);
    for (let row = 0; row < (width === 0 ? 0 : y.length / width); row++) {
      const at = Math.floor(row / length);
      const query = row % length;
      const most = score(at, query, scores);
      const log = flash
        ? flashSoftmaxInPlace(scores, keysSeen(query, length, keys, args.is_causal), out.dtype)
        : softmaxInPlace(scores, most);
      if (logs !== undefined) logs[row] = log;
      if (args.dropout_p > 0) dropOut(scores, args.dropout_p);
      weights?.set(scores, row * keys);
      sums.fill(0);
      for (let j = 0; j < keys; j++) {
        const weight = scores[j]!;
        const from = (at * keys + j) * width;
        for (let i = 0; i < width; i++) sums[i]! += weight * v[from + i]!;
      }
      for (let i = 0; i < width; i++) y[row * width + i] = sums[i]!;
    }
  });
}

const accumulated = (t: Tensor): DType => (t.dtype === dtypes.float64 ? dtypes.float64 : dtypes.float32);

export const attention: readonly Kernel[] = [
  defineOp(
    "aten::scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0., bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor",
    {
      meta: (args) => attentionSpec(args),
      run: (args, out) => attend(args, out),
    },
  ),
  defineOp(
    "aten::_scaled_dot_product_flash_attention_for_cpu(Tensor query, Tensor key, Tensor value, float dropout_p=0., bool is_causal=False, *, Tensor? attn_mask=None, float? scale=None) -> (Tensor output, Tensor logsumexp)",
    {
      meta: (args) => {
        const [b, h, l] = args.query.sizes as [number, number, number];
        const sums = transposed(new Tensor(null, accumulated(args.query), [b, l, h]), 1, 2);
        return [attentionSpec({ ...args, enable_gqa: false }), sums];
      },
      run: (args, out, logsumexp) => {
        const logs = new Float64Array(logsumexp!.numel);
        attend({ ...args, enable_gqa: false }, out, { logs });
        fill(logsumexp!, (y) => y.set(logs));
      },
    },
  ),
  defineOp(
    "aten::_scaled_dot_product_attention_math(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0., bool is_causal=False, Tensor? dropout_mask=None, *, float? scale=None, bool enable_gqa=False) -> (Tensor, Tensor)",
    {
      meta: (args) => {
        const { sizes, dtype } = attentionSpec(args);
        return [
          { sizes, dtype },
          { sizes: [...sizes.slice(0, -1), args.key.size(-2)], dtype },
        ];
      },
      run: (args, out, shares) => {
        const weights = new Float64Array(shares!.numel);
        attend(args, out, { weights });
        fill(shares!, (y) => y.set(weights));
      },
    },
  ),
];
