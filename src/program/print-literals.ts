/** The values of a document as Python literals, as torch.fx writes them into the text of a function. */
import { memoryFormatNames } from "../schema/enum-names.ts";
import { pythonFloat } from "../schema/numbers.ts";
import type * as schema from "../schema/types.generated.ts";

/** torch's name and torch.fx's abbreviation (torch/utils/_dtype_abbrs.py) of each ScalarType. */
const DTYPES: Readonly<Record<number, readonly [name: string, abbreviation: string]>> = {
  1: ["uint8", "u8"],
  2: ["int8", "i8"],
  3: ["int16", "i16"],
  4: ["int32", "i32"],
  5: ["int64", "i64"],
  6: ["float16", "f16"],
  7: ["float32", "f32"],
  8: ["float64", "f64"],
  9: ["complex32", "c32"],
  10: ["complex64", "c64"],
  11: ["complex128", "c128"],
  12: ["bool", "b8"],
  13: ["bfloat16", "bf16"],
  28: ["uint16", "u16"],
  29: ["float8_e4m3fn", "f8e4m3fn"],
  30: ["float8_e5m2", "f8e5m2"],
  31: ["float8_e4m3fnuz", "f8e4m3fnuz"],
  32: ["float8_e5m2fnuz", "f8e5m2fnuz"],
  33: ["float8_e8m0fnu", "f8e8m0fnu"],
  34: ["uint32", "u32"],
  35: ["uint64", "u64"],
};

const LAYOUTS = [
  "unknown",
  "sparse_coo",
  "sparse_csr",
  "sparse_csc",
  "sparse_bsr",
  "sparse_bsc",
  "_mkldnn",
  "strided",
];
/** `torch.float32` */
export function dtypeName(dtype: schema.ScalarType): string {
  return `torch.${DTYPES[dtype]?.[0] ?? "unknown"}`;
}

/** `f32` */
export function dtypeAbbreviation(dtype: schema.ScalarType): string {
  return DTYPES[dtype]?.[1] ?? "unknown";
}

/** Writes the name of a value, of a subgraph or of an operator where an argument holds one. */
export interface Names {
  value(name: string): string;
  graph(argument: schema.GraphArgument): string;
  operator(target: string): string;
}

/** An argument as Python, e.g. `[x, None]`, `torch.float32`, `device(type='cpu')`, `{'scale': 0.5}`. */
export function formatArgument(arg: schema.Argument, names: Names): string {
  // The decoder bounds how deep dicts nest, and nothing else does.
  if ("as_tensor" in arg) return names.value(arg.as_tensor.name);
  if ("as_tensors" in arg) return list(arg.as_tensors, (item) => names.value(item.name));
  if ("as_optional_tensors" in arg) return list(arg.as_optional_tensors, (item) => optional(item, names));
  if ("as_optional_tensor" in arg) return optional(arg.as_optional_tensor, names);
  if ("as_nested_tensors" in arg) {
    return list(arg.as_nested_tensors, (inner) => list(inner, (item) => names.value(item.name)));
  }
  if ("as_sym_int" in arg) return symbolic(arg.as_sym_int, names);
  if ("as_sym_ints" in arg) return list(arg.as_sym_ints, (item) => symbolic(item, names));
  if ("as_sym_float" in arg) return symbolic(arg.as_sym_float, names);
  if ("as_sym_floats" in arg) return list(arg.as_sym_floats, (item) => symbolic(item, names));
  if ("as_sym_bool" in arg) return symbolic(arg.as_sym_bool, names);
  if ("as_sym_bools" in arg) return list(arg.as_sym_bools, (item) => symbolic(item, names));
  if ("as_graph" in arg) return names.graph(arg.as_graph);
  if ("as_operator" in arg) return names.operator(arg.as_operator);
  if ("as_custom_obj" in arg) return names.value(arg.as_custom_obj.name);
  if ("as_string_to_argument" in arg) {
    const entries = [...arg.as_string_to_argument];
    return `{${entries.map(([key, value]) => `${pythonString(key)}: ${formatArgument(value, names)}`).join(", ")}}`;
  }
  return formatConstant(arg);
}

