/** Whether a call's inputs are what the program was exported for: the guards that `ep.module()` checks. */
import { InputError } from "../errors.ts";
import { didYouMean } from "../lint/closest.ts";
import { guardsOf } from "../program/guards.ts";
import type { Program } from "../program/program.ts";
import { type Expr, evaluateExpr, formatExpr, parseExpr } from "../program/symbolic.ts";
import type { SymInt } from "../schema/types.generated.ts";
import type { Category } from "../tensor/dtype.ts";
import { Scalar } from "../tensor/scalar.ts";
import { resolver } from "./arguments.ts";
import { userInputs } from "./inputs.ts";
import { describeRuntimeValue, isTensor, type RuntimeValue } from "./value.ts";

type Symbols = Map<string, bigint>;

/** Symbols by the sizes of inputs that they stand for: `s33` is `x.size()[0]` to the user. */
type Places = Map<string, string>;

/** @throws InputError with the guard that fails, or the input that is missing. */
export function checkInputs(program: Program, values: readonly RuntimeValue[]): void {
  const symbols: Symbols = new Map();
  const places: Places = new Map();
  const later: (() => void)[] = [];
  checkConstants(program, values);
  for (const [index, { kind, name }] of program.inputs.entries()) {
    if (kind !== "user_input") continue;
    const value = values[index];
    const arg = program.main.source.inputs[index]!;
    // An input that export wrote into the program as a constant has no value to give.
    if (value === undefined && program.main.inputs[index] !== null) throw missing(program, name);
    if ("as_tensor" in arg) checkTensor(program, arg.as_tensor.name, value, symbols, places, later);
    else if ("as_sym_int" in arg && "as_name" in arg.as_sym_int) {
      const symInt = program.main.source.sym_int_values.get(arg.as_sym_int.as_name);
      const number = checkKind(name, value, ["int", "bool"], "an integer").integer;
      if (symInt !== undefined) checkSize(name, number, symInt, symbols, places, later);
    } else if ("as_sym_float" in arg) checkKind(name, value, ["float", "int"], "a number");
    else if ("as_sym_bool" in arg) checkKind(name, value, ["bool"], "a boolean");
  }
  for (const check of later) check();
  checkRanges(program, symbols, places);
  checkGuards(program, values);
}

/** A number or a text that export took for a constant must be that, where it is given; a None may be anything. */
function checkConstants(program: Program, values: readonly RuntimeValue[]): void {
  for (const [index, spec] of program.document.root.graph_module.signature.input_specs.entries()) {
    const given = values[index];
    if (!("constant_input" in spec) || given === undefined) continue;
    const { name, value } = spec.constant_input;
    if ("as_none" in value) continue;
    const [constant] = Object.values(value) as [number | bigint | string | boolean];
    // As Python compares them: 3 is 3.0 and True is 1, but "3" is no 3.
    const isEqual =
      given instanceof Scalar && typeof constant !== "string"
        ? given.re === Number(constant) && given.im === 0
        : given === constant;
    if (isEqual) continue;
    const wanted = resolver(program.main, value) as { readonly constant: RuntimeValue };
    throw guardFailed(
      `${name} == ${describeRuntimeValue(wanted.constant)}`,
      `it is ${describeRuntimeValue(given)}`,
    );
  }
}

function checkKind(name: string, value: RuntimeValue, kinds: readonly Category[], wanted: string): Scalar {
  if (value instanceof Scalar && kinds.includes(value.category)) return value;
  throw guardFailed(`${name} is ${wanted}`, `it is ${describeRuntimeValue(value)}`);
}

function missing(program: Program, name: string): InputError {
  return new InputError("run/missing-input", `the program's input '${name}' has no value`, {
    help: `${inputsText(program)}: give tensors with --inputs and numbers with --set NAME=VALUE`,
  });
}

/** @throws InputError for a name that is none of the program's inputs. */
export function checkNames(program: Program, given: Iterable<string>): void {
  const names = userInputs(program);
  for (const name of given) {
    if (names.includes(name)) continue;
    const message = `the program has no input '${name}'${didYouMean(name, names)}`;
    throw new InputError("run/unknown-input", message, { help: inputsText(program) });
  }
}

