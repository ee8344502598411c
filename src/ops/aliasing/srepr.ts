/** Evaluates what `sympy.srepr` writes: `Add(Symbol('s77', positive=True, integer=True), Integer(-1))`. */

type Fold = (args: readonly number[]) => number;

const FUNCTIONS: Readonly<Record<string, Fold>> = {
  Integer: ([n = NaN]) => n,
  Float: ([n = NaN]) => n,
  Rational: ([p = NaN, q = NaN]) => p / q,
  Add: (args) => args.reduce((a, b) => a + b, 0),
  Mul: (args) => args.reduce((a, b) => a * b, 1),
  Pow: ([base = NaN, exponent = NaN]) => base ** exponent,
  PowByNatural: ([base = NaN, exponent = NaN]) => base ** exponent,
  Max: (args) => Math.max(...args),
  Min: (args) => Math.min(...args),
  Abs: ([x = NaN]) => Math.abs(x),
  FloorDiv: ([a = NaN, b = NaN]) => Math.floor(a / b),
  CleanDiv: ([a = NaN, b = NaN]) => Math.floor(a / b),
  IntTrueDiv: ([a = NaN, b = NaN]) => a / b,
  CeilDiv: ([a = NaN, b = NaN]) => Math.ceil(a / b),
  Mod: ([a = NaN, b = NaN]) => a - b * Math.floor(a / b),
  PythonMod: ([a = NaN, b = NaN]) => a - b * Math.floor(a / b),
  ModularIndexing: ([a = NaN, b = NaN, m = NaN]) => Math.floor(a / b) % m,
  TruncToInt: ([x = NaN]) => Math.trunc(x),
  FloorToInt: ([x = NaN]) => Math.floor(x),
  CeilToInt: ([x = NaN]) => Math.ceil(x),
  floor: ([x = NaN]) => Math.floor(x),
  ceiling: ([x = NaN]) => Math.ceil(x),
};

const TOKEN = /\s*(?:([A-Za-z_]\w*)\(|'([^']*)'|([-+]?\d+(?:\.\d+)?)|([A-Za-z_]\w*)=(\w+)|([,)]))/y;

/** The value of an expression; NaN where it holds what is not known here. */
export function evaluate(text: string, symbol: (name: string) => number): number {
  const stack: { name: string; args: number[] }[] = [{ name: "Integer", args: [] }];
  TOKEN.lastIndex = 0;
  for (;;) {
    const match = TOKEN.exec(text);
    if (match === null) break;
    const top = stack[stack.length - 1]!;
    const [, call, string, number, , , mark] = match;
    if (call !== undefined) stack.push({ name: call, args: [] });
    else if (string !== undefined) top.args.push(top.name === "Symbol" ? symbol(string) : Number(string));
    else if (number !== undefined) top.args.push(Number(number));
    else if (mark === ")") {
      if (stack.length === 1) return NaN;
      stack.pop();
      stack[stack.length - 1]!.args.push(apply(top.name, top.args));
    }
  }
  return stack.length === 1 && stack[0]!.args.length === 1 ? stack[0]!.args[0]! : NaN;
}

function apply(name: string, args: readonly number[]): number {
  if (name === "Symbol" || name === "Dummy") return args[0] ?? NaN;
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]!(args) : NaN;
}
