/**
 * Products of float16 and bfloat16 matrices, summed in float32 in the order in which torch's kernels on x86 sum: a result
 * is rounded to so few bits that the order decides some of them, and a model's later layers make much of that.
 */
import { dtypes } from "../../tensor/dtype.ts";
import { type Reals, reals } from "../../tensor/elements.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** Adds the products of one row of A with B to sums that begin with zeros; all are float32. */
type RowSums = (sums: Float32Array, a: Reals, left: number, b: Reals, right: number, k: number) => void;

/** sums += a[at] b[at, :]. */
function addRow(sums: Float32Array, factor: number, b: Reals, from: number): void {
  for (let j = 0; j < sums.length; j++) sums[j]! += factor * b[from + j]!;
}

/** One term after the other (gemm_transb_ of BlasKernel.cpp). */
const inTurn: RowSums = (sums, a, left, b, right, k) => {
  for (let i = 0; i < k; i++) addRow(sums, a[left + i]!, b, right + i * sums.length);
};

/** The second of two terms first: what VDPBF16PS does, and so oneDNN. */
const inPairs: RowSums = (sums, a, left, b, right, k) => {
  for (let i = 0; i < k; i++) {
    const term = (i ^ 1) < k ? i ^ 1 : i;
    addRow(sums, a[left + term]!, b, right + term * sums.length);
  }
};

/** Four sums side by side, then one after the other (gemm_notrans_ of BlasKernel.cpp). */
const inQuads: RowSums = (sums, a, left, b, right, k) => {
  const n = sums.length;
  const parts = [sums, ...Array.from({ length: 3 }, () => new Float32Array(n))];
  const whole = k & ~3;
  for (let i = 0; i < k; i++) addRow(parts[i < whole ? i & 3 : 0]!, a[left + i]!, b, right + i * n);
  for (const part of parts.slice(1)) addRow(sums, 1, part, 0);
};

/** Terms `from` to `to` in so many sums side by side, of which the second half is added to the first until one is left. */
function inLanes(
  lanes: number,
  [from, to]: readonly [number, number],
  sums: Float32Array,
  ...[a, left, b, right]: [Reals, number, Reals, number]
): void {
  if (from === to) return;
  const n = sums.length;
  const parts = Array.from({ length: lanes }, () => new Float32Array(n));
  for (let i = from; i < to; i++) addRow(parts[(i - from) % lanes]!, a[left + i]!, b, right + i * n);
  for (let half = lanes / 2; half >= 1; half /= 2) {
    for (let lane = 0; lane < half; lane++) addRow(parts[lane]!, 1, parts[lane + half]!, 0);
  }
  addRow(sums, 1, parts[0]!, 0);
}

/** fp16_dot_with_fp32_arith of ReducedPrecisionFloatGemvFastPathKernel.cpp: 64 sums, then 8, then the rest in turn. */
const asDots: RowSums = (sums, a, left, b, right, k) => {
  const [whole, vectors] = [k & ~63, k & ~15];
  inLanes(64, [0, whole], sums, a, left, b, right);
  inLanes(8, [whole, vectors], sums, a, left, b, right);
  for (let i = vectors; i < k; i++) addRow(sums, a[left + i]!, b, right + i * sums.length);
};

/** Whether the columns of the matrices of a batch lie in memory as rows usually do (addmm_impl_cpu_). */
function isByColumn({ sizes, strides }: Tensor): boolean {
  const [, rows, columns] = sizes as [number, number, number];
  const [, row, column] = strides as [number, number, number];
  return !(column === 1 && row >= columns) && row === 1 && column >= rows;
}

function orderOf(a: Tensor, b: Tensor): RowSums {
  if (a.dtype === dtypes.bfloat16) return inPairs;
  if (isByColumn(a)) return isByColumn(b) ? inQuads : inTurn;
  return isByColumn(b) ? asDots : inQuads;
}

/** [B, M, K] times [B, K, N], either B may be 1, of float16 or bfloat16: [B, M, N] in float32. */
export function orderedProduct(a: Tensor, b: Tensor): Tensor {
  const [batches, m, k] = a.sizes as [number, number, number];
  const n = b.sizes[2]!;
  const count = batches === 1 ? b.sizes[0]! : batches;
  const out = Tensor.zeros([count, m, n], dtypes.float32);
  const [x, y, sums] = [reals(a), reals(b), out.memory.float32];
  const addSums = orderOf(a, b);
  for (let row = 0; row < count * m; row++) {
    const left = (batches === 1 ? row % m : row) * k;
    const right = b.sizes[0] === 1 ? 0 : Math.floor(row / m) * k * n;
    addSums(sums.subarray(row * n, row * n + n), x, left, y, right, k);
  }
  return out;
}
