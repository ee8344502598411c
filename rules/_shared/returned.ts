import { visitNames } from "../../src/program/arguments.ts";
import type { Graph, Node, Value } from "../../src/program/program.ts";
import type { Argument } from "../../src/schema/types.generated.ts";

/** What kind of thing a graph returns at one position. */
export type ReturnedKind = "tensor" | "int" | "float" | "bool" | "None" | "string" | "other";

export interface Returned {
  readonly kind: ReturnedKind;
  /** null for a constant, and for a name that nothing defines. */
  readonly value: Value | null;
}

const VALUE_KINDS: Readonly<Record<string, ReturnedKind>> = {
  tensor: "tensor",
  sym_int: "int",
  sym_float: "float",
  sym_bool: "bool",
};

const CONSTANT_KINDS: Readonly<Record<string, ReturnedKind>> = {
  as_none: "None",
  as_int: "int",
  as_sym_int: "int",
  as_float: "float",
  as_sym_float: "float",
  as_bool: "bool",
  as_sym_bool: "bool",
  as_string: "string",
};

/** What a graph returns, flattened: the positions are those of `graph.outputs`. */
export function returnedBy(graph: Graph): Returned[] {
  return graph.source.outputs.flatMap((arg) => {
    const returned: Returned[] = [];
    // A list names tensors and symbolic numbers alike as tensors, so a value's own kind counts.
    visitNames(arg, (name, named) => {
      const value = graph.value(name) ?? null;
      returned.push({ kind: VALUE_KINDS[value?.kind ?? named] ?? "other", value });
    });
    return returned.length > 0 ? returned : [{ kind: kindOf(arg), value: null }];
  });
}

/** The kind of an argument that names no value. */
export function kindOf(arg: Argument): ReturnedKind {
  return CONSTANT_KINDS[Object.keys(arg)[0]!] ?? "other";
}

/** How many values a node gives; an output that is None counts. */
export function resultCount(node: Node): number {
  return node.source.outputs.reduce((count, output) => {
    let named = 0;
    visitNames(output, () => named++);
    return count + Math.max(named, 1);
  }, 0);
}
