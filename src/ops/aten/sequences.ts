/** Sequences of unequal lengths: padded to one length, or packed step by step. */
import { reals } from "../../tensor/elements.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";
import { indexTensor } from "../rows.ts";
import { reshaped } from "./reshaping.ts";
import { narrowed, selected, transposed } from "./views.ts";

/** at::native::pad_sequence */
function padSequence(
  sequences: readonly Tensor[],
  batchFirst: boolean,
  padding: number,
  side: string,
): Tensor {
  const longest = Math.max(...sequences.map((t) => t.size(0)));
  const padded = sequences.map((t) => {
    const missing = longest - t.size(0);
    const sides = side === "left" ? [missing, 0] : [0, missing];
    const pads = [...new Array<number>(2 * (t.rank - 1)).fill(0), ...sides];
    return call("aten::constant_pad_nd", t, pads, Scalar.float(padding));
  });
  return call("aten::stack", padded, batchFirst ? 0 : 1);
}

/** at::native::_pack_padded_sequence: the rows of each step, of as many sequences as reach it; the longest come first. */
function pack(input: Tensor, lengths: Tensor, batchFirst: boolean): Tensor[] {
  const steps = batchFirst ? transposed(input, 0, 1) : input;
  const all = [...reals(lengths)];
  if (all.some((length, i) => length <= 0 || length > (all[i - 1] ?? length))) {
    throw new RangeError("_pack_padded_sequence: lengths must be positive and in decreasing order");
  }
  const counts = Array.from({ length: all[0] ?? 0 }, (_, t) => all.filter((length) => length > t).length);
  const rows = counts.map((count, t) => narrowed(selected(steps, 0, t), 0, 0, count));
  return [call("aten::cat", rows, 0), indexTensor(counts)];
}

/** at::native::_pad_packed_sequence: the inverse, and the lengths. */
function unpack(
  data: Tensor,
  batchSizes: Tensor,
  {
    batch_first,
    padding_value,
    total_length,
  }: { batch_first: boolean; padding_value: Scalar; total_length: number },
): Tensor[] {
  const counts = [...reals(batchSizes)];
  const steps = Math.max(counts.length, total_length);
  const batch = counts[0] ?? 0;
  const output = call("aten::full", [steps, batch, ...data.sizes.slice(1)], padding_value, data.dtype);
  let start = 0;
  for (const [t, count] of counts.entries()) {
    call("aten::copy_", narrowed(selected(output, 0, t), 0, 0, count), narrowed(data, 0, start, count));
    start += count;
  }
  const lengths = Array.from({ length: batch }, (_, i) => counts.filter((count) => count > i).length);
  return [batch_first ? transposed(output, 0, 1) : output, indexTensor(lengths)];
}

export const sequences: readonly Kernel[] = [
  defineOp(
    'aten::pad_sequence(Tensor[] sequences, bool batch_first=False, float padding_value=0., str padding_side="right") -> Tensor',
    {
      composite: ({ sequences: all, batch_first, padding_value, padding_side }) =>
        padSequence(all, batch_first, padding_value, padding_side),
    },
  ),
  defineOp(
    "aten::_pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first) -> (Tensor, Tensor)",
    {
      composite: ({ input, lengths, batch_first }) => pack(input, lengths, batch_first),
    },
  ),
  defineOp(
    "aten::_pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first, Scalar padding_value, int total_length) -> (Tensor, Tensor)",
    { composite: ({ data, batch_sizes, ...how }) => unpack(data, batch_sizes, how) },
  ),
  defineOp("aten::flatten_dense_tensors(Tensor[] tensors) -> Tensor", {
    composite: ({ tensors }) =>
      call(
        "aten::cat",
        tensors.map((t) => reshaped(t, [-1])),
      ),
  }),
  defineOp("aten::unflatten_dense_tensors(Tensor flat, Tensor[] tensors) -> Tensor[]", {
    composite: ({ flat, tensors }) => {
      let start = 0;
      return tensors.map(({ sizes }) => {
        const count = numelOf(sizes);
        start += count;
        return reshaped(narrowed(flat, 0, start - count, count), sizes);
      });
    },
  }),
];
