/** Padding: with a number, or with the tensor's own elements. */
import { copyInto } from "../../tensor/copy.ts";
import { suggestedStrides } from "../../tensor/memory-format.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { fillScalar } from "./copying.ts";
import { everyIndex, pickInto } from "./movement.ts";
import { narrowed } from "./views.ts";

/** Padding before and behind each dimension, the first of all first; pads are written from the last dimension on. */
function sides(rank: number, pad: readonly number[]): { before: number; behind: number }[] {
  if (pad.length % 2 !== 0 || pad.length > 2 * rank) {
    throw new RangeError(`padding [${pad.join(", ")}] does not fit ${rank} dimensions`);
  }
  return Array.from({ length: rank }, (_, d) => {
    const at = 2 * (rank - 1 - d);
    return { before: pad[at] ?? 0, behind: pad[at + 1] ?? 0 };
  });
}

function paddedSizes(self: Tensor, pad: readonly number[]): number[] {
  return sides(self.rank, pad).map(({ before, behind }, d) => {
    const size = self.sizes[d]! + before + behind;
    if (size < 0)
      throw new RangeError(`padding [${pad.join(", ")}] leaves nothing of [${self.sizes.join(", ")}]`);
    return size;
  });
}

/** Negative padding cuts off (at::native::constant_pad_nd). */
function padWith(out: Tensor, self: Tensor, pad: readonly number[], value: Scalar): void {
  fillScalar(out, value);
  let [to, from] = [out, self];
  sides(self.rank, pad).forEach(({ before, behind }, d) => {
    const length = self.sizes[d]! + Math.min(before, 0) + Math.min(behind, 0);
    to = narrowed(to, d, Math.max(before, 0), Math.max(length, 0));
    from = narrowed(from, d, Math.max(-before, 0), Math.max(length, 0));
  });
  copyInto(to, from);
}

/** Which index stands for one that lies outside of 0 to size - 1. */
type Continue = (index: number, size: number) => number;

const reflect: Continue = (index, size) => {
  const mirrored = Math.abs(index);
  return mirrored >= size ? 2 * (size - 1) - mirrored : mirrored;
};
const replicate: Continue = (index, size) => Math.min(Math.max(index, 0), size - 1);
const wrapAround: Continue = (index, size) => ((index % size) + size) % size;

function padFrom(out: Tensor, self: Tensor, pad: readonly number[], next: Continue): void {
  const maps = sides(self.rank, pad).map(({ before }, d) =>
    everyIndex(out.sizes[d]!).map((i) => next(i - before, self.sizes[d]!)),
  );
  pickInto(out, self, maps);
}

function checkReach(
  self: Tensor,
  pad: readonly number[],
  most: (size: number) => number,
  what: string,
): void {
  sides(self.rank, pad).forEach(({ before, behind }, d) => {
    const limit = Math.max(most(self.sizes[d]!), 0);
    if (before > limit || behind > limit) {
      throw new RangeError(`${what} padding [${pad.join(", ")}] is too large for [${self.sizes.join(", ")}]`);
    }
  });
}

function edgePad(name: string, next: Continue): Kernel {
  return tableOp(name, {
    meta: ({ self, padding }: Arguments): TensorSpec => {
      const t = self as Tensor;
      const pad = padding as readonly number[];
      if (next === reflect) checkReach(t, pad, (size) => size - 1, "reflection");
      const sizes = paddedSizes(t, pad);
      return { sizes, dtype: t.dtype, strides: suggestedStrides(sizes, t) };
    },
    run: ({ self, padding }: Arguments, out: Tensor) =>
      padFrom(out, self as Tensor, padding as readonly number[], next),
  });
}

const MODES = ["constant", "reflect", "replicate", "circular"] as const;

/** at::native::_pad_enum: other modes than constant pad one to three dimensions behind batch and channels. */
function padded(self: Tensor, pad: readonly number[], kind: string, value: number | null): Tensor {
  if (kind === "constant") return call("aten::constant_pad_nd", self, pad, Scalar.float(value ?? 0));
  if (kind === "circular") return call("aten::_pad_circular", self, pad);
  if (!(MODES as readonly string[]).includes(kind)) {
    throw new RangeError(`the padding mode is ${MODES.join(", ")}, not ${JSON.stringify(kind)}`);
  }
  const name = kind === "reflect" ? "reflection" : "replication";
  return call(`aten::${name}_pad${pad.length / 2}d`, self, pad);
}

export const padding: readonly Kernel[] = [
  defineOp("aten::constant_pad_nd(Tensor self, SymInt[] pad, Scalar value=0) -> Tensor", {
    meta: ({ self, pad }) => {
      const sizes = paddedSizes(self, pad);
      return { ...self.like(sizes), strides: suggestedStrides(sizes, self) };
    },
    run: ({ self, pad, value }, out) => padWith(out, self, pad, value),
  }),
  ...[1, 2, 3].map((count) => edgePad(`aten::reflection_pad${count}d`, reflect)),
  ...[1, 2, 3].map((count) => edgePad(`aten::replication_pad${count}d`, replicate)),
  defineOp("aten::_pad_circular(Tensor self, SymInt[] pad) -> Tensor", {
    meta: ({ self, pad }) => {
      checkReach(self, pad, (size) => size, "circular");
      return self.like(paddedSizes(self, pad));
    },
    run: ({ self, pad }, out) => {
      // What is left when negative numbers have cut goes around, not the whole input.
      const cropped = pad.map((n) => Math.min(n, 0));
      const rest = call("aten::constant_pad_nd", self, cropped, Scalar.int(0));
      const added = pad.map((n) => Math.max(n, 0));
      padFrom(out, rest, added, wrapAround);
    },
  }),
  defineOp('aten::pad(Tensor self, SymInt[] pad, str mode="constant", float? value=None) -> Tensor', {
    composite: ({ self, pad, mode, value }) => padded(self, pad, mode, value),
  }),
  defineOp("aten::_pad_enum(Tensor self, SymInt[] pad, int mode, float? value=None) -> Tensor", {
    composite: ({ self, pad, mode, value }) => padded(self, pad, MODES[mode]!, value),
  }),
];
