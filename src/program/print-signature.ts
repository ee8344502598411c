/** The end of what torch prints: the graph signature and the range constraints. */
import type * as schema from "../schema/types.generated.ts";
import type { Program } from "./program.ts";
import { type Expr, formatExpr, parseExpr } from "./symbolic.ts";

/** Mirrors ExportGraphSignature.__str__ and the last lines of ExportedProgram.__str__. */
export function formatSignature(program: Program): string[] {
  const { signature } = program.document.root.graph_module;
  return [
    "Graph signature: ",
    "    # inputs",
    ...signature.input_specs.map((spec) => `    ${formatInput(spec)}`),
    "    ",
    "    # outputs",
    ...signature.output_specs.map((spec) => `    ${formatOutput(spec)}`),
    "    ",
    `Range constraints: ${formatRanges(program)}`,
  ];
}

function formatInput(spec: schema.InputSpec): string {
  if ("user_input" in spec) return `${argumentName(spec.user_input.arg)}: USER_INPUT`;
  if ("parameter" in spec) {
    return `${spec.parameter.arg.name}: PARAMETER target='${spec.parameter.parameter_name}'`;
  }
  if ("buffer" in spec) {
    const { arg, buffer_name: name, persistent } = spec.buffer;
    return `${arg.name}: BUFFER target='${name}' persistent=${persistent ? "True" : "False"}`;
  }
  if ("tensor_constant" in spec) {
    const { arg, tensor_constant_name: name } = spec.tensor_constant;
    return `${arg.name}: CONSTANT_TENSOR target='${name}'`;
  }
  if ("custom_obj" in spec) {
    return `${spec.custom_obj.arg.name}: CUSTOM_OBJ target='${spec.custom_obj.custom_obj_name}'`;
  }
  if ("token" in spec) return `${spec.token.arg.name}: TOKEN`;
  return `${spec.constant_input.name}: USER_INPUT`;
}

function formatOutput(spec: schema.OutputSpec): string {
  if ("user_output" in spec) return `${argumentName(spec.user_output.arg)}: USER_OUTPUT`;
  if ("loss_output" in spec) return `${spec.loss_output.arg.name}: LOSS_OUTPUT`;
  if ("token" in spec) return `${spec.token.arg.name}: TOKEN`;
  if ("buffer_mutation" in spec) {
    return withTarget("BUFFER_MUTATION", spec.buffer_mutation, spec.buffer_mutation.buffer_name);
  }
  if ("parameter_mutation" in spec) {
    return withTarget("PARAMETER_MUTATION", spec.parameter_mutation, spec.parameter_mutation.parameter_name);
  }
  if ("user_input_mutation" in spec) {
    return withTarget(
      "USER_INPUT_MUTATION",
      spec.user_input_mutation,
      spec.user_input_mutation.user_input_name,
    );
  }
  if ("gradient_to_parameter" in spec) {
    const { parameter_name: name } = spec.gradient_to_parameter;
    return withTarget("GRADIENT_TO_PARAMETER", spec.gradient_to_parameter, name);
  }
  const { user_input_name: name } = spec.gradient_to_user_input;
  return withTarget("GRADIENT_TO_USER_INPUT", spec.gradient_to_user_input, name);
}

function withTarget(kind: string, { arg }: { readonly arg: schema.TensorArgument }, target: string): string {
  return `${arg.name}: ${kind} target='${target}'`;
}

/** Mirrors deserialize_argument_spec: a constant has no name. */
function argumentName(arg: schema.Argument): string {
  if ("as_tensor" in arg) return arg.as_tensor.name;
  if ("as_custom_obj" in arg) return arg.as_custom_obj.name;
  const symbol = "as_sym_int" in arg ? arg.as_sym_int : "as_sym_float" in arg ? arg.as_sym_float : undefined;
  if (symbol === undefined) return "";
  return "as_name" in symbol ? symbol.as_name : "None";
}

/** torch keeps the range of a symbol or an expression only when it met it in a value of the program. */
function formatRanges(program: Program): string {
  const { range_constraints: ranges } = program.document.root;
  if (ranges.size === 0) return "{}";
  const used = usedExpressions(program);
  const shown: string[] = [];
  for (const [symbol, { min_val: min, max_val: max }] of ranges) {
    if (used.has(symbol)) shown.push(`${symbol}: VR[${min ?? "-int_oo"}, ${max ?? "int_oo"}]`);
  }
  return `{${shown.join(", ")}}`;
}

/** The texts of all expressions in the values of the program, and of their parts. */
function usedExpressions(program: Program): Set<string> {
  const texts = new Set<string>();
  const note = (value: schema.SymInt | schema.SymFloat | schema.SymBool): void => {
    if ("as_expr" in value) texts.add(value.as_expr.expr_str);
  };
  for (const { source } of program.graphs) {
    for (const meta of source.tensor_values.values()) {
      meta.sizes.forEach(note);
      meta.strides.forEach(note);
    }
    source.sym_int_values.forEach(note);
    source.sym_float_values.forEach(note);
    source.sym_bool_values.forEach(note);
  }
  const used = new Set<string>();
  const addParts = (expr: Expr): void => {
    used.add(formatExpr(expr));
    if (expr.kind === "call") expr.args.forEach(addParts);
  };
  for (const text of texts) {
    const expr = parseExpr(text);
    if (expr !== undefined) addParts(expr);
  }
  return used;
}
