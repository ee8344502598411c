/** Reductions of the segments that a dimension is cut into. */
import { fill, reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Kernel } from "../kernel.ts";

interface Reduction {
  /** Of a segment without elements. */
  readonly start: number;
  readonly add: (sum: number, value: number) => number;
}

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  sum: { start: 0, add: (sum, value) => sum + value },
  mean: { start: 0, add: (sum, value) => sum + value },
  prod: { start: 1, add: (product, value) => product * value },
  max: { start: Number.NEGATIVE_INFINITY, add: Math.max },
  min: { start: Number.POSITIVE_INFINITY, add: Math.min },
};

/** Where the segments of each row begin and end. */
function boundaries(lengths: Tensor | null, offsets: Tensor | null): { rows: number[][]; count: number } {
  const given = lengths ?? offsets;
  if (given === null) throw new RangeError("segment_reduce(): Either lengths or offsets must be defined");
  const values = reals(given);
  const size = given.size(-1);
  const rows = Array.from({ length: numelOf(given.sizes.slice(0, -1)) }, (_, row) => {
    const own = [...values.subarray(row * size, (row + 1) * size)];
    let end = 0;
    return lengths === null ? own : [0, ...own.map((length) => (end += length))];
  });
  return { rows, count: lengths === null ? size - 1 : size };
}

export const segments: readonly Kernel[] = [
  defineOp(
    "aten::segment_reduce(Tensor data, str reduce, *, Tensor? lengths=None, Tensor? indices=None, Tensor? offsets=None, int axis=0, bool unsafe=False, Scalar? initial=None) -> Tensor",
    {
      meta: ({ data, lengths, offsets, axis }) => {
        const count = lengths === null ? offsets!.size(-1) - 1 : lengths.size(-1);
        return data.like([...data.sizes.slice(0, axis), count, ...data.sizes.slice(axis + 1)]);
      },
      run: ({ data, reduce, lengths, offsets, axis, initial }, out) => {
        const { start, add } = REDUCTIONS[reduce]!;
        const { rows, count } = boundaries(lengths, offsets);
        const x = reals(data);
        const [size, inner] = [data.sizes[axis]!, numelOf(data.sizes.slice(axis + 1))];
        fill(out, (y) => {
          for (let at = 0; at < y.length; at++) {
            const [row, segment] = [Math.floor(at / inner / count), Math.floor(at / inner) % count];
            const [from, to] = [rows[row]![segment]!, rows[row]![segment + 1]!];
            let value = initial?.re ?? start;
            for (let i = from; i < to; i++) value = add(value, x[(row * size + i) * inner + (at % inner)]!);
            if (reduce === "mean") value = to > from ? value / (to - from) : (initial?.re ?? Number.NaN);
            y[at] = value;
          }
        });
      },
    },
  ),
];
