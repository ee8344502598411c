/** Matrix products, accumulated in a dtype wide enough to round once: what the matmul family and convolutions use. */
import { copyInto } from "../../tensor/copy.ts";
import { type DType, dtypes, isIntegral } from "../../tensor/dtype.ts";
import { complexes, integers, type Reals, reals, storeReals } from "../../tensor/elements.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { mode } from "../kernel.ts";
import { isWorthPacking, multiplyInto } from "../product.ts";
import { orderedProduct } from "./ordered-products.ts";

/** What sums of products of a dtype are held in: float64, complex128, or int64, which wraps. */
export function wideDtype(dtype: DType): DType {
  if (dtype.category === "complex") return dtypes.complex128;
  return isIntegral(dtype) ? dtypes.int64 : dtypes.float64;
}

/** @throws RangeError when two operands of one product have different dtypes. */
export function requireSameDtype(...operands: readonly (Tensor | null)[]): void {
  const [first, ...rest] = operands.filter((t) => t !== null) as Tensor[];
  for (const t of rest) {
    if (t.dtype !== first!.dtype)
      throw new RangeError(`operands differ in dtype: ${first!.dtype.name} and ${t.dtype.name}`);
  }
}

/** [B, M, K] times [B, K, N], either B may be 1: [B, M, N] in the wide dtype. */
export function wideProduct(a: Tensor, b: Tensor): Tensor {
  const [batches, m, k] = a.sizes as [number, number, number];
  const n = b.sizes[2]!;
  const count = Math.max(batches, b.sizes[0]!);
  const out = Tensor.zeros(batches === 0 || b.sizes[0] === 0 ? [0, m, n] : [count, m, n], wideDtype(a.dtype));
  if (out.numel === 0 || k === 0) return out;
  const plane = { m, k, n };
  const steps = { a: batches === 1 ? 0 : m * k, b: b.sizes[0] === 1 ? 0 : k * n };
  if (out.dtype === dtypes.complex128)
    complexProduct(complexes(a), complexes(b), out.memory.float64, plane, steps);
  else if (out.dtype === dtypes.float64) realProduct(reals(a), reals(b), out.memory.float64, plane, steps);
  else integerProduct(a, b, out, plane, steps);
  return out;
}

/**
 * As `wideProduct`, but float16 and bfloat16 are summed in float32 as torch sums them, unless the product is so large that
 * it would take long, or is to be precise.
 */
export function matrixProduct(a: Tensor, b: Tensor): Tensor {
  const isLow = a.dtype === dtypes.float16 || a.dtype === dtypes.bfloat16;
  const terms = a.numel * b.sizes[2]!;
  return isLow && !mode.precise && terms <= MOST_ORDERED ? orderedProduct(a, b) : wideProduct(a, b);
}

/** Terms of a product that are summed in order, one by one; more of them would take too long. */
const MOST_ORDERED = 1 << 22;

interface Plane {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}
interface Steps {
  readonly a: number;
  readonly b: number;
}

function realProduct(a: Reals, b: Reals, y: Float64Array, plane: Plane, steps: Steps): void {
  const { m, k, n } = plane;
  if (!mode.precise && isWorthPacking(m, k, n)) {
    for (let batch = 0; batch < y.length / (m * n); batch++) {
      const operands = { a, aStart: batch * steps.a, b, bStart: batch * steps.b, ...plane };
      multiplyInto(y.subarray(batch * m * n, (batch + 1) * m * n), operands);
    }
    return;
  }
  for (let row = 0; row < y.length / n; row++) {
    const batch = Math.floor(row / m);
    const left = batch * steps.a + (row - batch * m) * k;
    const right = batch * steps.b;
    const sums = y.subarray(row * n, row * n + n);
    for (let i = 0; i < k; i++) {
      const factor = a[left + i]!;
      const from = right + i * n;
      for (let j = 0; j < n; j++) sums[j]! += factor * b[from + j]!;
    }
  }
}

function complexProduct(
  a: Float64Array,
  b: Float64Array,
  y: Float64Array,
  { m, k, n }: Plane,
  steps: Steps,
): void {
  for (let row = 0; row < y.length / (2 * n); row++) {
    const batch = Math.floor(row / m);
    const left = 2 * (batch * steps.a + (row - batch * m) * k);
    const sums = y.subarray(2 * row * n, 2 * (row + 1) * n);
    for (let i = 0; i < k; i++) {
      const [re, im] = [a[left + 2 * i]!, a[left + 2 * i + 1]!];
      const from = 2 * (batch * steps.b + i * n);
      for (let j = 0; j < 2 * n; j += 2) {
        sums[j]! += re * b[from + j]! - im * b[from + j + 1]!;
        sums[j + 1]! += re * b[from + j + 1]! + im * b[from + j]!;
      }
    }
  }
}

/** In doubles while every sum stays within 2^53, otherwise in exact integers that wrap. */
function integerProduct(a: Tensor, b: Tensor, out: Tensor, plane: Plane, steps: Steps): void {
  const [x, y] = [reals(a), reals(b)];
  if (largest(x) * largest(y) * plane.k <= Number.MAX_SAFE_INTEGER) {
    const sums = new Float64Array(out.numel);
    realProduct(x, y, sums, plane, steps);
    return storeReals(out, sums);
  }
  const [left, right, raw] = [integers(a), integers(b), out.memory.int64];
  const { m, k, n } = plane;
  for (let at = 0; at < raw.length; at++) {
    const row = Math.floor(at / n);
    const batch = Math.floor(row / m);
    let sum = 0n;
    for (let i = 0; i < k; i++) {
      sum +=
        left[batch * steps.a + (row - batch * m) * k + i]! * right[batch * steps.b + i * n + (at - row * n)]!;
    }
    raw[at] = sum;
  }
}

function largest(values: Reals): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/** Round a wide result into a tensor of the same number of elements. */
export function roundInto(out: Tensor, wide: Tensor): void {
  copyInto(out, new Tensor(wide.storage, wide.dtype, out.sizes));
}
