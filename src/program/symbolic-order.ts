/** The order in which sympy prints terms and factors (Expr.as_ordered_terms, Mul.as_ordered_factors, sort_key). */
import type { Expr } from "./symbolic.ts";

export type Call = Extract<Expr, { kind: "call" }>;

/** Nested tuples of texts and numbers, compared as Python compares tuples. */
type Key = string | number | readonly Key[];

const ONE: Key = [[1, 0, "Number"], [0, []], [], 1];
const keys = new WeakMap<Expr, Key>();

/** The product of the number factors of a term, as a float. */
export function coefficient(expr: Expr): number {
  if (expr.kind === "call" && expr.op === "Mul") {
    let product = 1;
    for (const arg of expr.args) product *= numberOf(arg) ?? 1;
    return product;
  }
  return numberOf(expr) ?? 1;
}

function numberOf(expr: Expr): number | undefined {
  if (expr.kind === "integer") return Number(expr.value);
  if (expr.kind === "rational") return Number(expr.p) / Number(expr.q);
  return expr.kind === "float" ? expr.value : undefined;
}

/** The factors of a product, numbers first. */
export function orderedFactors(expr: Call): readonly Expr[] {
  return sortBy(expr.args, sortKey);
}

/** The arguments of Max and Min, whose order has no meaning (StrPrinter._print_LatticeOp). */
export function orderedArguments(expr: Call): readonly Expr[] {
  return sortBy(expr.args, sortKey);
}

/** The terms of a sum: by descending powers of its generators, which are taken in order. */
export function orderedTerms(expr: Call): readonly Expr[] {
  const special = positiveMinus(expr.args);
  if (special !== undefined) return special;
  const powers = expr.args.map(powersOf);
  const generators = new Map<string, Expr>();
  for (const map of powers) for (const [text, { base }] of map) generators.set(text, base);
  const sorted = sortBy([...generators.keys()], (text) => sortKey(generators.get(text)!));
  const place = new Map(sorted.map((text, at) => [text, at]));
  const monomials = new Map<Expr, Key>();
  expr.args.forEach((term, i) => {
    // Only what occurs is listed, so that a sum of n generators costs n and not n squared.
    const present = [...powers[i]!].map(([text, { exponent }]): [number, number] => [
      place.get(text)!,
      -exponent,
    ]);
    monomials.set(term, [present.sort((a, b) => a[0] - b[0]) as unknown as Key, coefficient(term)]);
  });
  return [...expr.args].sort((a, b) => compareTerms(monomials.get(a)!, monomials.get(b)!));
}

/** `1 - x` stands in this order (the special case in as_ordered_terms). */
function positiveMinus(args: readonly Expr[]): readonly Expr[] | undefined {
  if (args.length !== 2) return undefined;
  const [number, product] = numberOf(args[0]!) === undefined ? [args[1]!, args[0]!] : [args[0]!, args[1]!];
  if ((numberOf(number) ?? 0) <= 0 || product.kind !== "call" || product.op !== "Mul") return undefined;
  // srepr writes a negative fraction as several numbers: Mul(Integer(-1), Rational(1, 2), x).
  const others = product.args.filter((arg) => numberOf(arg) === undefined);
  return others.length === 1 && coefficient(product) < 0 ? [number, product] : undefined;
}

type Powers = Map<string, { base: Expr; exponent: number }>;

function powersOf(term: Expr): Powers {
  const powers: Powers = new Map();
  const factors = term.kind === "call" && term.op === "Mul" ? term.args : [term];
  for (const factor of factors) {
    if (numberOf(factor) !== undefined) continue;
    const { base, exponent } = power(factor);
    powers.set(JSON.stringify(sortKey(base)), { base, exponent });
  }
  return powers;
}

function power(factor: Expr): { base: Expr; exponent: number } {
  if (factor.kind === "call" && factor.op === "Pow") {
    const [base, exponent] = factor.args;
    if (base !== undefined && exponent?.kind === "integer") return { base, exponent: Number(exponent.value) };
  }
  return { base: factor, exponent: 1 };
}

/** Sparse monomials: a generator that is missing has the exponent 0. */
function compareTerms(a: Key, b: Key): number {
  const [left, leftNumber] = a as [[number, number][], number];
  const [right, rightNumber] = b as [[number, number][], number];
  for (let i = 0; ; i++) {
    const l = left[i];
    const r = right[i];
    if (l === undefined && r === undefined) return leftNumber - rightNumber;
    if (l === undefined || (r !== undefined && r[0] < l[0])) return -r![1];
    if (r === undefined || l[0] < r[0]) return l[1];
    if (l[1] !== r[1]) return l[1] - r[1];
  }
}

function sortBy<T>(items: readonly T[], keyOf: (item: T) => Key): T[] {
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ item }) => item);
}

/** Mirrors Basic.sort_key: class, arguments, exponent, coefficient. */
function sortKey(expr: Expr): Key {
  let key = keys.get(expr);
  if (key === undefined) keys.set(expr, (key = computeKey(expr)));
  return key;
}

function computeKey(expr: Expr): Key {
  const number = numberOf(expr);
  if (number !== undefined) return [[1, 0, "Number"], [0, []], [], number];
  if (expr.kind === "symbol") return [[2, 0, "Symbol"], [1, [expr.name]], ONE, 1];
  if (expr.kind !== "call")
    return [[2, 0, "Boolean"], [1, [String((expr as { value: boolean }).value)]], ONE, 1];
  const factor = coefficient(expr);
  const rest = expr.op === "Mul" && factor !== 1 ? withoutNumbers(expr) : expr;
  if (rest.kind !== "call") return [...(sortKey(rest) as Key[]).slice(0, 3), factor];
  const { base, exponent } = splitPower(rest);
  return [...headOf(base), exponent, factor];
}

function splitPower(expr: Call): { base: Expr; exponent: Key } {
  if (expr.op !== "Pow" || expr.args.length !== 2) return { base: expr, exponent: ONE };
  return { base: expr.args[0]!, exponent: sortKey(expr.args[1]!) };
}

/** Class and arguments. */
function headOf(expr: Expr): readonly Key[] {
  if (expr.kind !== "call") return (sortKey(expr) as readonly Key[]).slice(0, 2);
  let { args } = expr;
  if (expr.op === "Add") args = orderedTerms(expr);
  else if (expr.op === "Mul") args = orderedFactors(expr);
  return [classKey(expr.op), [args.length, args.map(sortKey)]];
}

function classKey(op: string): Key {
  if (op === "Mul") return [3, 0, op];
  if (op === "Add") return [3, 1, op];
  if (op === "Pow") return [3, 2, op];
  return op === "Max" || op === "Min" ? [5, 0, op] : [4, 10000, op];
}

function withoutNumbers(expr: Call): Expr {
  const args = expr.args.filter((arg) => numberOf(arg) === undefined);
  return args.length === 1 ? args[0]! : { kind: "call", op: "Mul", args };
}

function compareKeys(a: Key, b: Key): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const order = compareKeys(a[i] as Key, b[i] as Key);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (typeof a === "number" && typeof b === "number") return a - b;
  return a < b ? -1 : a > b ? 1 : 0;
}
