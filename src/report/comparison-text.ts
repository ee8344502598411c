import type { Difference } from "../interpreter/compare.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Paint } from "./options.ts";
import { count, formatNumber, pad, sanitize } from "./text.ts";

/** A tensor against what was expected of it. */
export interface TensorComparison {
  readonly name: string;
  readonly expected: Tensor;
  /** undefined when they agree. */
  readonly difference: Difference | undefined;
}

/** One line for each tensor, and one that sums up. */
export function comparisonLines(comparisons: readonly TensorComparison[], paint: Paint): string {
  const names = comparisons.reduce((most, { name }) => Math.max(most, sanitize(name).length), 0);
  const lines = comparisons.map(({ name, expected, difference }) => {
    const verdict = difference === undefined ? paint.good("agrees ") : paint.error("differs");
    const what = difference === undefined ? paint.dim(expected.toString()) : differenceText(difference);
    return `${verdict}  ${paint.strong(pad(sanitize(name), names))}   ${what}\n`;
  });
  const differing = comparisons.filter(({ difference }) => difference !== undefined).length;
  const total = count(comparisons.length, "tensor");
  const summary =
    comparisons.length === 0
      ? paint.warning("the file to compare with holds no tensors")
      : differing === 0
        ? paint.good(`${total} ${comparisons.length === 1 ? "agrees" : "agree"}`)
        : paint.error(`${differing} of ${total} ${differing === 1 ? "differs" : "differ"}`);
  return `${lines.join("")}${summary}\n`;
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
