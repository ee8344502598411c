/** Memory formats: which of them a tensor lies in, and which its results take on. */
import { channelsLastStrides } from "./strides.ts";
import type { Tensor } from "./tensor.ts";

/** The format with the channels innermost for tensors of this many dimensions. */
const CHANNELS_LAST: Readonly<Record<number, string>> = { 4: "channels_last", 5: "channels_last_3d" };

/** Tensor.is_contiguous(memory_format): dimensions of size 1 may have any stride. */
export function isContiguousIn(t: Tensor, format: string | null): boolean {
  if (format !== "channels_last" && format !== "channels_last_3d") return t.isContiguous;
  if (CHANNELS_LAST[t.rank] !== format) return false;
  const strides = channelsLastStrides(t.sizes);
  if (strides === undefined || t.numel === 0) return t.isContiguous;
  return t.sizes.every((size, d) => size === 1 || strides[d] === t.strides[d]);
}

/** Tensor.suggest_memory_format(): the format that a result should have. */
export function formatOf(t: Tensor): string {
  const format = CHANNELS_LAST[t.rank];
  return format !== undefined && isChannelsLast(t) ? format : "contiguous_format";
}

/** c10::is_channels_last_strides_2d: by the strides alone, with gaps allowed. */
function isChannelsLast({ sizes, strides, rank }: Tensor): boolean {
  if (strides[1] === 0) return false;
  let least = 0;
  for (const d of [1, ...Array.from({ length: rank - 2 }, (_, i) => rank - 1 - i), 0]) {
    const [size, stride] = [sizes[d]!, strides[d]!];
    if (size === 0 || stride < least || (d === 0 && least === strides[1])) return false;
    least = size > 1 ? stride * size : stride;
  }
  return true;
}

/** The strides of a new tensor in the format that the first of the operands suggests that is not contiguous. */
export function suggestedStrides(
  sizes: readonly number[],
  ...operands: readonly (Tensor | null)[]
): readonly number[] | undefined {
  const last = operands.some((t) => t !== null && formatOf(t) !== "contiguous_format");
  return last && CHANNELS_LAST[sizes.length] !== undefined ? channelsLastStrides(sizes) : undefined;
}
