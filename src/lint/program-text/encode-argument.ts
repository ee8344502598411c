import type { SchemaType } from "../../ops/schema-string.ts";
import { layoutsByName, memoryFormatsByName } from "../../schema/enum-names.ts";
import { type JsonTree, NumberText } from "./json-text.ts";
import { type Metadata, TORCH_DTYPES } from "./metadata.ts";
import { ProgramTextError } from "./scanner.ts";
import type { Expression } from "./syntax.ts";

/** What the names in an expression stand for, in one graph. */
export interface NameScope {
  /** undefined for a name that nothing in the graph defines: rules are to see such programs. */
  kindOf(name: string): Metadata["kind"] | undefined;
  /** The name of a node's output, for `cond[0]`. */
  outputName(expression: Expression & { readonly kind: "output" }): string;
  /** The subgraph of that name, encoded; undefined when there is none. */
  graph(expression: Expression & { readonly kind: "name" }): JsonTree | undefined;
  customClass(name: string): string;
}

/** An expression as torch serializes it (torch/_export/serde GraphModuleSerializer.serialize_input). */
export function encodeArgument(
  expression: Expression,
  scope: NameScope,
  type?: SchemaType,
): { [key: string]: JsonTree } {
  switch (expression.kind) {
    case "name": {
      const graph = scope.kindOf(expression.name) === undefined ? scope.graph(expression) : undefined;
      return graph === undefined ? encodeName(expression.name, scope) : { as_graph: graph };
    }
    case "output":
      return encodeName(scope.outputName(expression), scope);
    case "int":
      return { as_int: new NumberText(expression.text) };
    case "float":
      return { as_float: floatToken(expression.text) };
    case "string":
      return { as_string: expression.text };
    case "bool":
      return { as_bool: expression.value };
    case "none":
      return { as_none: true };
    case "dotted":
      return encodeDotted(expression);
    case "device":
      return {
        as_device: {
          type: expression.type,
          index: expression.index === null ? null : BigInt(expression.index),
        },
      };
    case "dict":
      return {
        as_string_to_argument: Object.fromEntries(
          expression.entries.map(([key, item]) => [key, encodeArgument(item, scope)]),
        ),
      };
    case "list":
      return encodeList(expression, scope, type);
  }
}

function encodeName(name: string, scope: NameScope): { [key: string]: JsonTree } {
  const kind = scope.kindOf(name) ?? "tensor";
  if (kind === "tensor") return { as_tensor: { name } };
  if (kind === "custom_obj") return { as_custom_obj: { name, class_fqn: scope.customClass(name) } };
  return { [`as_${kind}`]: { as_name: name } };
}

/** Python's infinities and NaN are strings in files since torch 2.7. */
function floatToken(text: string): JsonTree {
  if (text.endsWith("inf")) return text.startsWith("-") ? "-Infinity" : "Infinity";
  if (text.endsWith("nan")) return "NaN";
  const full = text.replace(/^(-?)\./, "$10.").replace(/\.(?!\d)/, ".0");
  return new NumberText(full);
}

function encodeDotted(expression: Expression & { readonly kind: "dotted" }): { [key: string]: JsonTree } {
  const [root, name = "", ...more] = expression.name.split(".");
  if (root !== "torch" || more.length > 0) return { as_operator: expression.name };
  if (Object.hasOwn(TORCH_DTYPES, name)) return { as_scalar_type: BigInt(TORCH_DTYPES[name]!) };
  if (Object.hasOwn(memoryFormatsByName, name))
    return { as_memory_format: BigInt(memoryFormatsByName[name]!) };
  const layout = name === "_mkldnn" ? "mkldnn" : name;
  if (Object.hasOwn(layoutsByName, layout)) return { as_layout: BigInt(layoutsByName[layout]!) };
  throw new ProgramTextError(
    expression,
    `'${expression.name}' is neither a dtype, a layout nor a memory format`,
  );
}

/** A list takes the first form that all its elements fit, in the order in which torch tries them. */
function encodeList(
  expression: Expression & { readonly kind: "list" },
  scope: NameScope,
  type: SchemaType | undefined,
): { [key: string]: JsonTree } {
  const items = expression.items.map((item) => encodeArgument(item, scope));
  if (items.length === 0) return { [emptyList(type)]: [] };
  const keys = new Set(items.map((item) => Object.keys(item)[0]!));
  const only = (...allowed: string[]) => [...keys].every((key) => allowed.includes(key));
  const values = items.map((item) => Object.values(item)[0]!);
  for (const key of ["as_bool", "as_int", "as_float", "as_string"]) {
    if (only(key)) return { [`${key}s`]: values };
  }
  if (only("as_sym_int", "as_int")) return { as_sym_ints: unwrap(items, "as_sym_int") };
  if (only("as_sym_float", "as_float")) return { as_sym_floats: unwrap(items, "as_sym_float") };
  if (only("as_sym_bool", "as_bool")) return { as_sym_bools: unwrap(items, "as_sym_bool") };
  // Operands that mix tensors and symbols are all written as tensors: a name is a name.
  if (only("as_tensor", "as_sym_int", "as_sym_float", "as_sym_bool")) {
    return { as_tensors: values.map((value) => ({ name: nameIn(value) })) };
  }
  if (only("as_tensor", "as_none")) return { as_optional_tensors: items };
  if (only("as_tensors")) return { as_nested_tensors: values };
  if (only("as_ints")) return { as_int_lists: values };
  if (only("as_floats")) return { as_float_lists: values };
  throw new ProgramTextError(expression, `no document can hold a list of ${[...keys].join(" and ")}`);
}

function unwrap(items: readonly { readonly [key: string]: JsonTree }[], key: string): JsonTree[] {
  return items.map((item) => item[key] ?? item);
}

function nameIn(value: JsonTree): string {
  const named = value as { readonly name?: string; readonly as_name?: string };
  return named.name ?? named.as_name!;
}

/** Higher-order operators have no schema; torch takes their empty lists for tensors. */
function emptyList(type: SchemaType | undefined): string {
  let element = type;
  while (element?.kind === "optional" || element?.kind === "list") element = element.element;
  const name = element?.kind === "base" ? element.name : "Tensor";
  const keys: Readonly<Record<string, string>> = {
    bool: "as_bools",
    int: "as_ints",
    SymInt: "as_ints",
    float: "as_floats",
    str: "as_strings",
  };
  return keys[name] ?? "as_tensors";
}
