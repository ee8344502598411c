/** Copies of any geometry within the heap. */
import { contiguousStrides, expandStrides } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { WASM } from "./copy.generated.ts";
import { forEachOuter, inBytes, type Nest, nestOf } from "./nest.ts";
import { addressOf, room } from "./operands.ts";
import { overHeap } from "./over-heap.ts";

interface Exports {
  copy(
    to: number,
    from: number,
    rows: number,
    n: number,
    size: number,
    next: number,
    nextSource: number,
    step: number,
    source: number,
  ): void;
}

const kernels = overHeap<Exports>(WASM);

/** Copies from one address to another. */
export type Copy = (to: number, from: number) => void;

/** What copies tensors of these sizes; strides in elements, the source's may be 0. */
export function copier(
  sizes: readonly number[],
  target: readonly number[],
  source: readonly number[],
  itemsize: number,
): Copy {
  const size = Math.min(itemsize, 8);
  if (itemsize === 16) {
    // Complex128: two halves.
    return copier([...sizes, 2], [...target.map((s) => 2 * s), 1], [...source.map((s) => 2 * s), 1], 8);
  }
  const nest = nestOf(sizes, [inBytes(target, size), inBytes(source, size)]);
  const { copy } = kernels();
  const { rows, n, next, step } = innerLoops(nest);
  const [to, from] = [next, step].map(([own]) => own) as [number, number];
  const [nextSource, sourceStep] = [next[1]!, step[1]!];
  if (nest.dims.length <= 2) {
    return (a, b) => copy(a, b, rows, n, size, to, nextSource, from, sourceStep);
  }
  return (a, b) =>
    forEachOuter(nest, 2, (at) =>
      copy(a + at[0]!, b + at[1]!, rows, n, size, to, nextSource, from, sourceStep),
    );
}

/** The two innermost loops, and what each operand's address grows by in them. */
export function innerLoops({ dims, steps }: Nest): {
  rows: number;
  n: number;
  next: number[];
  step: number[];
} {
  const last = dims.length - 1;
  return {
    rows: last > 0 ? dims[last - 1]! : 1,
    n: dims[last]!,
    next: steps.map((own) => (last > 0 ? own[last - 1]! : 0)),
    step: steps.map((own) => own[last]!),
  };
}

/**
 * What gives the address of a tensor's elements one behind the other, broadcast to sizes: their own when they lie so,
 * otherwise that of a copy which lives as long as the step.
 */
export function denseAddress(t: Tensor, sizes: readonly number[] = t.sizes): (t: Tensor) => number {
  const strides = contiguousStrides(sizes);
  const own = expandStrides(t.sizes, t.strides, sizes);
  if (sizes.every((size, d) => size === 1 || own[d] === strides[d])) return addressOf;
  const { itemsize } = t.dtype;
  const copy = copier(sizes, strides, own, itemsize);
  const bytes = sizes.reduce((product, size) => product * size, itemsize);
  return (given) => {
    const { address } = room(bytes);
    copy(address, addressOf(given));
    return address;
  };
}
