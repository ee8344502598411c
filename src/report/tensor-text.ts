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
  let [least, most, sum, strange] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of reals(tensor)) {
    if (!Number.isFinite(value)) strange++;
    else [least, most, sum] = [Math.min(least, value), Math.max(most, value), sum + value];
  }
  const finite = tensor.numel - strange;
  const range =
    finite === 0
      ? ""
      : `min ${formatNumber(least)}, max ${formatNumber(most)}, mean ${formatNumber(sum / finite)}`;
  const rest = strange === 0 ? "" : `${strange} not finite`;
  return [range, rest].filter((part) => part !== "").join(", ");
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
