/** What is wrong with a symbolic expression that can be read. */
import type { Expr } from "./symbolic.ts";

/** What an expression gives; a symbol, and what chooses between two, may be of either kind. */
type Sort = "number" | "truth" | "any";

const COMPARISONS = new Set(["StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan"]);
const CONNECTIVES = new Set(["And", "Or", "Not", "Xor", "Implies", "Nor", "Nand"]);
/** Their operands are of any kind. */
const EITHER = new Set(["Equality", "Unequality"]);
const CHOICES = new Set(["Where", "Piecewise", "ExprCondPair", "ITE", "Identity"]);

/** The functions of numbers that torch's value ranges know (torch/utils/_sympy/interp.py handlers), or that sympy reads. */
const ARITHMETIC = new Set(
  `Add Mul Pow Integer Rational Max Min Abs Mod log exp floor ceiling sqrt sign
cos sin tan sinh cosh tanh asin acos atan asinh acosh atanh
FloorDiv ModularIndexing PythonMod CleanDiv CeilDiv CeilToInt FloorToInt LShift RShift PowByNatural FloatPow
FloatTrueDiv IntTrueDiv IsNonOverlappingAndDenseIndicator TruncToFloat TruncToInt RoundToInt RoundDecimal ToFloat`.split(
    /\s+/,
  ),
);

/** Names of functions that torch makes: `OpaqueUnaryFn_sqrt`, `BitwiseFn_bitwise_and`. */
const MADE = /^(OpaqueUnaryFn|BitwiseFn)_\w+$/;

/**
 * A phrase for what torch cannot make of the expression, which has to give a number or a truth value; undefined when
 * there is nothing. Every function is one that torch knows, and a truth value is no operand of arithmetic.
 */
export function exprFault(expr: Expr, wanted: "number" | "truth"): string | undefined {
  const sort = sortOf(expr);
  if (sort === "any") return undefined;
  if (sort !== "number" && sort !== "truth") return sort.fault;
  return sort === wanted ? undefined : `a ${WORDS[sort]} where a ${WORDS[wanted]} is due`;
}

const WORDS = { number: "number", truth: "truth value" } as const;

function sortOf(expr: Expr): Sort | { readonly fault: string } {
  if (expr.kind === "symbol") return "any";
  if (expr.kind === "boolean") return "truth";
  if (expr.kind !== "call") return "number";
  const { op } = expr;
  const result: Sort | undefined = resultOf(op);
  if (result === undefined) return { fault: `a function that torch does not know, ${op.slice(0, 40)}` };
  const operands: Sort = CONNECTIVES.has(op) ? "truth" : EITHER.has(op) || CHOICES.has(op) ? "any" : "number";
  for (const arg of expr.args) {
    const sort = sortOf(arg);
    if (typeof sort === "object") return sort;
    if (sort === "any" || operands === "any" || sort === operands) continue;
    return { fault: `a ${WORDS[sort]} as an operand of ${op}` };
  }
  return result;
}

function resultOf(op: string): Sort | undefined {
  if (CHOICES.has(op)) return "any";
  if (COMPARISONS.has(op) || EITHER.has(op) || CONNECTIVES.has(op)) return "truth";
  return ARITHMETIC.has(op) || MADE.test(op) ? "number" : undefined;
}

/** The symbols of an expression that it declares, with their assumptions; a plain formula declares none. */
export function declarations(
  expr: Expr,
  into: { readonly name: string; readonly assumptions: string }[] = [],
): readonly { readonly name: string; readonly assumptions: string }[] {
  if (expr.kind === "call") for (const arg of expr.args) declarations(arg, into);
  else if (expr.kind === "symbol" && expr.assumptions !== undefined) {
    into.push({ name: expr.name, assumptions: expr.assumptions });
  }
  return into;
}