function inputsText(program: Program): string {
  const names = userInputs(program);
  return names.length === 0 ? "it takes no inputs" : `its inputs are ${names.join(", ")}`;
}

const guardFailed = (guard: string, found: string): InputError =>
  new InputError("run/guard", `guard failed: ${guard}; ${found}`, {
    help: "the program was exported for other inputs: give inputs that fit, or export it with dynamic_shapes",
  });

function checkTensor(
  program: Program,
  name: string,
  value: RuntimeValue,
  symbols: Symbols,
  places: Places,
  later: (() => void)[],
): void {
  const meta = program.main.source.tensor_values.get(name);
  if (meta === undefined) return;
  if (!isTensor(value)) {
    throw guardFailed(`${name} is a tensor`, `it is ${describeRuntimeValue(value)}`);
  }
  if (value.rank !== meta.sizes.length) {
    throw guardFailed(`${name}.dim() == ${meta.sizes.length}`, `${name} is ${value}`);
  }
  for (const [d, size] of meta.sizes.entries()) {
    checkSize(`${name}.size()[${d}]`, BigInt(value.size(d)), size, symbols, places, later);
  }
}

/** A symbol that stands alone takes the size it finds; what is computed from symbols is checked when all are known. */
function checkSize(
  what: string,
  found: bigint,
  size: SymInt,
  symbols: Symbols,
  places: Places,
  later: (() => void)[],
): void {
  if ("as_int" in size) {
    if (BigInt(size.as_int) !== found) throw guardFailed(`${what} == ${size.as_int}`, `it is ${found}`);
    return;
  }
  const expr = parseExpr(size.as_expr.expr_str);
  if (expr === undefined) return;
  if (expr.kind === "symbol" && !symbols.has(expr.name)) {
    symbols.set(expr.name, found);
    places.set(expr.name, what);
    return;
  }
  later.push(() => {
    const wanted = evaluateExpr(expr, symbols);
    if (wanted !== undefined && wanted !== found) {
      const shown = placed(expr, places);
      throw guardFailed(`${what} == ${shown}`, `it is ${found}, and ${shown} is ${wanted}`);
    }
  });
}

/** An expression with the names of inputs for its symbols. */
function placed(expr: Expr, places: Places): string {
  return formatExpr(expr).replace(/[A-Za-z_]\w*/g, (name) => places.get(name) ?? name);
}

function checkRanges(program: Program, symbols: Symbols, places: Places): void {
  for (const [text, { min_val, max_val }] of program.document.root.range_constraints) {
    const expr = parseExpr(text);
    const value = expr && evaluateExpr(expr, symbols);
    if (expr === undefined || typeof value !== "bigint") continue;
    const shown = placed(expr, places);
    // Every dynamic size is taken to be at least 2 while tracing; torch does not hold calls to that.
    if (min_val !== null && min_val !== undefined && min_val > 2 && value < BigInt(min_val)) {
      throw guardFailed(`${shown} >= ${min_val}`, `it is ${value}`);
    }
    if (max_val !== null && max_val !== undefined && value > BigInt(max_val)) {
      throw guardFailed(`${shown} <= ${max_val}`, `it is ${value}`);
    }
  }
}

function checkGuards(program: Program, values: readonly RuntimeValue[]): void {
  for (const { text, expr, numbers } of guardsOf(program)) {
    const symbols: Symbols = new Map();
    const found: string[] = [];
    for (const [symbol, { input, dim, text: place }] of numbers) {
      const value = values[input];
      if (isTensor(value) && dim !== null) symbols.set(symbol, BigInt(value.size(dim)));
      else if (value instanceof Scalar && dim === null) symbols.set(symbol, value.integer);
      const is = `${place} is ${symbols.get(symbol)}`;
      if (symbols.has(symbol) && !found.includes(is)) found.push(is);
    }
    if (expr === undefined || evaluateExpr(expr, symbols) !== false) continue;
    throw guardFailed(text, found.join(", "));
  }
}
