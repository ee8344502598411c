import type { Graph, Value } from "../../program/program.ts";
import type { Fx } from "./functional.ts";
import { type Layout, layoutOf } from "./layout.ts";

/** Memory with a name: an input of the graph, or what an operation makes. */
export interface Buffer {
  readonly kind: "input" | "made";
  /** Its position, for an input. */
  readonly index: number;
  readonly value: Value;
}

/** A part of a tensor: where `view` lies when the tensor lies as `base` does. */
export interface Step {
  readonly view: Value;
  readonly base: Value;
  /** Only the first so many positions of dimension 2 of the view: as many as this value has. */
  readonly head: Value | null;
}

/** What is read: memory, or an expression that is computed where it is read. */
export interface Load {
  /** Changes when what is read is swung to other memory (lowering.py mutate_to). */
  data: Data;
  readonly steps: readonly Step[];
}

/** What is computed of what is read; the value itself where `fx` is null. */
export interface Expression {
  readonly fx: Fx | null;
  readonly loads: readonly Load[];
}

export type Data = { readonly buffer: Buffer } | { readonly expression: Expression };

/** Something that runs. */
export interface Operation {
  /** A loop is the compiler's own and may be fused; a write is a loop too, which writes a part of something. */
  readonly kind: "loop" | "extern" | "write" | "cond";
  /** What it makes; for a write nothing. */
  readonly makes: readonly Buffer[];
  readonly expression: Expression;
  /** What a write writes. */
  readonly target: { readonly buffer: Buffer; readonly steps: readonly Step[] } | null;
  readonly fx: Fx;
}

/** A graph as a list of operations, in the order in which they run. */
export interface LoweredGraph {
  readonly graph: Graph;
  operations: readonly Operation[];
  /** In memory, every one. */
  readonly outputs: readonly (Load | null)[];
}

let reads = new WeakMap<Expression, ReadonlySet<Buffer>>();

/** To be called when a load's data has changed. */
export function forgetReads(): void {
  reads = new WeakMap();
}

/** The buffers that an expression reads, itself or through what is computed in it. */
export function readsOf(expression: Expression): ReadonlySet<Buffer> {
  const known = reads.get(expression);
  if (known !== undefined) return known;
  const found = new Set<Buffer>();
  const seen = new Set<Expression>([expression]);
  const work = [expression];
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    for (const { data } of at.loads) {
      if ("buffer" in data) found.add(data.buffer);
      else if (!seen.has(data.expression)) {
        seen.add(data.expression);
        work.push(data.expression);
      }
    }
  }
  reads.set(expression, found);
  return found;
}

/** The buffers that an operation reads or writes. */
export function usesOf({ expression, target }: Operation): ReadonlySet<Buffer> {
  const uses = readsOf(expression);
  return target === null ? uses : new Set([...uses, target.buffer]);
}

/** The layout that metadata tells of what is read. */
export function loadedLayout({ data, steps }: Load): Layout | undefined {
  const value = steps.at(-1)?.view ?? ("buffer" in data ? data.buffer.value : data.expression.fx?.value);
  return value && layoutOf(value);
}
