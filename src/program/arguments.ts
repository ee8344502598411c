import { RecordedNode } from "../schema/recorded-node.ts";
import type { Argument, Graph, Node } from "../schema/types.generated.ts";

/** What kind of thing a name in an argument stands for. */
export type ValueKind = "tensor" | "sym_int" | "sym_float" | "sym_bool" | "custom_obj" | "constant";

/** Called with each value that an argument names, in the order of the document, and with the name's number if known. */
export type NameVisitor = (name: string, kind: ValueKind, number?: number) => void;

/** Visits the names of values in an argument, in lists, nested lists and dicts too; not those inside a subgraph. */
export function visitNames(arg: Argument, visit: NameVisitor): void {
  // Most arguments are a tensor or a constant, and this runs for each: an argument has one key, which says what it is.
  if ("as_tensor" in arg) visit(arg.as_tensor.name, "tensor");
  else for (const kind in arg) VISITORS[kind]?.(arg[kind as keyof typeof arg], visit);
}

/** Visits the names of values in a node's arguments, in order. True when one of them may hold subgraphs. */
export function visitOperands(node: Node, visit: NameVisitor): boolean {
  if (node instanceof RecordedNode && node.shape >= 0) {
    node.visitOperands(visit);
    return false;
  }
  const { inputs } = node;
  let holdsGraphs = false;
  for (let i = 0; i < inputs.length; i++) {
    const { arg } = inputs[i]!;
    visitNames(arg, visit);
    holdsGraphs ||= mayHoldGraphs(arg);
  }
  return holdsGraphs;
}

type Visitor = (value: never, visit: NameVisitor) => void;
interface Named {
  readonly name: string;
}

/** For the alternatives of an Argument that name values. */
const VISITORS: Readonly<Record<string, Visitor>> = {
  as_tensors: visitTensors,
  as_sym_int: visitSymbolic("sym_int"),
  as_sym_ints: each(visitSymbolic("sym_int")),
  as_optional_tensors: each(visitOptional),
  as_optional_tensor: visitOptional,
  as_sym_float: visitSymbolic("sym_float"),
  as_sym_floats: each(visitSymbolic("sym_float")),
  as_sym_bool: visitSymbolic("sym_bool"),
  as_sym_bools: each(visitSymbolic("sym_bool")),
  as_custom_obj: ({ name }: Named, visit: NameVisitor) => visit(name, "custom_obj"),
  as_nested_tensors: each(visitTensors),
  // Dicts nest as deep as the decoder lets them, so this recursion is bounded.
  as_string_to_argument: (dict: ReadonlyMap<string, Argument>, visit: NameVisitor) => {
    for (const inner of dict.values()) visitNames(inner, visit);
  },
};

function visitTensors(tensors: readonly Named[], visit: NameVisitor): void {
  for (const { name } of tensors) visit(name, "tensor");
}

function visitSymbolic(kind: ValueKind): Visitor {
  return (symbolic: object, visit) => {
    if ("as_name" in symbolic) visit(symbolic.as_name as string, kind);
  };
}

function visitOptional(optional: object, visit: NameVisitor): void {
  if ("as_tensor" in optional) visit((optional.as_tensor as Named).name, "tensor");
}

function each(visitor: Visitor): Visitor {
  return (values: readonly never[], visit) => {
    for (const value of values) visitor(value, visit);
  };
}

/** Whether an argument may hold subgraphs. */
function mayHoldGraphs(arg: Argument): boolean {
  return "as_graph" in arg || "as_string_to_argument" in arg;
}

/** The subgraphs that an argument holds, with their names in the document. */
export function subgraphsOf(arg: Argument): readonly { readonly name: string; readonly graph: Graph }[] {
  if ("as_graph" in arg) return [arg.as_graph];
  if (!("as_string_to_argument" in arg)) return NONE;
  return [...arg.as_string_to_argument.values()].flatMap(subgraphsOf);
}

const NONE: readonly never[] = [];
