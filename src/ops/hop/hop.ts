import { visitNames } from "../../program/arguments.ts";
import type { Graph, Node, Value } from "../../program/program.ts";
import type { Argument } from "../../schema/types.generated.ts";

/** What one of a body's inputs is: the operand itself, or a part of it that the operator copies out first. */
export interface BodyInput {
  /** null for a number, a constant, or a name that nothing defines. */
  readonly operand: Value | null;
  readonly passes: "itself" | "slice";
}

/** A graph that a higher-order operator calls. */
export interface Body {
  readonly graph: Graph;
  /** What users call it: `true branch`, `body`, `combine function`. */
  readonly role: string;
  /** What the operator hands over, in the order of the graph's inputs. */
  readonly inputs: readonly BodyInput[];
}

export type HopKind = "cond" | "while_loop" | "scan" | "map" | "associative_scan" | "call";

/** A call of a higher-order operator. */
export interface HopCall {
  readonly node: Node;
  readonly kind: HopKind;
  readonly bodies: readonly Body[];
}

const PREFIX = "torch.ops.higher_order.";

const KINDS: Readonly<Record<string, HopKind>> = {
  cond: "cond",
  while_loop: "while_loop",
  scan: "scan",
  map: "map",
  map_impl: "map",
  associative_scan: "associative_scan",
};

export function isHop(node: Node): boolean {
  return node.target.startsWith(PREFIX);
}

/** `cond` of `torch.ops.higher_order.cond`. */
function hopName(node: Node): string {
  return node.target.slice(PREFIX.length);
}

const described = new WeakMap<Node, HopCall>();

/**
 * The bodies of a higher-order operator and what it passes to each, or undefined for any other node and for one
 * without bodies. A call with too few arguments is described as far as it goes.
 */
export function hopCall(node: Node): HopCall | undefined {
  if (node.subgraphs.length === 0) return undefined;
  let call = described.get(node);
  if (call === undefined) {
    const kind = KINDS[hopName(node)] ?? "call";
    call = { node, kind, bodies: BODIES[kind](node) };
    described.set(node, call);
  }
  return call;
}

const BODIES: Readonly<Record<HopKind, (node: Node) => Body[]>> = {
  // cond(pred, true_fn, false_fn, operands)
  cond: (node) => {
    const inputs = passed(node, 3);
    return bodies(node, ["true branch", "false branch"], () => inputs);
  },
  // while_loop(cond_fn, body_fn, carried_inputs, additional_inputs)
  while_loop: (node) => {
    const inputs = [...passed(node, 2), ...passed(node, 3)];
    return bodies(node, ["condition", "body"], () => inputs);
  },
  // scan(combine_fn, init, xs, additional_inputs)
  scan: (node) =>
    bodies(node, ["combine function"], () => [
      ...passed(node, 1),
      ...passed(node, 2, "slice"),
      ...passed(node, 3),
    ]),
  // map_impl(f, xs, pos_args)
  map: (node) => bodies(node, ["body"], () => [...passed(node, 1, "slice"), ...passed(node, 2)]),
  // associative_scan(combine_fn, xs, additional_inputs): two elements of xs at a time
  associative_scan: (node) => {
    const xs = passed(node, 1, "slice");
    return bodies(node, ["combine function"], () => [...xs, ...xs, ...passed(node, 2)]);
  },
  // invoke_subgraph, wrap_with_set_grad_enabled, ...: whatever stands after the graph is passed to it
  call: (node) => {
    const first = node.source.inputs.findIndex(({ arg }) => "as_graph" in arg) + 1;
    const identifier = node.source.inputs[first];
    const skipped =
      hopName(node) === "invoke_subgraph" && identifier !== undefined && "as_string" in identifier.arg;
    const operands = new Operands(node, skipped ? first + 1 : first);
    const rest = node.source.inputs
      .slice(skipped ? first + 1 : first)
      .flatMap(({ arg }) => flatten(arg, operands));
    return bodies(node, ["body"], () => rest.map((operand) => ({ operand, passes: "itself" })));
  },
};

function bodies(node: Node, roles: readonly string[], inputs: () => readonly BodyInput[]): Body[] {
  return node.subgraphs.map((graph, i) => ({ graph, role: roles[i] ?? graph.name, inputs: inputs() }));
}

function passed(node: Node, position: number, passes: BodyInput["passes"] = "itself"): BodyInput[] {
  return operandsAt(node, position).map((operand) => ({ operand, passes }));
}

/** The values of a node's argument at that position, null for what is not a value. */
export function operandsAt(node: Node, position: number): (Value | null)[] {
  const arg = node.source.inputs[position]?.arg;
  return arg === undefined ? [] : flatten(arg, new Operands(node, position));
}

/** The values that a node's arguments name, one after another, from the argument at a position on. */
class Operands {
  readonly #graph: Graph;
  #at: number;

  constructor({ graph, index, source }: Node, position: number) {
    this.#graph = graph;
    this.#at = graph.operandStart[index]!;
    for (let i = 0; i < position; i++) visitNames(source.inputs[i]!.arg, () => this.#at++);
  }

  next(): Value | null {
    return this.#graph.program.values[this.#graph.operandIds[this.#at++]!] ?? null;
  }
}

/** An argument's elements one by one; numbers and None keep their place as null. */
function flatten(arg: Argument, operands: Operands): (Value | null)[] {
  if ("as_tensors" in arg) return arg.as_tensors.map(() => operands.next());
  if ("as_sym_ints" in arg) return arg.as_sym_ints.map((s) => ("as_name" in s ? operands.next() : null));
  if ("as_optional_tensors" in arg) {
    return arg.as_optional_tensors.map((t) => ("as_tensor" in t ? operands.next() : null));
  }
  for (const list of Object.values(arg)) if (Array.isArray(list)) return list.map(() => null);
  const result: (Value | null)[] = [];
  visitNames(arg, () => result.push(operands.next()));
  return result.length === 0 ? [null] : result;
}
