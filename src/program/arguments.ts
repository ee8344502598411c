import type { Argument, Graph } from "../schema/types.generated.ts";

/** What kind of thing a name in an argument stands for. */
export type ValueKind = "tensor" | "sym_int" | "sym_float" | "sym_bool" | "custom_obj" | "constant";

/** Called with each value that an argument names, in the order of the document. */
export type NameVisitor = (name: string, kind: ValueKind) => void;

/** Visits the names of values in an argument, in lists, nested lists and dicts too; not those inside a subgraph. */
export function visitNames(arg: Argument, visit: NameVisitor): void {
  if ("as_tensor" in arg) visit(arg.as_tensor.name, "tensor");
  else if ("as_tensors" in arg) for (const t of arg.as_tensors) visit(t.name, "tensor");
  else if ("as_sym_int" in arg) visitSymbolic(arg.as_sym_int, "sym_int", visit);
  else if ("as_sym_ints" in arg) for (const s of arg.as_sym_ints) visitSymbolic(s, "sym_int", visit);
  else if ("as_optional_tensors" in arg) for (const t of arg.as_optional_tensors) visitOptional(t, visit);
  else if ("as_optional_tensor" in arg) visitOptional(arg.as_optional_tensor, visit);
  else if ("as_sym_float" in arg) visitSymbolic(arg.as_sym_float, "sym_float", visit);
  else if ("as_sym_floats" in arg) for (const s of arg.as_sym_floats) visitSymbolic(s, "sym_float", visit);
  else if ("as_sym_bool" in arg) visitSymbolic(arg.as_sym_bool, "sym_bool", visit);
  else if ("as_sym_bools" in arg) for (const s of arg.as_sym_bools) visitSymbolic(s, "sym_bool", visit);
  else if ("as_custom_obj" in arg) visit(arg.as_custom_obj.name, "custom_obj");
  else if ("as_nested_tensors" in arg) {
    for (const list of arg.as_nested_tensors) for (const t of list) visit(t.name, "tensor");
  } else if ("as_string_to_argument" in arg) {
    // Dicts nest as deep as the decoder lets them, so this recursion is bounded.
    for (const inner of arg.as_string_to_argument.values()) visitNames(inner, visit);
  }
}

function visitSymbolic(symbolic: object, kind: ValueKind, visit: NameVisitor): void {
  if ("as_name" in symbolic) visit(symbolic.as_name as string, kind);
}

function visitOptional(optional: object, visit: NameVisitor): void {
  if ("as_tensor" in optional) visit((optional.as_tensor as { name: string }).name, "tensor");
}

/** The subgraphs that an argument holds, with their names in the document. */
export function subgraphsOf(arg: Argument): readonly { readonly name: string; readonly graph: Graph }[] {
  if ("as_graph" in arg) return [arg.as_graph];
  if (!("as_string_to_argument" in arg)) return NONE;
  return [...arg.as_string_to_argument.values()].flatMap(subgraphsOf);
}

const NONE: readonly never[] = [];
