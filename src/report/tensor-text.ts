import { dtypes } from "../tensor/dtype.ts";
import { complexes, integers, reals } from "../tensor/elements.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Paint } from "./options.ts";
import { formatNumber, pad, sanitize } from "./text.ts";

/** So many elements are printed one by one; of more, the least, the greatest and the mean. */
const FEW = 8;

/** Tensors by name, one a line: `output.0   float32[2, 3]   min -1.5, max 2.25, mean 0.5`. */
export function tensorLines(tensors: ReadonlyMap<string, Tensor>, paint: Paint): string {
  if (tensors.size === 0) return "the program returns no tensor, and writes to none\n";
  const rows = [...tensors].map(
    ([name, tensor]) => [sanitize(name), tensor.toString(), contents(tensor)] as const,
  );
  const [names, kinds] = [widest(rows.map(([name]) => name)), widest(rows.map(([, kind]) => kind))];
  return rows
    .map(
      ([name, kind, what]) =>
        `${paint.strong(pad(name, names))}   ${paint.dim(pad(kind, kinds))}   ${what}\n`,
    )
    .join("");
}

const widest = (texts: readonly string[]): number =>
  texts.reduce((most, { length }) => Math.max(most, length), 0);

function contents(tensor: Tensor): string {
  if (tensor.numel === 0) return "empty";
  if (tensor.numel <= FEW) return elements(tensor).join(" ");
  if (tensor.dtype.category === "complex") return `${elements(tensor).slice(0, 3).join(" ")} ...`;
  const { min, max, mean, notFinite } = statistics(tensor);
  const range =
    min === null || max === null || mean === null
      ? ""
      : `min ${formatNumber(min)}, max ${formatNumber(max)}, mean ${formatNumber(mean)}`;
  const rest = notFinite === 0 ? "" : `${notFinite} not finite`;
  return [range, rest].filter((part) => part !== "").join(", ");
}

/** Of a tensor's finite elements; null when there are none, and for complex ones. */
interface Statistics {
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly notFinite: number;
}

export function statistics(tensor: Tensor): Statistics {
  let [least, most, sum, strange] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  const complex = tensor.dtype.category === "complex";
  for (const value of complex ? complexes(tensor) : reals(tensor)) {
    if (!Number.isFinite(value)) strange++;
    else [least, most, sum] = [Math.min(least, value), Math.max(most, value), sum + value];
  }
  const finite = tensor.numel - strange;
  if (complex || finite === 0) return { min: null, max: null, mean: null, notFinite: strange };
  return { min: least, max: most, mean: sum / finite, notFinite: strange };
}

function elements(tensor: Tensor): string[] {
  if (tensor.dtype === dtypes.bool)
    return [...reals(tensor)].map((value) => (value === 0 ? "False" : "True"));
  if (tensor.dtype.form === "wide") return Array.from(integers(tensor), String);
  if (tensor.dtype.category !== "complex") return [...reals(tensor)].map(formatNumber);
  const parts = complexes(tensor);
  return Array.from({ length: tensor.numel }, (_, i) => {
    const im = formatNumber(parts[2 * i + 1]!);
    return `${formatNumber(parts[2 * i]!)}${im.startsWith("-") ? "" : "+"}${im}j`;
  });
}
