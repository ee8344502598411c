/**
 * Symbolic sizes. A document writes them as sympy's `srepr`: `Add(Symbol('s77', integer=True), Integer(-1))`; files
 * of older torches as plain formulas, `s77 - 1`. Both are read here; symbolic-print.ts prints a tree as torch does and
 * symbolic-evaluate.ts gives its value.
 */
import type { SymBool, SymFloat, SymInt } from "../schema/types.generated.ts";

export { evaluateExpr } from "./symbolic-evaluate.ts";
export { formatExpr } from "./symbolic-print.ts";

/** A symbolic expression; `op` is the name of a sympy class or torch function: `Add`, `Mul`, `FloorDiv`, `Max`, ... */
export type Expr =
  | { readonly kind: "symbol"; readonly name: string; readonly assumptions?: string }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "rational"; readonly p: bigint; readonly q: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "call"; readonly op: string; readonly args: readonly Expr[] };

/** Deeper or longer than anything a model has; what reads a tree may therefore recurse. */
const DEEPEST = 120;
const LONGEST = 200_000;
const MEMO_SIZE = 50_000;

const memo = new Map<string, Expr | undefined>();

/**
 * Reads an expression. Memoised, so that equal texts give the same tree. undefined for what is no expression, and for
 * one nested deeper than any program's.
 */
export function parseExpr(text: string): Expr | undefined {
  const known = memo.get(text);
  if (known !== undefined || memo.has(text)) return known;
  if (memo.size >= MEMO_SIZE) memo.clear();
  const expr = text.length > LONGEST ? undefined : parse(text);
  memo.set(text, expr);
  return expr;
}

/** The names of the symbols in an expression. */
export function symbolsOf(expr: Expr, into: Set<string> = new Set()): Set<string> {
  if (expr.kind === "symbol") into.add(expr.name);
  else if (expr.kind === "call") for (const arg of expr.args) symbolsOf(arg, into);
  return into;
}

/** The symbols of a size or a symbolic number: none for a plain one, undefined for an expression that cannot be read. */
export function symbolsIn(value: SymInt | SymFloat | SymBool): ReadonlySet<string> | undefined {
  if (!("as_expr" in value)) return NONE;
  const expr = parseExpr(value.as_expr.expr_str);
  return expr && symbolsOf(expr);
}

const NONE: ReadonlySet<string> = new Set();

/** An operator of the plain formulas, with Python's precedence. */
const INFIX: Readonly<Record<string, { readonly level: number; readonly op: string }>> = {
  "|": { level: 1, op: "Or" },
  "&": { level: 2, op: "And" },
  "==": { level: 3, op: "Equality" },
  "!=": { level: 3, op: "Unequality" },
  "<": { level: 3, op: "StrictLessThan" },
  "<=": { level: 3, op: "LessThan" },
  ">": { level: 3, op: "StrictGreaterThan" },
  ">=": { level: 3, op: "GreaterThan" },
  "+": { level: 4, op: "Add" },
  "-": { level: 4, op: "Sub" },
  "*": { level: 5, op: "Mul" },
  "/": { level: 5, op: "Div" },
  "//": { level: 5, op: "FloorDiv" },
  "%": { level: 5, op: "PythonMod" },
  "**": { level: 7, op: "Pow" },
};
const UNARY_LEVEL = 6;

/** Short names that sympy accepts for its classes. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["Eq", "Equality"],
  ["Ne", "Unequality"],
  ["Lt", "StrictLessThan"],
  ["Le", "LessThan"],
  ["Gt", "StrictGreaterThan"],
  ["Ge", "GreaterThan"],
]);

const TOKEN =
  /\s*(?:([A-Za-z_][\w.]*)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|'([^']*)'|"([^"]*)"|(\*\*|\/\/|[<>=!]=|[-+*/%(),=<>&|~]))/y;

interface Token {
  readonly kind: "name" | "number" | "string" | "sign" | "end";
  readonly text: string;
}

const END: Token = { kind: "end", text: "" };

class SyntaxFault extends Error {}

function parse(text: string): Expr | undefined {
  try {
    const parser = new Parser(tokenize(text));
    const expr = parser.infix(0);
    return parser.atEnd() ? expr : undefined;
  } catch (error) {
    if (error instanceof SyntaxFault) return undefined;
    throw error;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const source = text.trim();
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < source.length) {
    const match = pattern.exec(source);
    if (match === null) throw new SyntaxFault();
    const [, name, number, single, double, sign] = match;
    if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else tokens.push({ kind: "string", text: single ?? double ?? "" });
  }
  return tokens;
}

