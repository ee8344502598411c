/** The loops of the compiler's own operations (torch/_inductor/ir.py ComputedBuffer.simplify_and_reorder). */
import type { Node } from "../../program/program.ts";
import { accessesOf, written } from "./accesses.ts";
import { count, isDense, keyOf, type Layout, layoutOf } from "./layout.ts";
import { type Buffer, loadedLayout, type Operation } from "./operations.ts";
import { accessOf, isNorm, isStraight } from "./operators.ts";

/** What an operation goes over: dimensions of what it makes, and those that it reduces, joined where all it reads allows it. */
export interface Loops {
  readonly outer: readonly number[];
  readonly reduced: readonly number[];
  /** The sizes before they were joined. */
  readonly sizes: string;
  /** The key of what it makes. */
  readonly made: string;
  readonly isReduction: boolean;
}

/** What is read at a place: equal keys are equal elements in equal order. */
interface ReadPlace {
  readonly key: string;
  readonly elements: number;
}

interface Domain {
  /** What the loops go over, laid out as it is read or made. */
  readonly layout: Layout;
  /** The dimensions that a reduction reduces. */
  readonly reduced: ReadonlySet<number>;
  readonly isStraight: boolean;
}

function domainOf(operation: Operation): Domain {
  const { expression, target, fx } = operation;
  const root = expression.fx;
  if (target !== null) return { layout: written(target), reduced: NONE, isStraight: isStraight(root) };
  const made = layoutOf(operation.makes[0]?.value ?? fx.value);
  const node = root?.node ?? null;
  if (node === null || accessOf(node) !== "reduction")
    return { layout: made, reduced: NONE, isStraight: isStraight(root) };
  const [load] = expression.loads;
  const layout = (load && loadedLayout(load)) ?? made;
  return {
    layout: { ...layout, strides: plain(layout.sizes), offset: 0 },
    reduced: reducedDims(node, layout.sizes.length),
    isStraight: true,
  };
}

const NONE: ReadonlySet<number> = new Set();

function plain(sizes: readonly number[]): number[] {
  return sizes.map((_, i) => sizes.slice(i + 1).reduce((product, size) => product * size, 1));
}

function reducedDims(node: Node, rank: number): ReadonlySet<number> {
  const dim = node.arg("dim");
  const given =
    dim && "as_int" in dim ? [Number(dim.as_int)] : dim && "as_ints" in dim ? dim.as_ints.map(Number) : [];
  const dims = given.length > 0 ? given : [...new Array(rank).keys()];
  return new Set(dims.map((one) => (one < 0 ? one + rank : one)));
}

/** The layout with what is reduced last. */
function ordered({ sizes, strides, offset }: Layout, reduced: ReadonlySet<number>): Layout {
  const order = [...sizes.keys()].sort((a, b) => Number(reduced.has(a)) - Number(reduced.has(b)));
  return { sizes: order.map((i) => sizes[i]!), strides: order.map((i) => strides[i]!), offset };
}

/** Where a loop reads each buffer; null for what is not told by strides. */
export function placesOf(operation: Operation): Map<Buffer, (ReadPlace | null)[]> {
  const { layout, reduced, isStraight: isTold } = domainOf(operation);
  const found = new Map<Buffer, (ReadPlace | null)[]>();
  for (const [buffer, accesses] of accessesOf(operation, isTold ? layout : null)) {
    found.set(
      buffer,
      accesses.map((access) => {
        const from = access && (access.to === layout ? aligned(access.from, layout) : undefined);
        return from === undefined
          ? { key: `? ${operation.fx.value.id}`, elements: count(layoutOf(buffer.value)) }
          : { key: keyOf(ordered(from, reduced)), elements: count(from) };
      }),
    );
  }
  return found;
}

/** A place told in the dimensions of the loops; undefined where it is not. */
function aligned(from: Layout, loops: Layout): Layout | undefined {
  if (from.sizes.join() === loops.sizes.join()) return from;
  if (count(from) === 1) return from;
  if (count(from) !== count(loops) || !isDense(from)) return undefined;
  return { sizes: loops.sizes, strides: plain(loops.sizes), offset: from.offset };
}

const known = new WeakMap<Operation, Loops>();

/** The loops of an operation. */
export function loopsOf(operation: Operation): Loops {
  let loops = known.get(operation);
  if (loops === undefined) known.set(operation, (loops = loopsFor(operation)));
  return loops;
}

function loopsFor(operation: Operation): Loops {
  const { layout, reduced, isStraight: isTold } = domainOf(operation);
  const dims = [...layout.sizes.keys()].filter((i) => layout.sizes[i] !== 1);
  const accesses = [...accessesOf(operation, isTold ? layout : null).values()].flat();
  const strides: (readonly number[] | undefined)[] = accesses.map((access) => {
    const from = access && access.to === layout ? aligned(access.from, layout) : undefined;
    if (from === undefined) return undefined;
    return from.sizes.length === layout.sizes.length ? from.strides : layout.sizes.map(() => 0);
  });
  if (reduced.size === 0) strides.push(layout.strides);
  else strides.push(plain(layout.sizes));
  const norm = operation.expression.fx?.node ?? null;
  const last = dims.at(-1);
  const join = (chosen: readonly number[]): number[] => {
    const joined: number[] = [];
    let before: number | undefined;
    for (const i of chosen) {
      const size = layout.sizes[i]!;
      const joins =
        before !== undefined &&
        !(norm !== null && isNorm(norm.target) && i === last) &&
        strides.every((list) => list !== undefined && list[before!] === list[i]! * size);
      if (joins) joined[joined.length - 1]! *= size;
      else joined.push(size);
      before = i;
    }
    return joined;
  };
  const outer = join(dims.filter((i) => !reduced.has(i)));
  const made = operation.makes[0]?.value ?? operation.fx.value;
  return {
    outer,
    reduced: join(dims.filter((i) => reduced.has(i))),
    sizes: layout.sizes.join(),
    made: keyOf(layoutOf(made)),
    isReduction: reduced.size > 0,
  };
}
