/** Loop nests over several tensors at once. */

/** Dimensions, outermost first, and how many bytes each operand's next element lies on in each. */
export interface Nest {
  readonly dims: readonly number[];
  readonly steps: readonly (readonly number[])[];
}

/**
 * The loops over tensors of these sizes: in the order of the first one's memory, and neighbours that can be walked as one
 * are. At least one loop.
 *
 * @param strides of each operand, in bytes.
 */
export function nestOf(sizes: readonly number[], strides: readonly (readonly number[])[]): Nest {
  const [first] = strides as [readonly number[]];
  const order = [...sizes.keys()].filter((d) => sizes[d] !== 1);
  // Stable, so that dimensions without a step of their own stay where they are.
  order.sort((a, b) => first[b]! - first[a]!);
  const dims: number[] = [];
  const steps: number[][] = strides.map(() => []);
  for (const d of order) {
    const last = dims.length - 1;
    const size = sizes[d]!;
    if (last >= 0 && strides.every((own, k) => steps[k]![last] === own[d]! * size)) {
      dims[last]! *= size;
      for (const [k, own] of strides.entries()) steps[k]![last] = own[d]!;
    } else {
      dims.push(size);
      for (const [k, own] of strides.entries()) steps[k]!.push(own[d]!);
    }
  }
  if (dims.length === 0) {
    dims.push(1);
    for (const own of steps) own.push(0);
  }
  return { dims, steps };
}

/** Strides in bytes. */
export const inBytes = (strides: readonly number[], itemsize: number): number[] =>
  strides.map((stride) => stride * itemsize);

/** Calls `visit` with what all operands' addresses grow by, for each round of the loops around the last `inner` ones. */
export function forEachOuter(
  { dims, steps }: Nest,
  inner: number,
  visit: (offsets: readonly number[]) => void,
): void {
  const outer = dims.length - inner;
  const offsets = steps.map(() => 0);
  if (outer <= 0) return visit(offsets);
  const counter = new Array<number>(outer).fill(0);
  for (;;) {
    visit(offsets);
    let d = outer - 1;
    for (; d >= 0; d--) {
      const done = ++counter[d]! === dims[d];
      for (let k = 0; k < steps.length; k++) {
        offsets[k]! += done ? -steps[k]![d]! * (dims[d]! - 1) : steps[k]![d]!;
      }
      if (!done) break;
      counter[d] = 0;
    }
    if (d < 0) return;
  }
}
