/** What inductor's passes do to a functional graph (torch/_inductor/fx_passes/post_grad.py post_grad_passes). */
import type { OperatorRegistry } from "../../ops/registry.ts";
import { foldConstants } from "./constants.ts";
import type { Fx, FxGraph } from "./functional.ts";
import { copied } from "./operators.ts";
import { reinplace } from "./reinplace.ts";
import { reorderUpdates } from "./reorder-updates.ts";

/** How the nodes of a functional graph are put in order. */
export type Order = "program" | "updates early" | "updates early, last first" | "updates late" | "inductor";

/** Drops what nothing needs, orders the rest, and drops copies that change nothing where asked; inductor writes in place. */
export function runPasses(
  graph: FxGraph,
  registry: OperatorRegistry,
  order: Order,
  copies: "kept" | "dropped",
): void {
  if (order === "inductor") foldConstants(graph, registry);
  dropDead(graph);
  if (order === "inductor") reorderForLocality(graph);
  else if (order !== "program") reorderUpdates(graph, order);
  if (copies === "dropped") dropCopies(graph);
  if (order === "inductor") reinplace(graph);
}

function dropDead(graph: FxGraph): void {
  const needed = new Set<Fx>();
  for (const output of graph.outputs) if (output) needed.add(output);
  const kept: Fx[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const fx = graph.nodes[i]!;
    if (fx.op !== "copy back" && fx.writes !== true && !needed.has(fx)) continue;
    for (const arg of fx.args) needed.add(arg);
    if (fx.keeps) needed.add(fx.keeps);
    kept.push(fx);
  }
  graph.nodes = kept.reverse();
}

/** Against the order, each node's producers move right before it, unless one of their users was not yet seen. */
function reorderForLocality(graph: FxGraph): void {
  const list = new Linked(graph.nodes);
  const unseen = new Map<Fx, number>();
  const outputs = new Set(graph.outputs.filter((output) => output !== null));
  const count = (fx: Fx, by: number): void => {
    for (const arg of new Set(fx.args)) unseen.set(arg, (unseen.get(arg) ?? 0) + by);
  };
  for (const fx of graph.nodes) count(fx, 1);
  const isMovable = (fx: Fx): boolean =>
    fx.op !== "input" && fx.op !== "item" && fx.op !== "copy back" && unseen.get(fx) === 0;
  // Nothing moves behind the first copy back.
  const first = graph.nodes.find(({ op }) => op === "copy back");
  let isPast = first === undefined;
  for (const output of outputs) {
    if (!unseen.has(output)) unseen.set(output, 0);
    if (isPast && isMovable(output)) list.moveBefore(output, null);
  }
  for (let fx = list.last(); fx !== null; fx = list.before(fx)) {
    count(fx, -1);
    if (!isPast) isPast = fx === first;
    else for (const arg of fx.args) if (isMovable(arg)) list.moveBefore(arg, fx);
  }
  graph.nodes = list.all();
}

/** A list whose members move in constant time. */
class Linked {
  readonly #next = new Map<Fx, Fx | null>();
  readonly #previous = new Map<Fx, Fx | null>();
  #first: Fx | null;
  #last: Fx | null;

  constructor(members: readonly Fx[]) {
    for (const [i, fx] of members.entries()) {
      this.#previous.set(fx, members[i - 1] ?? null);
      this.#next.set(fx, members[i + 1] ?? null);
    }
    this.#first = members[0] ?? null;
    this.#last = members.at(-1) ?? null;
  }

  last(): Fx | null {
    return this.#last;
  }

  before(fx: Fx): Fx | null {
    return this.#previous.get(fx) ?? null;
  }

  all(): Fx[] {
    const result: Fx[] = [];
    for (let fx = this.#first; fx !== null; fx = this.#next.get(fx)!) result.push(fx);
    return result;
  }

  /** Right before the other; to the end for null. */
  moveBefore(fx: Fx, other: Fx | null): void {
    if (fx === other || !this.#next.has(fx)) return;
    this.#link(this.#previous.get(fx)!, this.#next.get(fx)!);
    const previous = other === null ? this.#last : this.#previous.get(other)!;
    this.#link(previous, fx);
    this.#link(fx, other);
  }

  #link(a: Fx | null, b: Fx | null): void {
    if (a === null) this.#first = b;
    else this.#next.set(a, b);
    if (b === null) this.#last = a;
    else this.#previous.set(b, a);
  }
}

/** remove_noop_ops: the copied value takes the copy's place, unless outputs would share memory with inputs or each other. */
function dropCopies(graph: FxGraph): void {
  const roots = new Map<Fx, Fx>();
  const rootOf = (fx: Fx): Fx => roots.get(fx) ?? fx;
  for (const fx of graph.nodes) {
    if (fx.op === "view" || (fx.op === "item" && fx.base !== fx.value)) roots.set(fx, rootOf(viewedArg(fx)));
  }
  const inputs = new Set(graph.inputs);
  const outputs = new Set(graph.outputs.map((output) => (output ? rootOf(output) : null)));
  const instead = new Map<Fx, Fx>();
  const resolve = (fx: Fx): Fx => instead.get(fx) ?? fx;
  graph.nodes = graph.nodes.filter((fx) => {
    fx.args = fx.args.map(resolve);
    const source = copied(fx);
    if (source === null) return true;
    const root = rootOf(source);
    if (outputs.has(fx) && (inputs.has(root) || outputs.has(root))) return true;
    instead.set(fx, source);
    return false;
  });
  graph.outputs = graph.outputs.map((output) => output && resolve(output));
}

/** What a view, or an item that is one, is a view of. */
export function viewedArg(fx: Fx): Fx {
  const [arg] = fx.args;
  return fx.op === "item" ? arg!.args[0]! : arg!;
}
