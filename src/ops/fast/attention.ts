/** Scaled dot product attention of float32, some queries at a time. */
import { dtypes } from "../../tensor/dtype.ts";
import { contiguousStrides, expandStrides } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Planner } from "../kernel.ts";
import { multiplier, multiplyPacked, productKernels, spaces } from "./multiply.ts";
import { addressOf, isFloat32, resultOf } from "./operands.ts";
import { pointwiseKernels } from "./pointwise-kernels.ts";

/** Scores of so many queries are held at a time. */
const QUERIES = 64;
/** With fewer, packing keys and values costs more than it gains. */
const FEW = 12;

/** One head of one sample: addresses, and the steps between rows in bytes. */
interface Head {
  readonly q: number;
  readonly k: number;
  readonly v: number;
  readonly out: number;
  readonly mask: number;
}

interface Shape {
  readonly length: number;
  readonly keys: number;
  readonly width: number;
  readonly values: number;
  readonly rows: { readonly q: number; readonly k: number; readonly v: number; readonly out: number };
  readonly scale: number;
  readonly isCausal: boolean;
  readonly mask: { readonly next: number; readonly step: number; readonly isBool: boolean } | null;
}

/** What attends within one head. */
function attender(shape: Shape): (head: Head) => void {
  const { length, keys, width, values, rows } = shape;
  const { begin, packColumns } = productKernels();
  const count = Math.min(length, QUERIES);
  const isFew = length <= FEW;
  const few = isFew && fewQueries(shape);
  return ({ q, k, v, out, mask }) => {
    const scores = spaces[0](4 * count * keys);
    if (few) {
      begin(scores, 4 * keys, length, keys, 0);
      few.scores(q, k, scores, 4 * keys);
      toWeights(scores, length, 0, mask, shape);
      begin(out, rows.out, length, values, 0);
      few.sums(scores, v, out, rows.out);
      return;
    }
    const packedKeys = spaces[1](4 * width * (keys + 7));
    const packedValues = spaces[2](4 * keys * (values + 7));
    packColumns(packedKeys, k, width, keys, 4, rows.k);
    packColumns(packedValues, v, keys, values, rows.v, 4);
    for (let first = 0; first < length; first += QUERIES) {
      const own = Math.min(QUERIES, length - first);
      const to = out + first * rows.out;
      begin(scores, 4 * keys, own, keys, 0);
      const left = { row: rows.q, column: 4 };
      multiplyPacked(q + first * rows.q, left, packedKeys, scores, 4 * keys, own, width, keys);
      toWeights(scores, own, first, mask, shape);
      begin(to, rows.out, own, values, 0);
      multiplyPacked(scores, { row: 4 * keys, column: 4 }, packedValues, to, rows.out, own, keys, values);
    }
  };
}

function fewQueries({ length, keys, width, values, rows }: Shape) {
  const dense = { row: 4 * keys, column: 4 };
  return {
    scores: multiplier(length, width, keys, { row: rows.q, column: 4 }, { row: 4, column: rows.k }),
    sums: multiplier(length, keys, values, dense, { row: rows.v, column: 4 }),
  };
}

/** Scores of queries from `first` on become weights, masked. */
function toWeights(
  scores: number,
  count: number,
  first: number,
  maskAddress: number,
  { keys, mask, isCausal, scale }: Shape,
): void {
  const { softmax, addMask, maskCausal } = pointwiseKernels();
  let factor = scale;
  if (mask !== null) {
    const { next, step, isBool } = mask;
    addMask(scores, count, keys, scale, maskAddress + first * next, next, step, isBool ? 1 : 0);
    factor = 1;
  }
  if (isCausal) maskCausal(scores, count, keys, first);
  softmax(scores, scores, count, keys, factor, 1);
}

const isRowMajor = (t: Tensor): boolean => t.strides[t.rank - 1] === 1 || t.size(-1) === 1;

/** at::native::scaled_dot_product_attention of [batch, heads, length, width]. */
const planAttention: Planner = (args, spec) => {
  const { query, key, value, is_causal: isCausal, dropout_p } = args;
  const mask = args.attn_mask as Tensor | null;
  const operands = [query, key, value] as const;
  if (spec === null || "length" in spec || spec.sizes.includes(0) || dropout_p !== 0) return null;
  if (!operands.every((t) => isFloat32(t) && t.rank === 4 && isRowMajor(t))) return null;
  const [q, k, v] = operands as unknown as readonly [Tensor, Tensor, Tensor];
  const strides = spec.strides ?? contiguousStrides(spec.sizes);
  const [batch, heads, length, values] = spec.sizes as [number, number, number, number];
  const scale = (args.scale as number | null) ?? 1 / Math.sqrt(q.size(-1));
  if (strides[3] !== 1 || !(scale > 0) || !isMask(mask)) return null;
  const keys = k.size(-2);
  const itemsize = mask?.dtype.itemsize ?? 0;
  const masks = mask && expandStrides(mask.sizes, mask.strides, [batch, heads, length, keys]);
  const attend = attender({
    length,
    keys,
    width: q.size(-1),
    values,
    rows: { q: 4 * q.strides[2]!, k: 4 * k.strides[2]!, v: 4 * v.strides[2]!, out: 4 * strides[2]! },
    scale,
    isCausal: isCausal === true,
    mask: masks && {
      next: masks[2]! * itemsize,
      step: masks[3]! * itemsize,
      isBool: mask?.dtype === dtypes.bool,
    },
  });
  // Fewer heads of keys serve several of queries each, and a batch of one all of them.
  const places = [q, k, v].map(
    (t) => (b: number, h: number) =>
      4 *
      ((t.sizes[0] === 1 ? 0 : b) * t.strides[0]! + Math.floor((h * t.sizes[1]!) / heads) * t.strides[1]!),
  ) as [Place, Place, Place];
  const all = headsOf(batch, heads, places, strides, masks, itemsize);
  return (given) => {
    const out = resultOf(spec);
    const [x, y, z] = [given.query, given.key, given.value].map((t) => addressOf(t as Tensor)) as [
      number,
      number,
      number,
    ];
    const bias = given.attn_mask === null ? 0 : addressOf(given.attn_mask as Tensor);
    const to = out.storage!.memory.address;
    for (const one of all) {
      attend({ q: x + one.q, k: y + one.k, v: z + one.v, out: to + one.out, mask: bias + one.mask });
    }
    return out;
  };
};

type Place = (batch: number, head: number) => number;

const isMask = (mask: Tensor | null): boolean =>
  mask === null || ((mask.dtype === dtypes.bool || mask.dtype === dtypes.float32) && mask.numel > 0);

function headsOf(
  batch: number,
  heads: number,
  [q, k, v]: readonly [Place, Place, Place],
  strides: readonly number[],
  masks: readonly number[] | null,
  itemsize: number,
): Head[] {
  return Array.from({ length: batch * heads }, (_, i) => {
    const [b, h] = [Math.floor(i / heads), i % heads];
    return {
      q: q(b, h),
      k: k(b, h),
      v: v(b, h),
      out: 4 * (b * strides[0]! + h * strides[1]!),
      mask: masks === null ? 0 : (b * masks[0]! + h * masks[1]!) * itemsize,
    };
  });
}

export const attentionPlanners: Readonly<Record<string, Planner>> = {
  "aten::scaled_dot_product_attention": planAttention,
};
