import type { Difference } from "../interpreter/compare.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Paint } from "./options.ts";
import { count, displayWidth, formatNumber, pad, sanitize } from "./text.ts";

/** A tensor against what was expected of it. */
export interface TensorComparison {
  readonly name: string;
  readonly expected: Tensor;
  /** undefined when they agree. */
  readonly difference: Difference | undefined;
}

/** All that was compared of a call. */
export interface Comparison {
  readonly tensors: readonly TensorComparison[];
  /** The call's results that nothing was expected of. */
  readonly others: readonly string[];
}

export const agrees = ({ tensors }: Comparison): boolean =>
  tensors.every(({ difference }) => difference === undefined);

/** One line for each tensor, and one that sums up. */
export function comparisonLines({ tensors, others }: Comparison, paint: Paint): string {
  if (tensors.length === 0) return `${paint.warning("the file to compare with holds no tensors")}\n`;
  const names = tensors.reduce((most, { name }) => Math.max(most, displayWidth(sanitize(name))), 0);
  const lines = tensors.map(({ name, expected, difference }) => {
    const verdict = difference === undefined ? paint.good("agrees ") : paint.error("differs");
    const what = difference === undefined ? paint.dim(expected.toString()) : differenceText(difference);
    return `${verdict}  ${paint.strong(pad(sanitize(name), names))}   ${what}\n`;
  });
  const rest = others.length === 0 ? "" : paint.dim(`   not compared: ${few(others)}`);
  return `${lines.join("")}${summary(tensors, paint)}${rest}\n`;
}

function summary(tensors: readonly TensorComparison[], paint: Paint): string {
  const differing = tensors.filter(({ difference }) => difference !== undefined).length;
  const total = count(tensors.length, "tensor");
  return differing === 0
    ? paint.good(`${total} ${tensors.length === 1 ? "agrees" : "agree"}`)
    : paint.error(`${differing} of ${total} ${differing === 1 ? "differs" : "differ"}`);
}

/** The first names, and how many more there are. */
function few(names: readonly string[]): string {
  const shown = names.slice(0, 6).map(sanitize).join(", ");
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}

/** `3 of 8 elements, by up to 16 (relative 4) at [0, 0, 1, 1]: 20, expected 4` */
export function differenceText({
  kind,
  count: differing,
  total,
  maxAbs,
  maxRel,
  at,
  actual,
  expected,
}: Difference): string {
  if (kind !== "") return kind;
  const sizes = `by up to ${formatNumber(maxAbs)} (relative ${formatNumber(maxRel)})`;
  const where = at === null || at.length === 0 ? "" : ` at [${at.join(", ")}]`;
  // All digits where six do not tell the two apart.
  const [a, b] = [shorten(actual), shorten(expected)];
  const values = a === b ? `${actual}, expected ${expected}` : `${a}, expected ${b}`;
  return `${differing} of ${count(total, "element")}, ${sizes}${where}: ${values}`;
}

const shorten = (text: string): string => (/^-?\d+\.\d{7,}$/.test(text) ? formatNumber(Number(text)) : text);
