import type { Value } from "../../program/program.ts";
import type { SymInt, TensorMeta } from "../../schema/types.generated.ts";
import { areDisjoint, type Region } from "../cache/region.ts";

/** Where the elements of a tensor lie in its memory. Symbolic sizes stand at their hints. */
export type Layout = Region;

/** By metadata, which most values have in common. */
const layouts = new WeakMap<TensorMeta, Layout>();
const ONE_ELEMENT: Layout = { sizes: [], strides: [], offset: 0 };

/** The layout that a value's metadata tells; that of one element where there is no metadata. */
export function layoutOf({ meta }: Value): Layout {
  if (meta === undefined) return ONE_ELEMENT;
  let layout = layouts.get(meta);
  if (layout === undefined) {
    layout = {
      sizes: meta.sizes.map(extent),
      strides: meta.strides.map(extent),
      offset: extent(meta.storage_offset),
    };
    layouts.set(meta, layout);
  }
  return layout;
}

/** A size without a hint gets one that no other expression is likely to have. */
function extent(size: SymInt): number {
  if ("as_int" in size) return Number(size.as_int);
  const { expr_str, hint } = size.as_expr;
  if (hint && "as_int" in hint) return Number(hint.as_int);
  let hash = 0;
  for (let i = 0; i < expr_str.length; i++) hash = (hash * 31 + expr_str.charCodeAt(i)) % 9973;
  return hash + 3;
}

export function count({ sizes }: Layout): number {
  return sizes.reduce((product, size) => product * size, 1);
}

/** Equal for tensors of the same elements in the same order, whatever their dimensions. */
export function keyOf({ sizes, strides, offset }: Layout): string {
  let key = "";
  let [length, step] = [1, 1];
  for (let i = sizes.length - 1; i >= 0; i--) {
    const [size, stride] = [sizes[i]!, strides[i]!];
    if (size === 1) continue;
    if (length === 1) [length, step] = [size, stride];
    else if (stride === length * step) length *= size;
    else {
      key = `,${length}/${step}${key}`;
      [length, step] = [size, stride];
    }
  }
  return `${length}/${length === 1 ? 0 : step}${key}+${offset}`;
}

/** Whether two tensors of the same dimensions lie in the same places. */
export function sameLayout(a: Layout, b: Layout): boolean {
  if (a.sizes.length !== b.sizes.length || a.offset !== b.offset) return false;
  return a.sizes.every((size, i) => size === b.sizes[i] && (size === 1 || a.strides[i] === b.strides[i]));
}

/**
 * Where a view lies when the tensor that it was taken of, which lies at `base`, lies at `place` instead. undefined when
 * the places differ so much that the view cannot be told by strides.
 */
export function moved(view: Layout, base: Layout, place: Layout): Layout | undefined {
  if (base === place) return view;
  const dims = base.sizes
    .map((size, i) => ({ size, from: base.strides[i]!, to: place.strides[i] ?? 0 }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => b.from - a.from);
  if (dims.every(({ from, to }) => from === to))
    return { ...view, offset: view.offset - base.offset + place.offset };
  const map = (distance: number): number => {
    let rest = distance;
    let sum = 0;
    for (const { from, to } of dims) {
      const steps = from === 0 ? 0 : Math.floor(rest / from);
      rest -= steps * from;
      sum += steps * to;
    }
    return rest === 0 ? sum : Number.NaN;
  };
  const result = {
    sizes: view.sizes,
    strides: view.strides.map((stride, i) => (view.sizes[i]! > 1 ? map(stride) : 0)),
    offset: map(view.offset - base.offset) + place.offset,
  };
  return [...result.strides, result.offset].some(Number.isNaN) ? undefined : result;
}

/** The first `length` positions of dimension 2, which an update writes. */
export function head(layout: Layout, length: number): Layout {
  return { ...layout, sizes: layout.sizes.map((size, i) => (i === 2 ? Math.min(size, length) : size)) };
}

/** False when no element lies in both. */
export function mayMeet(a: Layout, b: Layout): boolean {
  return areDisjoint(a, b) !== true;
}

/** Whether the elements lie one behind the other, in their order. */
export function isDense({ sizes, strides }: Layout): boolean {
  let expected = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    if (sizes[i]! > 1 && strides[i] !== expected) return false;
    expected *= sizes[i]!;
  }
  return true;
}
