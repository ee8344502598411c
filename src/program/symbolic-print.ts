/**
 * Prints a symbolic expression as torch does, which is as sympy's StrPrinter does with torch's own functions
 * (torch/utils/_sympy/functions.py): `s77 - 1`, `((s77 + 3)//2)`, `(Mod(s77, 3)) + 2`.
 */
import type { Expr } from "./symbolic.ts";
import { type Call, coefficient, orderedArguments, orderedFactors, orderedTerms } from "./symbolic-order.ts";

const ADD = 40;
const MUL = 50;
const POW = 60;
const FUNCTION = 70;
const ATOM = 1000;

/** `precedence` as sympy or torch's functions give it; a lower one is put in parentheses. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ["Add", ADD],
  ["Pow", POW],
  ["Or", 20],
  ["And", 30],
  ["Not", 100],
  ["Equality", MUL],
  ["Unequality", MUL],
  ["StrictLessThan", 35],
  ["LessThan", 35],
  ["StrictGreaterThan", 35],
  ["GreaterThan", 35],
  ["Max", ATOM],
  ["Min", ATOM],
  ["PowByNatural", 50],
  ["FloatPow", 60],
  ["Identity", 10],
]);
const LOW_FUNCTIONS: ReadonlySet<string> = new Set([
  "FloorDiv",
  "ModularIndexing",
  "Where",
  "PythonMod",
  "Mod",
  "CleanDiv",
  "FloatTrueDiv",
  "IntTrueDiv",
]);

const RELATIONS: ReadonlyMap<string, string> = new Map([
  ["StrictLessThan", "<"],
  ["LessThan", "<="],
  ["StrictGreaterThan", ">"],
  ["GreaterThan", ">="],
]);

const texts = new WeakMap<Expr, string>();

/** The expression as `str(ep)` shows it. */
export function formatExpr(expr: Expr): string {
  if (expr.kind !== "call") return formatLeaf(expr);
  let text = texts.get(expr);
  if (text === undefined) texts.set(expr, (text = formatCall(expr)));
  return text;
}

function formatLeaf(expr: Exclude<Expr, Call>): string {
  switch (expr.kind) {
    case "symbol":
      return expr.name;
    case "integer":
      return String(expr.value);
    case "rational":
      return `${expr.p}/${expr.q}`;
    case "boolean":
      return expr.value ? "True" : "False";
    case "float":
      return formatFloat(expr.value);
  }
}

/** Mirrors mpmath's to_str with 15 digits and the zeros stripped, as sympy prints a Float inside an expression. */
function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "oo" : "-oo";
  if (value === 0) return "0.0";
  const [digits, exponentText] = value.toExponential(14).split("e") as [string, string];
  const exponent = Number(exponentText);
  const strip = (text: string): string => text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ".0");
  if (exponent <= -5 || exponent >= 15) {
    return `${strip(digits)}e${exponent < 0 ? "" : "+"}${exponent}`;
  }
  return strip(value.toFixed(Math.max(14 - exponent, 1)));
}

function formatCall(expr: Call): string {
  const { op, args } = expr;
  const relation = RELATIONS.get(op);
  if (args.length === 2) {
    const [left, right] = args as [Expr, Expr];
    if (relation !== undefined) return `${wrap(left, 35)} ${relation} ${wrap(right, 35)}`;
    if (op === "FloorDiv" || op === "CleanDiv")
      return `(${wrap(left, ATOM - 0.5)}//${wrap(right, ATOM - 0.5)})`;
    if (op === "Pow") return formatPower(left, right);
    if (op === "Equality") return `Eq(${formatExpr(left)}, ${formatExpr(right)})`;
    if (op === "Unequality") return `Ne(${formatExpr(left)}, ${formatExpr(right)})`;
  }
  if (op === "Add" && args.length > 0) return formatSum(expr);
  if (op === "Mul" && args.length > 0) return formatProduct(expr);
  if (op === "And") return args.map((arg) => wrap(arg, 38)).join(" & ");
  if (op === "Or") return args.map((arg) => wrap(arg, 36)).join(" | ");
  if (op === "Not" && args.length === 1) return `~${wrap(args[0]!, 100)}`;
  if (op === "Identity" && args.length === 1) return `(${formatExpr(args[0]!)})`;
  const shown = op === "Max" || op === "Min" ? orderedArguments(expr) : args;
  return `${op}(${shown.map(formatExpr).join(", ")})`;
}

