import type { SymInt, TensorMeta } from "../../src/schema/types.generated.ts";
import { isUnbacked, ROUNDS, sizeIn } from "./sizes.ts";

/** Why the strides of two branches' outputs cannot be merged: their orders differ, or one is not dense. */
export type StrideConflict = "order" | "dense";

/**
 * Mirrors `_merge_output` in torch/_higher_order_ops/cond.py: whether torch finds strides that hold for both tensors,
 * whose sizes may differ. undefined when it does, and when symbols leave it open.
 */
export function strideConflict(a: TensorMeta, b: TensorMeta): StrideConflict | undefined {
  // Of metadata whose sizes and strides do not agree in number nothing can be said.
  if ([a.strides, b.sizes, b.strides].some(({ length }) => length !== a.sizes.length)) return undefined;
  if (sameStandardLayout(a, b)) return undefined;
  const merged = a.sizes.map((size, i) => mergedSize(size, b.sizes[i]!, i));
  let found: StrideConflict | undefined;
  for (const round of ROUNDS) {
    const [left, right] = [numbersIn(round, a), numbersIn(round, b)];
    if (left === undefined || right === undefined) continue;
    const conflict = conflictOf(left, right, merged);
    if (conflict === undefined) return undefined;
    found ??= conflict;
  }
  return found;
}

/** Nearly every output is a contiguous tensor of known size in both branches. */
function sameStandardLayout(a: TensorMeta, b: TensorMeta): boolean {
  let expected = 1;
  for (let i = a.sizes.length - 1; i >= 0; i--) {
    const [sa, sb, ta, tb] = [a.sizes[i]!, b.sizes[i]!, a.strides[i]!, b.strides[i]!];
    if (!("as_int" in sa && "as_int" in sb && "as_int" in ta && "as_int" in tb)) return false;
    const size = Number(sa.as_int);
    if (size < 2 || Number(sb.as_int) !== size) return false;
    if (Number(ta.as_int) !== expected || Number(tb.as_int) !== expected) return false;
    expected *= size;
  }
  return true;
}

interface Numbers {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

function numbersIn(round: number, { sizes, strides }: TensorMeta): Numbers | undefined {
  const numbers = (list: readonly SymInt[]) => list.map((size) => sizeIn(round, size));
  const [ns, ts] = [numbers(sizes), numbers(strides)];
  return [...ns, ...ts].includes(undefined) ? undefined : { sizes: ns as number[], strides: ts as number[] };
}

/** A product: a number times symbols. */
interface Product {
  readonly factor: number;
  readonly symbols: readonly string[];
}

const ONE: Product = { factor: 1, symbols: [] };

/** The size that stands for both: theirs when they are equal, a new symbol otherwise. */
function mergedSize(a: SymInt, b: SymInt, dimension: number): Product {
  if ("as_int" in a && "as_int" in b && Number(a.as_int) === Number(b.as_int)) {
    return { factor: Number(a.as_int), symbols: [] };
  }
  const isSame =
    "as_expr" in a && "as_expr" in b && a.as_expr.expr_str === b.as_expr.expr_str && !isUnbacked(a);
  return { factor: 1, symbols: [isSame ? a.as_expr.expr_str : `merged ${dimension}`] };
}

function times(a: Product, b: Product): Product {
  return { factor: a.factor * b.factor, symbols: [...a.symbols, ...b.symbols].sort() };
}

function isSame(a: Product, b: Product | undefined): boolean {
  return b !== undefined && a.factor === b.factor && a.symbols.join() === b.symbols.join();
}

function conflictOf(a: Numbers, b: Numbers, merged: readonly Product[]): StrideConflict | undefined {
  const order = strideOrder(a.strides);
  if (strideOrder(b.strides).some((dimension, i) => dimension !== order[i])) return "order";
  const knownA = new Map<number, Product>();
  const knownB = new Map<number, Product>();
  for (const i of order) {
    const [x, y] = [a.strides[i]!, b.strides[i]!];
    if ((x === 0) !== (y === 0)) return "order";
    if (x === 0) continue;
    let stride = knownA.get(x);
    if (stride === undefined) {
      if (x !== 1 || y !== 1) return "dense";
      stride = ONE;
    } else if (!isSame(stride, knownB.get(y))) return "dense";
    const next = times(stride, merged[i]!);
    if (x === 1 && !knownA.has(1)) {
      knownA.set(1, ONE);
      knownB.set(1, ONE);
    }
    knownA.set(x * a.sizes[i]!, next);
    knownB.set(y * b.sizes[i]!, next);
  }
  return undefined;
}

/** Dimensions by ascending stride, of equal ones the last first: get_stride_order in torch/_inductor/ir.py. */
function strideOrder(strides: readonly number[]): number[] {
  return strides.map((_, i) => i).sort((i, j) => strides[i]! - strides[j]! || j - i);
}
