/** Which writes into parts go to the memory itself again (torch/_inductor/fx_passes/reinplace.py). */
import type { Fx, FxGraph } from "./functional.ts";
import { layoutOf, mayMeet } from "./layout.ts";
import { isIndexed, realizesDirectly } from "./operators.ts";
import { viewedArg } from "./passes.ts";

/**
 * A new value of a part is written in place where nothing uses the old one any more, and, for a part of an input, where
 * the input is copied back to in the end.
 */
export function reinplace(graph: FxGraph): void {
  if (!graph.nodes.some(isCandidate)) return;
  const order = new Map(graph.nodes.map((fx, i) => [fx, i]));
  const copies = new Map<Fx, Fx>();
  for (const fx of graph.nodes) if (fx.op === "copy back") copies.set(fx.args[0]!, fx);
  const { users, views } = index(graph);
  const returned = new Set(graph.outputs);
  const isUsedBehind = (fx: Fx, target: Fx, end: number): boolean => {
    const place = layoutOf(target.value);
    return (views.get(rootOf(target)) ?? []).some(
      (view) =>
        mayMeet(place, layoutOf(view.value)) &&
        ((end === Infinity && returned.has(view)) ||
          (users.get(view) ?? []).some((user) => {
            const at = order.get(user)!;
            const isOwnCopy = user.op === "copy back" && user.args[0] === target;
            return at > order.get(fx)! && at < end && !isOwnCopy;
          })),
    );
  };
  for (const fx of graph.nodes) {
    if (!isCandidate(fx)) continue;
    const target = fx.args[0]!;
    const root = rootOf(target);
    const copy = copies.get(target);
    if (root.op === "input" && (root !== target || copy === undefined)) continue;
    if (isUsedBehind(fx, target, copy === undefined ? Infinity : order.get(copy)!)) continue;
    const following = users.get(fx) ?? [];
    const isCopiedBack =
      target.op === "input" && following.some((user) => user.op === "copy back" && user.args[0] === target);
    const realized = (one: Fx): boolean =>
      one.op === "input" ||
      returned.has(one) ||
      (users.get(one) ?? []).some((user) => user.node !== null && realizesDirectly(user.node, one.value));
    if (fx.op === "scatter" && !isCopiedBack && !(realized(target) && realized(fx))) continue;
    fx.op = "write";
  }
  const dropped = new Set<Fx>();
  for (const copy of copies.values())
    if (copy.args[1]!.op === "write" && copy.args[1]!.args[0] === copy.args[0]) dropped.add(copy);
  if (dropped.size > 0) graph.nodes = graph.nodes.filter((fx) => !dropped.has(fx));
}

function isCandidate({ op, node }: Fx): boolean {
  return op === "scatter" || (op === "pure" && node !== null && isIndexed(node.target));
}

function rootOf(fx: Fx): Fx {
  let at = fx;
  while (at.op === "view" || (at.op === "item" && at.base !== at.value)) at = viewedArg(at);
  return at;
}

function index({ nodes, inputs }: FxGraph): { users: Map<Fx, Fx[]>; views: Map<Fx, Fx[]> } {
  const users = new Map<Fx, Fx[]>();
  const views = new Map<Fx, Fx[]>();
  const add = (map: Map<Fx, Fx[]>, key: Fx, fx: Fx): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [fx]);
    else list.push(fx);
  };
  for (const fx of [...inputs, ...nodes]) {
    for (const arg of new Set(fx.args)) add(users, arg, fx);
    add(views, rootOf(fx), fx);
  }
  return { users, views };
}
