import { evaluateExpr, formatExpr, parseExpr, symbolsIn, symbolsOf } from "../../src/program/symbolic.ts";
import type { SymInt } from "../../src/schema/types.generated.ts";

/**
 * Assignments of numbers to the symbols of a program: the sizes seen while tracing, then two others. torch guards on the
 * traced sizes, so two expressions only count as different when they differ under each of them.
 */
export const ROUNDS: readonly number[] = [0, 1, 2];

/** The number a size stands for in a round, or undefined when that is not known. */
export function sizeIn(round: number, size: SymInt): number | undefined {
  if ("as_int" in size) return Number(size.as_int);
  const { expr_str, hint } = size.as_expr;
  if (round === 0) return hint && "as_int" in hint ? Number(hint.as_int) : undefined;
  const expr = parseExpr(expr_str);
  if (expr === undefined) return undefined;
  const symbols = new Map([...symbolsOf(expr)].map((name) => [name, sample(name, round)]));
  const value = evaluateExpr(expr, symbols);
  return typeof value === "bigint" ? Number(value) : undefined;
}

/** True when the two are different numbers in every round in which both are known. */
export function differ(a: SymInt, b: SymInt): boolean {
  let known = false;
  for (const round of ROUNDS) {
    const [x, y] = [sizeIn(round, a), sizeIn(round, b)];
    if (x === undefined || y === undefined) continue;
    if (x === y) return false;
    known = true;
  }
  return known;
}

export function isUnbacked(size: SymInt): boolean {
  const symbols = symbolsIn(size);
  return symbols === undefined || [...symbols].some((name) => name.startsWith("u"));
}

/** `[2, s0 + 1]` */
export function formatSizes(sizes: readonly SymInt[]): string {
  return `[${sizes.map(formatSize).join(", ")}]`;
}

export function formatSize(size: SymInt): string {
  if ("as_int" in size) return String(size.as_int);
  const expr = parseExpr(size.as_expr.expr_str);
  return expr === undefined ? size.as_expr.expr_str : formatExpr(expr);
}

/** A multiple of 840, so that the quotients which reshaping leaves behind are whole; seldom equal for two symbols. */
function sample(symbol: string, round: number): bigint {
  let hash = 7 * round;
  for (let i = 0; i < symbol.length; i++) hash = (hash * 31 + symbol.charCodeAt(i)) % 9973;
  return BigInt(840 * (1 + (hash % 997)));
}