/** Precedence climbing; the depth is counted, since it recurses into arguments and operands. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  infix(level: number): Expr {
    if (++this.#depth > DEEPEST) throw new SyntaxFault();
    let left = this.#prefix();
    for (;;) {
      const operator = this.#peek().kind === "sign" ? INFIX[this.#peek().text] : undefined;
      if (operator === undefined || operator.level < level) break;
      this.#at++;
      // `**` binds to the right, all others to the left.
      left = combine(operator.op, left, this.infix(operator.op === "Pow" ? UNARY_LEVEL : operator.level + 1));
    }
    this.#depth--;
    return left;
  }

  #prefix(): Expr {
    const token = this.#next();
    if (token.kind === "number") return number(token.text);
    if (token.kind === "name") return this.#named(token.text);
    if (token.text === "(") {
      const inner = this.infix(0);
      this.#expect(")");
      return inner;
    }
    if (token.text === "-") return negate(this.infix(UNARY_LEVEL));
    if (token.text === "+") return this.infix(UNARY_LEVEL);
    if (token.text === "~") return { kind: "call", op: "Not", args: [this.infix(UNARY_LEVEL)] };
    throw new SyntaxFault();
  }

  #named(name: string): Expr {
    if (this.#peek().text !== "(" || this.#peek().kind !== "sign") return word(name);
    this.#at++;
    if (name === "Symbol" || name === "Dummy" || name === "Float") return this.#leaf(name);
    const args: Expr[] = [];
    while (!this.#accept(")")) {
      if (args.length > 0) this.#expect(",");
      args.push(this.infix(0));
    }
    return call(ALIASES.get(name) ?? name, args);
  }

  /** `Symbol('s77', positive=True, integer=True)` or `Float('1.5', precision=53)`, after its parenthesis. */
  #leaf(name: string): Expr {
    const first = this.#next();
    const assumptions: string[] = [];
    while (!this.#accept(")")) {
      this.#expect(",");
      assumptions.push(this.#keyword());
    }
    if (name !== "Float") {
      if (first.kind !== "string") throw new SyntaxFault();
      return { kind: "symbol", name: first.text, assumptions: assumptions.sort().join(", ") };
    }
    const value = Number(first.text);
    if (first.kind === "sign" || first.kind === "name" || Number.isNaN(value)) throw new SyntaxFault();
    return { kind: "float", value };
  }

  /** `positive=True` */
  #keyword(): string {
    const [name, sign, value] = [this.#next(), this.#next(), this.#next()];
    if (name.kind !== "name" || sign.text !== "=" || value.kind === "sign" || value === END) {
      throw new SyntaxFault();
    }
    return `${name.text}=${value.text}`;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #accept(sign: string): boolean {
    const token = this.#peek();
    if (token === END) throw new SyntaxFault();
    if (token.kind !== "sign" || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#accept(sign)) throw new SyntaxFault();
  }
}

function word(name: string): Expr {
  if (name === "true" || name === "True") return { kind: "boolean", value: true };
  if (name === "false" || name === "False") return { kind: "boolean", value: false };
  if (name === "oo") return { kind: "float", value: Number.POSITIVE_INFINITY };
  return { kind: "symbol", name };
}

function number(text: string): Expr {
  return /^\d+$/.test(text)
    ? { kind: "integer", value: BigInt(text) }
    : { kind: "float", value: Number(text) };
}

function call(op: string, args: readonly Expr[]): Expr {
  const [first, second] = args;
  if (op === "Integer" && first?.kind === "integer") return first;
  if (op === "Rational" && first?.kind === "integer" && second?.kind === "integer" && second.value !== 0n) {
    return { kind: "rational", p: first.value, q: second.value };
  }
  return { kind: "call", op, args };
}

function negate(expr: Expr): Expr {
  if (expr.kind === "integer") return { kind: "integer", value: -expr.value };
  if (expr.kind === "rational") return { kind: "rational", p: -expr.p, q: expr.q };
  if (expr.kind === "float") return { kind: "float", value: -expr.value };
  const factors = expr.kind === "call" && expr.op === "Mul" ? expr.args : [expr];
  return { kind: "call", op: "Mul", args: [{ kind: "integer", value: -1n }, ...factors] };
}

/** What sympy makes of an infix operator: n-ary sums and products, no subtraction and no division. */
function combine(op: string, left: Expr, right: Expr): Expr {
  if (op === "Sub") return combine("Add", left, negate(right));
  if (op === "Div") {
    return combine("Mul", left, {
      kind: "call",
      op: "Pow",
      args: [right, { kind: "integer", value: -1n }],
    });
  }
  if (op !== "Add" && op !== "Mul") return { kind: "call", op, args: [left, right] };
  const flat = (expr: Expr): readonly Expr[] => (expr.kind === "call" && expr.op === op ? expr.args : [expr]);
  return { kind: "call", op, args: [...flat(left), ...flat(right)] };
}
