/** The value of a symbolic expression; integers and fractions are exact. */
import type { Expr } from "./symbolic.ts";

/** A bigint for an integer, a number for a float or a fraction. */
export type SymbolicValue = bigint | number | boolean;

/** An exact fraction in lowest terms with q > 0, a float, or a truth value. */
type Value = { readonly p: bigint; readonly q: bigint } | number | boolean;

/** No size has more digits; a hostile power must not fill the memory. */
const LARGEST = 1n << 4096n;

/**
 * The value of an expression when its symbols have these values. undefined when a symbol has none, when a function is
 * not known, or when there is no value (a division by zero, an integer beyond 4096 bits).
 */
export function evaluateExpr(
  expr: Expr,
  symbols: ReadonlyMap<string, bigint | number>,
): SymbolicValue | undefined {
  const value = evaluate(expr, symbols);
  if (typeof value !== "object") return value;
  return value.q === 1n ? value.p : Number(value.p) / Number(value.q);
}

function evaluate(expr: Expr, symbols: ReadonlyMap<string, bigint | number>): Value | undefined {
  switch (expr.kind) {
    case "integer":
      return { p: expr.value, q: 1n };
    case "rational":
      return fraction(expr.p, expr.q);
    case "float":
    case "boolean":
      return expr.value;
    case "symbol": {
      const value = symbols.get(expr.name);
      return typeof value === "bigint" ? { p: value, q: 1n } : value;
    }
    case "call": {
      const rule = FUNCTIONS.get(expr.op);
      if (rule === undefined) return undefined;
      const args: Value[] = [];
      for (const arg of expr.args) {
        const value = evaluate(arg, symbols);
        if (value === undefined) return undefined;
        args.push(value);
      }
      return bounded(rule(args));
    }
  }
}

type Rule = (args: readonly Value[]) => Value | undefined;

function fold(combine: (a: Value, b: Value) => Value | undefined): Rule {
  return ([first, ...rest]) => {
    let result = first;
    for (const arg of rest) result = result === undefined ? undefined : bounded(combine(result, arg));
    return result;
  };
}

/** A function of two integers. */
function integers(compute: (a: bigint, b: bigint) => bigint | undefined): Rule {
  return ([a, b]) => {
    const left = integer(a);
    const right = integer(b);
    if (left === undefined || right === undefined) return undefined;
    const result = compute(left, right);
    return result === undefined ? undefined : { p: result, q: 1n };
  };
}

function floats(compute: (a: number, b: number) => number): Rule {
  return ([a, b = 0]) => (a === undefined ? undefined : compute(float(a), float(b)));
}

/** A function from a float to an integer; of an exact fraction where the float would not be. */
function rounding(exact: (p: bigint, q: bigint) => bigint, inexact: (x: number) => number): Rule {
  return ([x]) => {
    if (x === undefined || typeof x === "boolean") return undefined;
    if (typeof x === "object") return { p: exact(x.p, x.q), q: 1n };
    return Number.isFinite(x) ? { p: BigInt(inexact(x)), q: 1n } : undefined;
  };
}

function comparison(holds: (order: number) => boolean): Rule {
  return ([a, b]) => (a === undefined || b === undefined ? undefined : holds(compare(a, b)));
}

const floorTo = rounding(floorDiv, Math.floor);
const ceilTo = rounding((p, q) => -floorDiv(-p, q), Math.ceil);
const truncTo = rounding((p, q) => p / q, Math.trunc);
const modulo = integers((a, b) => (b === 0n ? undefined : a - b * floorDiv(a, b)));
const shiftWidth = (b: bigint): boolean => b >= 0n && b <= 4096n;

