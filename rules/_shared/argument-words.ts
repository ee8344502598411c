import type { ValueKind } from "../../src/program/arguments.ts";
import type { Argument } from "../../src/schema/types.generated.ts";

const WORDS: Readonly<Record<string, string>> = {
  as_none: "None",
  as_tensor: "a tensor",
  as_tensors: "a list of tensors",
  as_int: "an int",
  as_ints: "a list of ints",
  as_float: "a float",
  as_floats: "a list of floats",
  as_string: "a string",
  as_strings: "a list of strings",
  as_sym_int: "a symbolic int",
  as_sym_ints: "a list of symbolic ints",
  as_scalar_type: "a dtype",
  as_memory_format: "a memory format",
  as_layout: "a layout",
  as_device: "a device",
  as_bool: "a bool",
  as_bools: "a list of bools",
  as_sym_bool: "a symbolic bool",
  as_sym_bools: "a list of symbolic bools",
  as_graph: "a graph",
  as_optional_tensors: "a list of tensors and None",
  as_custom_obj: "a custom object",
  as_operator: "an operator",
  as_sym_float: "a symbolic float",
  as_sym_floats: "a list of symbolic floats",
  as_optional_tensor: "an optional tensor",
  as_complex: "a complex number",
  as_nested_tensors: "a list of lists of tensors",
  as_int_lists: "a list of lists of ints",
  as_string_to_argument: "a dict",
  as_float_lists: "a list of lists of floats",
};

/** What a reader calls an Argument: `a list of ints`. */
export function describeArgument(arg: Argument): string {
  const [kind = ""] = Object.keys(arg);
  return WORDS[kind] ?? kind;
}

/** What a reader calls a value: `a symbolic int`. */
export const VALUE_WORDS: Readonly<Record<ValueKind, string>> = {
  tensor: "a tensor",
  sym_int: "a symbolic int",
  sym_float: "a symbolic float",
  sym_bool: "a symbolic bool",
  custom_obj: "a custom object",
  constant: "a constant",
};
