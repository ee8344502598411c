import { dtypeName } from "../../src/program/print-literals.ts";
import { type Device, Layout, type SymInt, type TensorMeta } from "../../src/schema/types.generated.ts";
import { differ, formatSizes, sizeIn } from "./sizes.ts";

/** A property in which two tensors differ, and what each has. */
export interface Difference {
  readonly property: string;
  readonly left: string;
  readonly right: string;
}

/** Differences in dtype, device, layout and rank, which no run-time condition can mend. */
export function kindDifferences(a: TensorMeta, b: TensorMeta): Difference[] {
  const found: Difference[] = [];
  if (a.dtype !== b.dtype) {
    found.push({ property: "dtype", left: dtypeName(a.dtype), right: dtypeName(b.dtype) });
  }
  if (!isSameDevice(a.device, b.device)) {
    found.push({ property: "device", left: deviceName(a.device), right: deviceName(b.device) });
  }
  if (a.layout !== b.layout) {
    found.push({ property: "layout", left: layoutName(a), right: layoutName(b) });
  }
  if (a.sizes.length !== b.sizes.length) {
    found.push({ property: "rank", left: String(a.sizes.length), right: String(b.sizes.length) });
  }
  return found;
}

/** The two lists of sizes or strides, when they differ in some dimension whatever the symbols stand for. */
export function listDifference(
  property: string,
  a: readonly SymInt[],
  b: readonly SymInt[],
): Difference | undefined {
  if (a.length === b.length && !a.some((size, i) => differ(size, b[i]!))) return undefined;
  return { property, left: formatSizes(a), right: formatSizes(b) };
}

/** True when the tensor has no gaps and no two elements in one place, as far as that is known: `clone` keeps its strides. */
export function isDense({ sizes, strides }: TensorMeta): boolean {
  // Broken metadata, of which nothing is known.
  if (sizes.length !== strides.length) return false;
  const round = 1;
  const dims = sizes
    .map((size, i) => ({ size: sizeIn(round, size), stride: sizeIn(round, strides[i]!) ?? 0 }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => a.stride - b.stride);
  let expected: number | undefined = 1;
  for (const { size, stride } of dims) {
    if (stride !== expected || size === undefined) return false;
    expected = stride * size;
  }
  return true;
}

/** A device without an index is the first of its kind. */
function isSameDevice(a: Device, b: Device): boolean {
  return a.type === b.type && Number(a.index ?? 0) === Number(b.index ?? 0);
}

export function deviceName({ type, index }: Device): string {
  return index === null || index === undefined ? type : `${type}:${index}`;
}

function layoutName({ layout }: TensorMeta): string {
  return Object.entries(Layout).find(([, value]) => value === layout)?.[0] ?? "unknown";
}