const FUNCTIONS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["Add", fold(add)],
  ["Mul", fold(multiply)],
  ["Pow", ([a, b]) => (a === undefined || b === undefined ? undefined : raise(a, b))],
  ["PowByNatural", ([a, b]) => (a === undefined || b === undefined ? undefined : raise(a, b))],
  ["FloatPow", floats((a, b) => a ** b)],
  ["FloatTrueDiv", floats((a, b) => a / b)],
  ["IntTrueDiv", floats((a, b) => a / b)],
  ["FloorDiv", integers((a, b) => (b === 0n ? undefined : floorDiv(a, b)))],
  ["CleanDiv", integers((a, b) => (b === 0n ? undefined : floorDiv(a, b)))],
  ["CeilDiv", integers((a, b) => (b === 0n ? undefined : -floorDiv(-a, b)))],
  ["Mod", modulo],
  ["PythonMod", modulo],
  ["ModularIndexing", modularIndexing],
  ["LShift", integers((a, b) => (shiftWidth(b) ? a << b : undefined))],
  ["RShift", integers((a, b) => (shiftWidth(b) ? a >> b : undefined))],
  ["BitwiseFn_bitwise_and", integers((a, b) => a & b)],
  ["BitwiseFn_bitwise_or", integers((a, b) => a | b)],
  ["BitwiseFn_bitwise_xor", integers((a, b) => a ^ b)],
  ["Max", fold((a, b) => (compare(a, b) >= 0 ? a : b))],
  ["Min", fold((a, b) => (compare(a, b) <= 0 ? a : b))],
  ["Abs", ([a]) => (a !== undefined && compare(a, ZERO) < 0 ? multiply(a, MINUS_ONE) : a)],
  ["Where", ([condition, yes, no]) => (condition === true ? yes : condition === false ? no : undefined)],
  ["floor", floorTo],
  ["FloorToInt", floorTo],
  ["ceiling", ceilTo],
  ["CeilToInt", ceilTo],
  ["TruncToInt", truncTo],
  ["TruncToFloat", floats((a) => Math.trunc(a))],
  ["RoundToInt", ([x]) => (x === undefined ? undefined : wholeNumber(roundHalfEven(float(x))))],
  ["ToFloat", floats((a) => a)],
  ["Identity", ([a]) => a],
  ["Equality", comparison((order) => order === 0)],
  ["Unequality", comparison((order) => order !== 0)],
  ["StrictLessThan", comparison((order) => order < 0)],
  ["LessThan", comparison((order) => order <= 0)],
  ["StrictGreaterThan", comparison((order) => order > 0)],
  ["GreaterThan", comparison((order) => order >= 0)],
  ["And", (args) => args.every((arg) => arg === true)],
  ["Or", (args) => args.some((arg) => arg === true)],
  ["Not", ([a]) => (typeof a === "boolean" ? !a : undefined)],
  ["OpaqueUnaryFn_sqrt", floats((a) => Math.sqrt(a))],
  ["OpaqueUnaryFn_exp", floats((a) => Math.exp(a))],
  ["OpaqueUnaryFn_log", floats((a) => Math.log(a))],
  ["OpaqueUnaryFn_log2", floats((a) => Math.log2(a))],
]);

const ZERO: Value = { p: 0n, q: 1n };
const MINUS_ONE: Value = { p: -1n, q: 1n };

function modularIndexing([x, divisor, modulus]: readonly Value[]): Value | undefined {
  const [a, b, c] = [integer(x), integer(divisor), integer(modulus)];
  if (a === undefined || !b || !c) return undefined;
  const quotient = floorDiv(a, b);
  return { p: quotient - c * floorDiv(quotient, c), q: 1n };
}

function add(a: Value, b: Value): Value | undefined {
  if (typeof a === "object" && typeof b === "object") return fraction(a.p * b.q + b.p * a.q, a.q * b.q);
  return float(a) + float(b);
}

function multiply(a: Value, b: Value): Value | undefined {
  if (typeof a === "object" && typeof b === "object") return fraction(a.p * b.p, a.q * b.q);
  return float(a) * float(b);
}

function raise(base: Value, exponent: Value): Value | undefined {
  const power = integer(exponent);
  if (typeof base !== "object" || power === undefined) return float(base) ** float(exponent);
  const size = power < 0n ? -power : power;
  const longest = BigInt(base.p.toString(2).length + base.q.toString(2).length);
  if (size > 4096n || longest * size > 16384n) {
    const unit = base.q === 1n && (base.p === 1n || base.p === 0n) && power > 0n;
    return unit ? base : undefined;
  }
  return power < 0n ? fraction(base.q ** size, base.p ** size) : { p: base.p ** size, q: base.q ** size };
}

function fraction(p: bigint, q: bigint): Value | undefined {
  if (q === 0n) return undefined;
  let [a, b] = [p < 0n ? -p : p, q < 0n ? -q : q];
  while (b !== 0n) [a, b] = [b, a % b];
  const divisor = a === 0n ? 1n : q < 0n ? -a : a;
  return { p: p / divisor, q: q / divisor };
}

function bounded(value: Value | undefined): Value | undefined {
  if (typeof value !== "object") return value;
  const { p, q } = value;
  return p > LARGEST || -p > LARGEST || q > LARGEST ? undefined : value;
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function compare(a: Value, b: Value): number {
  if (typeof a !== "object" || typeof b !== "object") return float(a) - float(b);
  const [left, right] = [a.p * b.q, b.p * a.q];
  return left < right ? -1 : left > right ? 1 : 0;
}

function integer(value: Value | undefined): bigint | undefined {
  return typeof value === "object" && value.q === 1n ? value.p : undefined;
}

function float(value: Value): number {
  return typeof value === "object" ? Number(value.p) / Number(value.q) : Number(value);
}

function wholeNumber(value: number): Value | undefined {
  return Number.isFinite(value) ? { p: BigInt(value), q: 1n } : undefined;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
