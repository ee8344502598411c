/** Writing elements to places in a storage that are worked out first. */
import { dtypes } from "../tensor/dtype.ts";
import {
  complexes,
  gatherElements,
  type Integers,
  integers,
  reals,
  scatterElements,
  storeComplexes,
  storeIntegers,
  storeReals,
} from "../tensor/elements.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * Puts each element of `source`, in logical order, together with what is at `offsets[i]` of the target's storage; in
 * doubles, exactly for integers, rounded once for each place.
 */
export function combineAt(
  target: Tensor,
  offsets: Int32Array,
  source: Tensor,
  real: (old: number, value: number) => number,
  integer: (old: bigint, value: bigint) => bigint,
): void {
  // The places that change, each once.
  const places = new Map<number, number>();
  for (const offset of offsets) if (!places.has(offset)) places.set(offset, places.size);
  const slots = Int32Array.from(places.keys());
  const held = Tensor.zeros([slots.length], target.dtype);
  gatherElements(held, target, slots);
  if (target.dtype.form === "wide") {
    const values: Integers = integers(held).slice();
    const added = integers(source);
    for (let i = 0; i < offsets.length; i++) {
      const slot = places.get(offsets[i]!)!;
      values[slot] = integer(values[slot]!, added[i]!);
    }
    storeIntegers(held, values);
  } else {
    const values = Float64Array.from(reals(held));
    const added = reals(source);
    for (let i = 0; i < offsets.length; i++) {
      const slot = places.get(offsets[i]!)!;
      values[slot] = real(values[slot]!, added[i]!);
    }
    storeReals(held, values);
  }
  scatterElements(target, slots, held);
}

/** Adds, for complex numbers too. */
export function addAt(target: Tensor, offsets: Int32Array, source: Tensor): void {
  if (target.dtype.category !== "complex") {
    const sum =
      target.dtype === dtypes.bool ? (a: number, b: number) => a || b : (a: number, b: number) => a + b;
    return combineAt(target, offsets, source, sum, (a, b) => a + b);
  }
  const sums = new Map<number, [number, number]>();
  const added = complexes(source);
  for (let i = 0; i < offsets.length; i++) {
    const sum = sums.get(offsets[i]!) ?? [0, 0];
    sums.set(offsets[i]!, [sum[0] + added[2 * i]!, sum[1] + added[2 * i + 1]!]);
  }
  const slots = Int32Array.from(sums.keys());
  const held = Tensor.zeros([slots.length], target.dtype);
  gatherElements(held, target, slots);
  const values = complexes(held);
  for (let k = 0; k < slots.length; k++) {
    const [re, im] = sums.get(slots[k]!)!;
    values[2 * k]! += re;
    values[2 * k + 1]! += im;
  }
  storeComplexes(held, values);
  scatterElements(target, slots, held);
}
