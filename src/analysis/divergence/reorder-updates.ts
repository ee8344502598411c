import { isUpdate } from "../cache/buffers.ts";
import type { Fx, FxGraph } from "./functional.ts";
import type { Order } from "./passes.ts";

/** Updates, and conds that hold one, as early or as late as data allows. What is only copied back may be so before. */
export function reorderUpdates(graph: FxGraph, order: Exclude<Order, "program" | "inductor">): void {
  const ordered: Fx[] = [];
  const done = new Set<Fx>(graph.inputs);
  const emit = (fx: Fx): void => {
    const stack = [fx];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const open = done.has(at) ? [] : at.args.filter((arg) => !done.has(arg));
      if (open.length > 0) stack.push(...open.reverse());
      else {
        stack.pop();
        if (!done.has(at)) ordered.push(at);
        done.add(at);
      }
    }
  };
  const updates = graph.nodes.filter((fx) => fx.node !== null && isUpdate(fx.node) && fx.op !== "item");
  if (order === "updates late") {
    const late = new Set(updates);
    const waiting = readersOfInputs(updates);
    for (const fx of graph.nodes) {
      if (PASSIVE.has(fx.op) || late.has(fx)) continue;
      if (fx.op === "copy back") for (const reader of waiting.get(fx.args[0]!) ?? []) emit(reader);
      emit(fx);
    }
    for (const output of graph.outputs) if (output) emit(output);
  } else {
    for (const fx of order === "updates early" ? updates : updates.reverse()) emit(fx);
    for (const fx of graph.nodes) emit(fx);
  }
  graph.nodes = ordered;
}

/** By input, the updates whose value it is and the conds that only read it: they need it as it was before the copy back. */
function readersOfInputs(updates: readonly Fx[]): ReadonlyMap<Fx, readonly Fx[]> {
  const readers = new Map<Fx, Fx[]>();
  for (const fx of updates) {
    for (const read of fx.op === "cond" ? (fx.reads ?? []) : fx.args.slice(0, 1)) {
      let at = read;
      while (at.op === "view") at = at.args[0]!;
      if (at.op !== "input") continue;
      const list = readers.get(at);
      if (list === undefined) readers.set(at, [fx]);
      else list.push(fx);
    }
  }
  return readers;
}

/** Do nothing by themselves. */
const PASSIVE: ReadonlySet<Fx["op"]> = new Set(["view", "item", "alias"]);