/** Mirrors torch/_export/serde deserialize_input for what names no value. */
function formatConstant(arg: schema.Argument): string {
  if ("as_int" in arg) return String(arg.as_int);
  if ("as_ints" in arg) return list(arg.as_ints, String);
  if ("as_float" in arg) return formatFloat(arg.as_float);
  if ("as_floats" in arg) return list(arg.as_floats, formatFloat);
  if ("as_bool" in arg) return formatBool(arg.as_bool);
  if ("as_bools" in arg) return list(arg.as_bools, formatBool);
  if ("as_string" in arg) return pythonString(arg.as_string);
  if ("as_strings" in arg) return list(arg.as_strings, pythonString);
  if ("as_scalar_type" in arg) return dtypeName(arg.as_scalar_type);
  if ("as_memory_format" in arg) return `torch.${memoryFormatNames.get(arg.as_memory_format) ?? "unknown"}`;
  if ("as_layout" in arg) return `torch.${LAYOUTS[arg.as_layout]}`;
  if ("as_device" in arg) return formatDevice(arg.as_device);
  if ("as_complex" in arg) return formatComplex(arg.as_complex);
  if ("as_int_lists" in arg) return list(arg.as_int_lists, tuple);
  if ("as_float_lists" in arg) return list(arg.as_float_lists, (inner) => list(inner, formatFloat));
  return "None";
}

function list<T>(items: readonly T[], format: (item: T) => string): string {
  return `[${items.map((item) => format(item)).join(", ")}]`;
}

function tuple(items: readonly (number | bigint)[]): string {
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
}

function optional(item: schema.OptionalTensorArgument, names: Names): string {
  return "as_tensor" in item ? names.value(item.as_tensor.name) : "None";
}

function symbolic(
  item: schema.SymIntArgument | schema.SymFloatArgument | schema.SymBoolArgument,
  names: Names,
): string {
  if ("as_name" in item) return names.value(item.as_name);
  if ("as_bool" in item) return formatBool(item.as_bool);
  return "as_float" in item ? formatFloat(item.as_float) : String(item.as_int);
}

function formatBool(value: boolean): string {
  return value ? "True" : "False";
}

/** `repr` of a Python float. */
function formatFloat(value: number): string {
  if (Number.isFinite(value)) return pythonFloat(value);
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

function formatDevice({ type, index }: schema.Device): string {
  const at = index === null || index === undefined ? "" : `, index=${index}`;
  return `device(type=${pythonString(type)}${at})`;
}

/** `repr` of a Python complex: `(1+2j)`, and `2j` when the real part is nothing at all. */
function formatComplex({ real, imag }: schema.ComplexValue): string {
  const part = (value: number): string => formatFloat(value).replace(/\.0$/, "");
  if (Object.is(real, 0)) return `${part(imag)}j`;
  const sign = imag >= 0 && !Object.is(imag, -0) ? "+" : Number.isNaN(imag) ? "+" : "";
  return `(${part(real)}${sign}${part(imag)}j)`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** `repr` of a Python string: single quotes unless only double ones spare an escape. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\p{C}\p{Z}]/gu, escaped);
  return `${quote}${quote === "'" ? body.replaceAll("'", "\\'") : body}${quote}`;
}

function escaped(char: string): string {
  if (char === " ") return char;
  const code = char.codePointAt(0)!;
  const hex = (digits: number): string => code.toString(16).padStart(digits, "0");
  return (
    ESCAPES.get(char) ?? (code < 0x100 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`)
  );
}

const DEEPEST_JSON = 100;

/** `repr` of what JSON holds; JSON.parse does not tell `1.0` from `1`, so such a float prints as an integer. */
export function pythonJson(value: unknown, depth = 0): string {
  const inner = (item: unknown): string => pythonJson(item, depth + 1);
  if (typeof value === "string") return pythonString(value);
  if (typeof value === "boolean") return formatBool(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : formatFloat(value);
  if (value === null || typeof value !== "object") return "None";
  if (depth > DEEPEST_JSON) return "...";
  if (Array.isArray(value)) return list(value, inner);
  const entries = Object.entries(value).map(([key, item]) => `${pythonString(key)}: ${inner(item)}`);
  return `{${entries.join(", ")}}`;
}
