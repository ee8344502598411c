import type { SymInt } from "../../schema/types.generated.ts";
import { evaluate } from "./srepr.ts";

/**
 * One assignment of numbers to the symbols of a program. Conditions are decided on numbers: round 0 takes the
 * sizes seen while tracing, further rounds take other sizes; an answer that all rounds share is certain.
 */
export class Symbols {
  readonly round: number;
  /** Whether anything symbolic was asked for, so whether another round could differ. */
  touched = false;
  readonly #values = new Map<string, number>();

  constructor(round: number) {
    this.round = round;
  }

  /** A number for a value of which nothing is known. */
  unknown(): number {
    this.touched = true;
    return NaN;
  }

  expression(text: string, hint: number | undefined): number {
    this.touched = true;
    if (this.round === 0 && hint !== undefined) return hint;
    let value = this.#values.get(text);
    if (value === undefined) {
      value = evaluate(text, (symbol) => sizeOf(symbol, this.round));
      this.#values.set(text, value);
    }
    return value;
  }
}

/** The number a SymInt stands for. */
export function numberOf(size: SymInt, symbols: Symbols): number {
  if ("as_int" in size) return Number(size.as_int);
  const { expr_str, hint } = size.as_expr;
  const number = hint !== null && hint !== undefined && "as_int" in hint ? Number(hint.as_int) : undefined;
  return symbols.expression(expr_str, number);
}

/** Multiples of 840, so that the quotients that reshaping leaves behind are exact; no two symbols are likely equal. */
function sizeOf(symbol: string, round: number): number {
  let hash = 7 * (round + 1);
  for (let i = 0; i < symbol.length; i++) hash = (hash * 31 + symbol.charCodeAt(i)) % 9973;
  return 840 * (1 + (hash % 997));
}