/** Mirrors StrPrinter._print_Add. */
function formatSum(expr: Call): string {
  let text = "";
  for (const term of orderedTerms(expr)) {
    let piece = formatExpr(term);
    const isSum = term.kind === "call" && term.op === "Add";
    const negative = piece.startsWith("-") && !isSum;
    if (negative) piece = piece.slice(1);
    if (isSum || precedence(term) < ADD) piece = `(${piece})`;
    if (text === "") text = negative ? `-${piece}` : piece;
    else text += `${negative ? " - " : " + "}${piece}`;
  }
  return text;
}

/** Mirrors StrPrinter._print_Mul: the sign in front, what has a negative exponent below the line. */
function formatProduct(expr: Call): string {
  const level = precedence(expr);
  const above: string[] = [];
  const below: string[] = [];
  const minus = coefficient(expr) < 0;
  for (const factor of orderedFactors(expr)) {
    if (factor.kind === "integer" || factor.kind === "rational") {
      // The ordered factors come with their sign; it stands in front of the product.
      const p = factor.kind === "integer" ? factor.value : factor.p;
      const size = p < 0n ? -p : p;
      if (size !== 1n) above.push(String(size));
      if (factor.kind === "rational") below.push(String(factor.q));
      continue;
    }
    if (factor.kind === "float") {
      above.push(formatFloat(Math.abs(factor.value)));
      continue;
    }
    const inverse = inverted(factor);
    if (inverse === undefined) above.push(wrap(factor, level));
    else below.push(wrap(inverse, level));
  }
  const top = `${minus ? "-" : ""}${above.length === 0 ? "1" : above.join("*")}`;
  if (below.length === 0) return top;
  return below.length === 1 ? `${top}/${below[0]}` : `${top}/(${below.join("*")})`;
}

/** `x` for `1/x` and `x**n` for `x**-n`; undefined for anything else. */
function inverted(factor: Expr): Expr | undefined {
  if (factor.kind !== "call" || factor.op !== "Pow") return undefined;
  const [base, exponent] = factor.args;
  if (base === undefined || exponent?.kind !== "integer" || exponent.value >= 0n) return undefined;
  if (exponent.value === -1n) return base;
  return { kind: "call", op: "Pow", args: [base, { kind: "integer", value: -exponent.value }] };
}

/** Mirrors StrPrinter._print_Pow. */
function formatPower(base: Expr, exponent: Expr): string {
  if (exponent.kind === "rational" && exponent.q === 2n) {
    if (exponent.p === 1n) return `sqrt(${formatExpr(base)})`;
    if (exponent.p === -1n) return `1/sqrt(${formatExpr(base)})`;
  }
  if (exponent.kind === "integer" && exponent.value === -1n) return `1/${wrap(base, POW)}`;
  return `${wrap(base, POW)}**${wrap(exponent, POW)}`;
}

function wrap(expr: Expr, level: number): string {
  return precedence(expr) <= level ? `(${formatExpr(expr)})` : formatExpr(expr);
}

function precedence(expr: Expr): number {
  switch (expr.kind) {
    case "integer":
      return expr.value < 0n ? ADD : ATOM;
    case "rational":
      return expr.p < 0n ? ADD : MUL;
    case "float":
      return expr.value < 0 ? ADD : ATOM;
    case "call":
      if (expr.op === "Mul") return productPrecedence(expr);
      return LOW_FUNCTIONS.has(expr.op) ? 35 : (PRECEDENCE.get(expr.op) ?? FUNCTION);
    default:
      return ATOM;
  }
}

/** Mirrors sympy's precedence_Mul: torch's low functions keep a negative product at the level of products. */
function productPrecedence(expr: Call): number {
  for (const arg of expr.args) if (arg.kind === "call" && LOW_FUNCTIONS.has(arg.op)) return MUL;
  return coefficient(expr) < 0 ? ADD : MUL;
}
