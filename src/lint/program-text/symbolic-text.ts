import { type Position, ProgramTextError } from "./scanner.ts";

/** A sum of nothing but one product, kept apart so that products of sizes fold: `coefficient * factors`. */
export interface SymbolicValue {
  readonly coefficient: bigint;
  /** In sympy's srepr, as documents have it. */
  readonly factors: readonly string[];
}

/** `s77*2 + 1`, `Max(1, u0)`, `Eq(u0, 2)` as torch prints them -> what a document holds. */
export function parseSymbolic(text: string, at: Position): SymbolicValue {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|\*\*|\/\/|[<>=!]=|[-+*%<>(),]|\S/g) ?? [];
  const reader = { tokens, pos: 0 };
  const value = expression(reader, 0, () => {
    throw new ProgramTextError(
      at,
      `'${text}' is no size: expected a number, a symbol or an expression of them`,
    );
  });
  if (reader.pos < tokens.length) throw new ProgramTextError(at, `'${text}' is no size`);
  return value;
}

/** The value as sympy's srepr. */
export function srepr({ coefficient, factors }: SymbolicValue): string {
  const parts = coefficient === 1n && factors.length > 0 ? [] : [`Integer(${coefficient})`];
  for (const factor of new Set(factors)) {
    const power = factors.filter((other) => other === factor).length;
    parts.push(power === 1 ? factor : `Pow(${factor}, Integer(${power}))`);
  }
  return parts.length === 1 ? parts[0]! : `Mul(${parts.join(", ")})`;
}

export function isNumber(value: SymbolicValue): boolean {
  return value.factors.length === 0;
}

export function number(coefficient: bigint): SymbolicValue {
  return { coefficient, factors: [] };
}

export function product(a: SymbolicValue, b: SymbolicValue): SymbolicValue {
  const coefficient = a.coefficient * b.coefficient;
  return { coefficient, factors: coefficient === 0n ? [] : [...a.factors, ...b.factors] };
}

interface TokenCursor {
  readonly tokens: readonly string[];
  pos: number;
}

const BINARY: Readonly<Record<string, { readonly power: number; readonly name: string }>> = {
  "==": { power: 1, name: "Equality" },
  "!=": { power: 1, name: "Unequality" },
  "<": { power: 1, name: "StrictLessThan" },
  "<=": { power: 1, name: "LessThan" },
  ">": { power: 1, name: "StrictGreaterThan" },
  ">=": { power: 1, name: "GreaterThan" },
  "+": { power: 2, name: "Add" },
  "-": { power: 2, name: "Add" },
  "*": { power: 3, name: "Mul" },
  "//": { power: 3, name: "FloorDiv" },
  "%": { power: 3, name: "PythonMod" },
  "**": { power: 4, name: "Pow" },
};

const FUNCTIONS: Readonly<Record<string, string>> = { Eq: "Equality", Ne: "Unequality" };

function expression(cursor: TokenCursor, power: number, fail: () => never): SymbolicValue {
  let left = primary(cursor, fail);
  for (;;) {
    const operator = cursor.tokens[cursor.pos] ?? "";
    const entry = Object.hasOwn(BINARY, operator) ? BINARY[operator]! : undefined;
    if (entry === undefined || entry.power <= power) return left;
    cursor.pos++;
    const right = expression(cursor, entry.power, fail);
    left = combine(operator, entry.name, left, right);
  }
}

function combine(operator: string, name: string, left: SymbolicValue, right: SymbolicValue): SymbolicValue {
  if (operator === "*") return product(left, right);
  const other = operator === "-" ? product(number(-1n), right) : right;
  if (name === "Add" && isNumber(left) && isNumber(other))
    return number(left.coefficient + other.coefficient);
  return call(name, [left, other]);
}

function call(name: string, args: readonly SymbolicValue[]): SymbolicValue {
  return { coefficient: 1n, factors: [`${name}(${args.map(srepr).join(", ")})`] };
}

function primary(cursor: TokenCursor, fail: () => never): SymbolicValue {
  const token = cursor.tokens[cursor.pos++] ?? "";
  if (/^\d/.test(token)) return number(BigInt(token));
  if (token === "-") return product(number(-1n), expression(cursor, 3, fail));
  if (token === "(") {
    const inner = expression(cursor, 0, fail);
    if (cursor.tokens[cursor.pos++] !== ")") fail();
    return inner;
  }
  if (!/^[A-Za-z_]/.test(token)) fail();
  if (cursor.tokens[cursor.pos] !== "(") return { coefficient: 1n, factors: [symbol(token)] };
  cursor.pos++;
  const args: SymbolicValue[] = [];
  do args.push(expression(cursor, 0, fail));
  while (cursor.tokens[cursor.pos++] === ",");
  if (cursor.tokens[cursor.pos - 1] !== ")") fail();
  return call(FUNCTIONS[token] ?? token, args);
}

/** torch assumes more of a backed size (`s77`) than of an unbacked one (`u0`), and nothing of a float (`zuf0`). */
function symbol(name: string): string {
  if (/^s\d/.test(name)) return `Symbol('${name}', positive=True, integer=True)`;
  return /^u\d/.test(name) ? `Symbol('${name}', integer=True)` : `Symbol('${name}')`;
}
