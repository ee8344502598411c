/** Python's arithmetic on numbers, as `_operator.*`, `math.*` and `torch.sym_*` nodes do it. */
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { RuntimeValue } from "./value.ts";

type Compute = (...args: Scalar[]) => Scalar;

const isInt = (value: Scalar): boolean => value.category === "int" || value.category === "bool";

/** Exact on integers, in doubles otherwise. */
function arithmetic(
  integer: (a: bigint, b: bigint) => bigint,
  real: (a: number, b: number) => number,
): Compute {
  return (a, b) =>
    isInt(a!) && isInt(b!) ? Scalar.int(integer(a!.integer, b!.integer)) : Scalar.float(real(a!.re, b!.re));
}

/** Python's floor division: towards minus infinity. */
function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function compare(
  integer: (a: bigint, b: bigint) => boolean,
  real: (a: number, b: number) => boolean,
): Compute {
  return (a, b) => Scalar.bool(isInt(a!) && isInt(b!) ? integer(a!.integer, b!.integer) : real(a!.re, b!.re));
}

const rounded =
  (round: (value: number) => number): Compute =>
  (a) =>
    isInt(a!) ? a! : Scalar.int(BigInt(round(a!.re)));

/** Python's round(x) and round(x, n): ties go to the even neighbour. */
function pythonRound(value: Scalar, digits?: Scalar): Scalar {
  if (isInt(value)) return value;
  const scale = 10 ** (digits?.re ?? 0);
  const scaled = value.re * scale;
  const floor = Math.floor(scaled);
  const tie = scaled - floor === 0.5;
  const nearest = tie ? floor + (Math.abs(floor) % 2) : Math.round(scaled);
  return digits === undefined ? Scalar.int(BigInt(nearest)) : Scalar.float(nearest / scale);
}

function power(a: Scalar, b: Scalar): Scalar {
  return isInt(a) && isInt(b) && b.integer >= 0n
    ? Scalar.int(a.integer ** b.integer)
    : Scalar.float(a.re ** b.re);
}

const float =
  (f: (value: number) => number): Compute =>
  (a) =>
    Scalar.float(f(a!.re));

const COMPUTE: Readonly<Record<string, Compute>> = {
  add: arithmetic(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  sub: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  mul: arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  truediv: (a, b) => Scalar.float(a!.re / b!.re),
  floordiv: arithmetic(floorDivide, (a, b) => Math.floor(a / b)),
  mod: arithmetic(
    (a, b) => a - floorDivide(a, b) * b,
    (a, b) => a - Math.floor(a / b) * b,
  ),
  pow: (a, b) => power(a!, b!),
  neg: (a) => (isInt(a!) ? Scalar.int(-a!.integer) : Scalar.float(-a!.re)),
  pos: (a) => a!,
  abs: (a) =>
    isInt(a!) && a!.integer < 0n ? Scalar.int(-a!.integer) : isInt(a!) ? a! : Scalar.float(Math.abs(a!.re)),
  eq: compare(
    (a, b) => a === b,
    (a, b) => a === b,
  ),
  ne: compare(
    (a, b) => a !== b,
    (a, b) => a !== b,
  ),
  lt: compare(
    (a, b) => a < b,
    (a, b) => a < b,
  ),
  le: compare(
    (a, b) => a <= b,
    (a, b) => a <= b,
  ),
  gt: compare(
    (a, b) => a > b,
    (a, b) => a > b,
  ),
  ge: compare(
    (a, b) => a >= b,
    (a, b) => a >= b,
  ),
  and_: (a, b) => both(a!, b!, (x, y) => x & y),
  or_: (a, b) => both(a!, b!, (x, y) => x | y),
  xor: (a, b) => both(a!, b!, (x, y) => x ^ y),
  not_: (a) => Scalar.bool(a!.re === 0),
  lshift: (a, b) => Scalar.int(a!.integer << b!.integer),
  rshift: (a, b) => Scalar.int(a!.integer >> b!.integer),
  ceil: rounded(Math.ceil),
  floor: rounded(Math.floor),
  trunc: rounded(Math.trunc),
  round: (a, b) => pythonRound(a!, b),
  sqrt: float(Math.sqrt),
  log2: float(Math.log2),
  exp: float(Math.exp),
  sin: float(Math.sin),
  cos: float(Math.cos),
  tan: float(Math.tan),
  sinh: float(Math.sinh),
  cosh: float(Math.cosh),
  tanh: float(Math.tanh),
  asin: float(Math.asin),
  acos: float(Math.acos),
  atan: float(Math.atan),
  log: float(Math.log),
  fabs: float(Math.abs),
  sym_int: rounded(Math.trunc),
  sym_float: (a) => Scalar.float(a!.re),
  sym_not: (a) => Scalar.bool(a!.re === 0),
  sym_max: (...args) => args.reduce((a, b) => keepFloat(b.re > a.re ? b : a, args)),
  sym_min: (...args) => args.reduce((a, b) => keepFloat(b.re < a.re ? b : a, args)),
  sym_sum: (...args) => args.reduce((a, b) => COMPUTE.add!(a, b), Scalar.int(0)),
  sym_ite: (condition, a, b) => (condition!.re === 0 ? b! : a!),
  sym_sqrt: float(Math.sqrt),
};

function both(a: Scalar, b: Scalar, f: (a: bigint, b: bigint) => bigint): Scalar {
  const result = f(a.integer, b.integer);
  return a.category === "bool" && b.category === "bool" ? Scalar.bool(result !== 0n) : Scalar.int(result);
}

/** torch.sym_max(1, 2.5) is a float whichever wins. */
function keepFloat(value: Scalar, args: readonly Scalar[]): Scalar {
  return args.every(isInt) ? value : Scalar.float(value.re);
}

const TARGET =
  /^(?:_operator|math|torch|torch\.sym_[a-z]+|torch\.fx\.experimental\.symbolic_shapes|builtins)\.(\w+)$/;

/** What a target such as `_operator.mul`, `math.ceil` or `torch.sym_max` computes; undefined when it is none of them. */
export function pythonFunction(target: string): ((args: readonly unknown[]) => RuntimeValue) | undefined {
  if (target === "_operator.getitem")
    return ([list, index]) => (list as RuntimeValue[])[(index as Scalar).re];
  const name = TARGET.exec(target)?.[1] ?? "";
  const compute = COMPUTE[name] ?? COMPUTE[name.replace(/^_?sym_/, "")];
  if (compute === undefined) return undefined;
  return (args) => compute(...args.flat().map(toScalar));
}

/** A number: as it is, or the element of a one-element tensor. */
function toScalar(value: unknown): Scalar {
  if (value instanceof Scalar) return value;
  if (typeof value === "number") return Number.isInteger(value) ? Scalar.int(value) : Scalar.float(value);
  if (typeof value === "boolean") return Scalar.bool(value);
  throw new TypeError(`expected a number, got ${value instanceof Tensor ? value.toString() : String(value)}`);
}
