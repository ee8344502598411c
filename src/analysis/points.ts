/**
 * Numbers for the symbols of a program. Sizes are compared as polynomials are: by their values at points, at which every
 * symbol has a number that the program's ranges and guards allow.
 */
import { type Guard, guardsOf } from "../program/guards.ts";
import type { Program } from "../program/program.ts";
import { evaluateExpr, parseExpr } from "../program/symbolic.ts";
import type { SymInt } from "../schema/types.generated.ts";

/** A number for every symbol. */
export type Point = ReadonlyMap<string, bigint>;

export interface Points {
  readonly points: readonly Point[];
  /** Whether ranges, guards and assertions allow the first: what the data gives has made-up numbers there. */
  readonly allowsFirst: boolean;
}

/** What the hints are multiplied with, which keeps divisibility; apart from the last, each symbol gets another factor. */
const FACTORS = [3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n];

/**
 * What the program was exported with, as far as the document tells; that doubled; and a point at which no two symbols
 * have the same number. Points that ranges, guards or assertions rule out are left out, except for the first.
 */
export function pointsOf(program: Program): Points {
  const first = new Map(hints(program));
  for (const [name, { min_val }] of program.document.root.range_constraints) {
    if (!first.has(name) && /^\w+$/.test(name)) first.set(name, BigInt(Math.max(Number(min_val ?? 2), 3)));
  }
  if (first.size === 0) return { points: [first], allowsFirst: true };
  const allows = conditions(program);
  const doubled = new Map([...first].map(([name, value]) => [name, value * 2n]));
  const points = [first, ...[doubled, ...distinct(program, first)].filter(allows)];
  return { points, allowsFirst: allows(first) };
}

/** The sizes of the inputs when the program was exported, for symbols that stand alone. */
function* hints({ main }: Program): Generator<readonly [string, bigint]> {
  const sizes = [...main.tensorMetas.keys()].flatMap((meta) => meta.sizes);
  for (const size of [...sizes, ...main.source.sym_int_values.values()]) {
    if (!("as_expr" in size)) continue;
    const expr = parseExpr(size.as_expr.expr_str);
    const { hint } = size.as_expr;
    if (expr?.kind === "symbol" && hint && "as_int" in hint) yield [expr.name, BigInt(hint.as_int)];
  }
}

/**
 * A point with another number for each symbol. Numbers that depend on data keep their proportions: what holds between
 * them, nobody wrote down. None for programs of torch 2.7 and older, which do not list their guards.
 */
function distinct({ document }: Program, first: Point): Point[] {
  if (document.root.schema_version.minor < 16) return [];
  const point = new Map<string, bigint>();
  let next = 0;
  for (const [name, hint] of first) {
    const factor = /^u\d/.test(name) ? 2n : FACTORS[next++ % FACTORS.length]!;
    point.set(name, hint * factor);
  }
  const backed = [...point].filter(([name]) => !/^u\d/.test(name)).map(([, value]) => value);
  return backed.length > 1 && new Set(backed).size === backed.length ? [point] : [];
}

function conditions(program: Program): (point: Point) => boolean {
  const ranges = [...program.document.root.range_constraints];
  const guards = guardsOf(program);
  const asserted = assertions(program);
  return (point) => {
    const inRange = ranges.every(([text, { min_val, max_val }]) => {
      const expr = parseExpr(text);
      const value = expr && evaluateExpr(expr, point);
      if (typeof value !== "bigint") return true;
      return (
        value >= BigInt(min_val ?? 0) &&
        (max_val === null || max_val === undefined || value <= BigInt(max_val))
      );
    });
    return (
      inRange && guards.every((guard) => holds(program, guard, point)) && asserted.every((one) => one(point))
    );
  };
}

/** Whether a guard is known to hold. */
function holds({ main }: Program, { expr, numbers }: Guard, point: Point): boolean {
  if (expr === undefined) return false;
  const symbols = new Map<string, bigint>();
  for (const [symbol, { input, dim }] of numbers) {
    const value = main.inputs[input];
    const ofNumber = value && main.source.sym_int_values.get(value.name);
    const size = dim === null ? ofNumber : value?.meta?.sizes[dim];
    const number = size ? sizeAt(size, point) : undefined;
    if (number === undefined) return false;
    symbols.set(symbol, BigInt(number));
  }
  return evaluateExpr(expr, symbols) === true;
}

const ASSERTIONS = /^torch\.ops\.aten\.(_assert_scalar|_functional_assert_scalar)\./;

/** The conditions that the program itself asserts when it runs. */
function assertions({ main }: Program): ((point: Point) => boolean)[] {
  return main.nodes
    .filter(({ target }) => ASSERTIONS.test(target))
    .flatMap(({ operands }) => {
      const condition = main.source.sym_bool_values.get(operands[0]?.name ?? "");
      if (condition === undefined || !("as_expr" in condition)) return [];
      const expr = parseExpr(condition.as_expr.expr_str);
      return [(point: Point) => expr !== undefined && evaluateExpr(expr, point) !== false];
    });
}

/** The value of a size, or undefined when a symbol has none or the value is none of a size. */
export function sizeAt(size: SymInt, point: Point): number | undefined {
  if ("as_int" in size) return Number(size.as_int);
  const expr = parseExpr(size.as_expr.expr_str);
  const value = expr && evaluateExpr(expr, point);
  return typeof value === "bigint" && value >= 0n ? Number(value) : undefined;
}
