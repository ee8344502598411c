/** Tensors that hold one number everywhere (torch/_inductor/fx_passes/joint_graph.py constant_fold_uniform_value). */
import type { OperatorRegistry } from "../../ops/registry.ts";
import { forTarget } from "../cache/operators.ts";
import type { Fx, FxGraph } from "./functional.ts";
import { count, layoutOf } from "./layout.ts";

const makes = (pattern: RegExp) => forTarget((target) => pattern.test(target));

const makesZeros = makes(/^torch\.ops\.aten\.(zeros|zeros_like|new_zeros|zero_)\./);
const makesOnes = makes(/^torch\.ops\.aten\.(ones|ones_like|new_ones)\./);
const makesOther = makes(/^torch\.ops\.aten\.(full|full_like|new_full|fill_\.Scalar)\b/);
const isCopy = makes(/^torch\.ops\.aten\.(clone|contiguous|_to_copy|to|copy_|lift_fresh_copy)\./);
const adds = makes(/^torch\.ops\.aten\.add_?\.Tensor/);
const subtracts = makes(/^torch\.ops\.aten\.sub_?\.Tensor/);
const multiplies = makes(/^torch\.ops\.aten\.mul_?\.Tensor/);
const divides = makes(/^torch\.ops\.aten\.div_?\.Tensor/);

/** Arithmetic on such tensors alone makes a new one, made of nothing; adding zeros, or multiplying by ones, makes nothing. */
export function foldConstants(graph: FxGraph, registry: OperatorRegistry): void {
  const numbers = new Map<Fx, 0 | 1 | null>();
  const instead = new Map<Fx, Fx>();
  const resolve = (fx: Fx): Fx => instead.get(fx) ?? fx;
  const nodes: Fx[] = [];
  const written = mayBeWritten(graph);
  /** The tensor, or where it may be written what it was made of, made once more. */
  const again = (fx: Fx): Fx => {
    if (!written.has(rootOf(fx))) return fx;
    const copy = { ...fx, args: fx.op === "view" ? fx.args.map(again) : fx.args };
    nodes.push(copy);
    return copy;
  };
  const isPointwise = ({ op, node }: Fx): boolean =>
    op === "pure" &&
    node !== null &&
    !isCopy(node.target) &&
    registry.find(node.target)?.has("pointwise") === true;
  for (const fx of graph.nodes) {
    fx.args = fx.args.map(resolve);
    const own = madeNumber(fx);
    if (own !== undefined) numbers.set(fx, own);
    else if (fx.op === "view" && numbers.has(fx.args[0]!)) numbers.set(fx, numbers.get(fx.args[0]!)!);
    else if (fx.args.length > 0 && isPointwise(fx)) {
      if (fx.args.every((arg) => numbers.has(arg))) {
        fx.args = fx.args.map(again);
        numbers.set(fx, null);
      } else {
        const kept = unchanged(fx, numbers);
        if (kept !== undefined) {
          instead.set(fx, kept);
          continue;
        }
      }
    }
    nodes.push(fx);
  }
  graph.nodes = nodes;
  graph.outputs = graph.outputs.map((output) => output && resolve(output));
}

/** The number that fills what a node makes of nothing: null when it is neither 0 nor 1, undefined when it makes something else. */
function madeNumber({ op, node, args }: Fx): 0 | 1 | null | undefined {
  if (op !== "pure" || node === null || args.length > 0) return undefined;
  const { target } = node;
  return makesZeros(target) ? 0 : makesOnes(target) ? 1 : makesOther(target) ? null : undefined;
}

/** What is handed to anything that is neither pure nor a view of it. */
function mayBeWritten({ nodes }: FxGraph): ReadonlySet<Fx> {
  return new Set(nodes.flatMap(({ op, args }) => (op === "pure" || op === "view" ? [] : args.map(rootOf))));
}

function rootOf(fx: Fx): Fx {
  let at = fx;
  while (at.op === "view") at = at.args[0]!;
  return at;
}

/** The operand that the node gives back: that to which zeros are added, or that ones multiply. */
function unchanged(fx: Fx, numbers: ReadonlyMap<Fx, 0 | 1 | null>): Fx | undefined {
  const [a, b, ...more] = fx.args;
  const { node, value } = fx;
  if (node === null || a === undefined || b === undefined || more.length > 0 || node.arg("alpha"))
    return undefined;
  const { target } = node;
  const either = adds(target) || multiplies(target);
  if (!either && !subtracts(target) && !divides(target)) return undefined;
  const neutral = adds(target) || subtracts(target) ? 0 : 1;
  const kept = numbers.get(b) === neutral ? a : either && numbers.get(a) === neutral ? b : undefined;
  if (kept === undefined || kept.value.meta?.dtype !== value.meta?.dtype) return undefined;
  return layoutOf(kept.value).sizes.join() === layoutOf(value).sizes.join() && count(layoutOf(value)) > 0
    ? kept
    : undefined;
}
