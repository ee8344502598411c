/** Writing elements to places in a storage that are worked out first. */
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
import type { Complex } from "./pointwise.ts";

/** How two values are put together, for each kind of number. */
export interface Combination {
  readonly real: (old: number, value: number) => number;
  readonly integer: (old: bigint, value: bigint) => bigint;
  readonly complex?: (old: Complex, value: Complex) => Complex;
}

/**
 * Puts each element of `source`, in logical order, together with what is at `offsets[i]` of the target's storage; in
 * doubles, exactly for integers, rounded once for each place.
 */
export function combineAt(target: Tensor, offsets: Int32Array, source: Tensor, how: Combination): void {
  // The places that change, each once.
  const places = new Map<number, number>();
  for (const offset of offsets) if (!places.has(offset)) places.set(offset, places.size);
  const slots = Int32Array.from(places.keys());
  const held = Tensor.zeros([slots.length], target.dtype);
  gatherElements(held, target, slots);
  const slotOf = Int32Array.from(offsets, (offset) => places.get(offset)!);
  if (target.dtype.category === "complex") combineComplexes(held, slotOf, source, how);
  else if (target.dtype.form === "wide") combineIntegers(held, slotOf, source, how);
  else {
    const values = Float64Array.from(reals(held));
    const added = reals(source);
    for (const [i, slot] of slotOf.entries()) values[slot] = how.real(values[slot]!, added[i]!);
    storeReals(held, values);
  }
  scatterElements(target, slots, held);
}

function combineIntegers(held: Tensor, slotOf: Int32Array, source: Tensor, { integer }: Combination): void {
  const values: Integers = integers(held).slice();
  const added = integers(source);
  for (const [i, slot] of slotOf.entries()) values[slot] = integer(values[slot]!, added[i]!);
  storeIntegers(held, values);
}

function combineComplexes(held: Tensor, slotOf: Int32Array, source: Tensor, { complex }: Combination): void {
  const values = complexes(held);
  const added = complexes(source);
  for (const [i, slot] of slotOf.entries()) {
    const [re, im] = complex!([values[2 * slot]!, values[2 * slot + 1]!], [added[2 * i]!, added[2 * i + 1]!]);
    values[2 * slot] = re;
    values[2 * slot + 1] = im;
  }
  storeComplexes(held, values);
}

/** Addition; of bools it is `or`, which storing a sum is too. */
export const SUM: Combination = {
  real: (a, b) => a + b,
  integer: (a, b) => a + b,
  complex: (a, b) => [a[0] + b[0], a[1] + b[1]],
};

export function addAt(target: Tensor, offsets: Int32Array, source: Tensor): void {
  combineAt(target, offsets, source, SUM);
}
