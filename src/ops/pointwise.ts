/** Pointwise operators as tables: the arithmetic of one element; sizes, promotion and strides are the same for all. */
import { cast } from "../tensor/copy.ts";
import { type DType, dtypes, isIntegral, realDtype } from "../tensor/dtype.ts";
import {
  complexes,
  fill,
  fillComplexes,
  fillIntegers,
  type Integers,
  integers,
  type Reals,
  reals,
} from "../tensor/elements.ts";
import { broadcastSizes, expandStrides } from "../tensor/geometry.ts";
import { floatDtype, resultType } from "../tensor/promotion.ts";
import { Scalar } from "../tensor/scalar.ts";
import { elementwiseStrides } from "../tensor/strides.ts";
import { Tensor, type TensorSpec } from "../tensor/tensor.ts";
import { type Arguments, Kernel } from "./kernel.ts";
import { overloadsOf } from "./operator-table.ts";

/** A complex number: real and imaginary part. */
export type Complex = readonly [re: number, im: number];

/** The arithmetic of an operator on `N` operands, for the kinds of number that it takes. */
export interface Elementwise {
  /** In doubles. Also for integers, unless an operand or a result leaves 2^53 and there is `integer`. */
  readonly real?: (...operands: number[]) => number;
  /** Exact; the result is wrapped to its dtype. */
  readonly integer?: (...operands: bigint[]) => bigint;
  readonly complex?: (...operands: Complex[]) => Complex;
  /**
   * `same`: of the promoted operands. `float`: integers become the default float first. `bool`: a predicate (its
   * functions give 1 or 0; a complex one in the real part). `real`: a complex operand gives its parts' dtype;
   * `angle`: `float` and `real`.
   */
  readonly result?: "same" | "float" | "bool" | "real" | "angle";
  /** Instead of `real` when it computes in float32, where a rounding on the way decides. */
  readonly single?: (...operands: number[]) => number;
  /**
   * In low precision, a number behind the first operand (a 0-dimensional tensor too) is one of float32, as it is to
   * torch's products and quotients; others round it to the dtype first (at::native, BinaryOpsKernel.cpp).
   */
  readonly wideNumber?: boolean;
}

/** The arithmetic of an operator whose numbers, beside its operands, change it. */
export type ElementwiseOf = Elementwise | ((args: Arguments) => Elementwise);

/** The dtypes that an elementwise operator computes in and results in. */
function elementwiseDtypes(
  operands: readonly (Tensor | Scalar)[],
  result: Elementwise["result"] = "same",
): { compute: DType; result: DType } {
  const promoted = resultType(operands);
  if (result === "float") return { compute: floatDtype(promoted), result: floatDtype(promoted) };
  if (result === "angle") return { compute: floatDtype(promoted), result: realDtype(floatDtype(promoted)) };
  if (result === "bool") return { compute: promoted, result: dtypes.bool };
  return { compute: promoted, result: result === "real" ? realDtype(promoted) : promoted };
}

/** Sizes, strides and dtype of an elementwise result (at::TensorIterator). */
export function elementwiseSpec(operands: readonly (Tensor | Scalar)[], dtype: DType): TensorSpec {
  const tensors = operands.filter((operand) => operand instanceof Tensor);
  const sizes = tensors.length === 1 ? tensors[0]!.sizes : broadcastSizes(...tensors.map((t) => t.sizes));
  return { sizes, dtype, strides: elementwiseStrides(tensors, sizes) };
}

/** A kernel of the operator table's schema for what a table describes; `operands` picks them from the arguments. */
export function elementwise(
  name: string,
  spec: ElementwiseOf,
  operands: (args: Arguments) => readonly (Tensor | Scalar)[],
  promoted: (operands: readonly (Tensor | Scalar)[]) => readonly (Tensor | Scalar)[] = (all) => all,
): Kernel {
  const specOf = typeof spec === "function" ? spec : () => spec;
  return new Kernel(name, {
    meta: (args: Arguments) => {
      const list = operands(args);
      return elementwiseSpec(list, elementwiseDtypes(promoted(list), specOf(args).result).result);
    },
    run: (args: Arguments, out: Tensor) => {
      const list = operands(args);
      const own = specOf(args);
      computeElementwise(list, elementwiseDtypes(promoted(list), own.result).compute, own, out);
    },
  } as never);
}

/** Fill `out` with the arithmetic on operands that broadcast to its sizes, computed in one dtype. */
function computeElementwise(
  operands: readonly (Tensor | Scalar)[],
  compute: DType,
  { real: double, single, integer, complex, wideNumber = false }: Elementwise,
  out: Tensor,
): void {
  const real = compute === dtypes.float64 ? double : (single ?? double);
  if (compute.category === "complex") {
    if (complex === undefined) throw new TypeError(`not implemented for ${compute.name}`);
    const lists = operands.map((operand) => complexOperand(operand, out.sizes, compute));
    return fillComplexes(out, (y) => mapComplex(lists, complex, y));
  }
  const wide = compute.form === "encoded" ? dtypes.float32 : compute;
  const lists = operands.map((operand, i) =>
    realOperand(operand, out.sizes, compute, wideNumber && i > 0 ? wide : compute),
  );
  if (!isIntegral(compute) || integer === undefined) {
    if (real === undefined) throw new TypeError(`not implemented for ${compute.name}`);
    return fill(out, (y) => mapReal(lists, real, y));
  }
  // Doubles are exact while operands and results stay within 2^53.
  if (real !== undefined) {
    const values = new Float64Array(out.numel);
    mapReal(lists, real, values);
    if (lists.every(isSafe) && isSafe(values)) return fill(out, (y) => y.set(values));
  }
  const exact = operands.map((operand) => integerOperand(operand, out.sizes, compute));
  fillIntegers(out, (y) => mapInteger(exact, integer, y));
}

/** Whether doubles held every value exactly. */
function isSafe(values: Reals): boolean {
  if (!(values instanceof Float64Array)) return true;
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i]!) <= Number.MAX_SAFE_INTEGER)) return false;
  return true;
}

function expanded(t: Tensor, sizes: readonly number[]): Tensor {
  return t.view(sizes, expandStrides(t.sizes, t.strides, sizes));
}

/** An operand's elements in the dtype that is computed in; a single one, of the dtype of numbers, stands for all. */
function realOperand(
  operand: Tensor | Scalar,
  sizes: readonly number[],
  compute: DType,
  ofNumber: DType,
): Reals {
  if (operand instanceof Scalar) return reals(numberTensor(operand, ofNumber));
  if (operand.number !== null) return reals(numberTensor(operand.number, ofNumber));
  const own = cast(operand, operand.rank === 0 ? ofNumber : compute);
  return reals(own.numel === 1 ? own : expanded(own, sizes));
}

function complexOperand(operand: Tensor | Scalar, sizes: readonly number[], compute: DType): Float64Array {
  if (operand instanceof Scalar) return Float64Array.of(operand.re, operand.im);
  return complexes(operand.numel === 1 ? operand : expanded(cast(operand, compute), sizes));
}

function integerOperand(operand: Tensor | Scalar, sizes: readonly number[], compute: DType): Integers {
  if (operand instanceof Scalar) return integers(numberTensor(operand, compute));
  const own = cast(operand, compute);
  return integers(own.numel === 1 ? own : expanded(own, sizes));
}

function numberTensor(scalar: Scalar, dtype: DType): Tensor {
  const result = Tensor.zeros([], dtype);
  if (dtype.form === "wide") fillIntegers(result, (y) => (y[0] = scalar.integer));
  else fill(result, (y) => (y[0] = scalar.re));
  return result;
}

type Numbers = Float64Array | Float32Array;
type Loop = (lists: readonly Reals[], y: Numbers) => void;

/** From so many elements on a loop of its own is worth compiling. */
const LONG = 2048;
const loops = new WeakMap<(...operands: number[]) => number, Loop>();

/**
 * A loop for one function alone: V8 compiles it with the function in it, and for the arrays that this operator meets. A
 * loop that all operators share calls a function, and looks up the kind of array, for each element.
 */
function loopOf(f: (...operands: number[]) => number, count: number): Loop {
  let loop = loops.get(f);
  if (loop === undefined) {
    const names = Array.from({ length: count }, (_, k) => `x${k}`);
    const steps = names.map((name) => `const s${name} = ${name}.length === 1 ? 0 : 1;`).join("");
    const operands = names.map((name) => `${name}[i * s${name}]`).join(", ");
    const body = `${steps} for (let i = 0, n = y.length; i < n; i++) y[i] = f(${operands});`;
    const make = new Function("f", `return ([${names.join(", ")}], y) => { ${body} }`) as (
      own: typeof f,
    ) => Loop;
    loop = make(f);
    loops.set(f, loop);
  }
  return loop;
}

function mapReal(lists: readonly Reals[], f: (...operands: number[]) => number, y: Numbers): void {
  if (y.length >= LONG) return loopOf(f, lists.length)(lists, y);
  const [a, b, c] = lists as [Reals, Reals, Reals];
  const n = y.length;
  if (lists.length === 1) {
    const step = a.length === 1 ? 0 : 1;
    for (let i = 0; i < n; i++) y[i] = f(a[i * step]!);
  } else if (lists.length === 2) {
    const [sa, sb] = [a.length === 1 ? 0 : 1, b.length === 1 ? 0 : 1];
    for (let i = 0; i < n; i++) y[i] = f(a[i * sa]!, b[i * sb]!);
  } else {
    const [sa, sb, sc] = [a.length === 1 ? 0 : 1, b.length === 1 ? 0 : 1, c.length === 1 ? 0 : 1];
    for (let i = 0; i < n; i++) y[i] = f(a[i * sa]!, b[i * sb]!, c[i * sc]!);
  }
}

function mapInteger(lists: readonly Integers[], f: (...operands: bigint[]) => bigint, y: Integers): void {
  for (let i = 0; i < y.length; i++) y[i] = f(...lists.map((list) => list[list.length === 1 ? 0 : i]!));
}

function mapComplex(
  lists: readonly Float64Array[],
  f: (...operands: Complex[]) => Complex,
  y: Float64Array,
): void {
  for (let i = 0; i < y.length; i += 2) {
    const [re, im] = f(
      ...lists.map((list): Complex => {
        const at = list.length === 2 ? 0 : i;
        return [list[at]!, list[at + 1]!];
      }),
    );
    y[i] = re;
    y[i + 1] = im;
  }
}

// Some special functions call it x.
const self = (args: Arguments): readonly Tensor[] => [(args.self ?? args.x) as Tensor];
const selfAndOther = (args: Arguments): readonly (Tensor | Scalar)[] => [
  args.self as Tensor | Scalar,
  args.other as Tensor | Scalar,
];

/** An operator of one operand: `unary("aten::sin", { real: Math.sin, result: "float" })`. */
export function unary(name: string, spec: ElementwiseOf): Kernel {
  return elementwise(name, spec, self);
}

const OVERLOADS = [
  "",
  ".Tensor",
  ".Scalar",
  ".Scalar_Tensor",
  ".Tensor_Scalar",
  ".Self",
  ".Other",
  ".self_scalar",
  ".other_scalar",
  ".x_scalar",
  ".n_scalar",
  ".other",
  ".Scalar_Other",
  ".Scalar_Self",
];

/** An operator of two operands, in every overload of the table with `self` and `other`. */
export function binary(name: string, spec: ElementwiseOf): Kernel[] {
  return overloadsOf(name)
    .filter(({ schema }) => /\(\S+ self, \S+ other\)/.test(schema))
    .map(({ schema }) => schema.slice(0, schema.indexOf("(")))
    .filter((overload) => OVERLOADS.includes(overload.slice(name.length)))
    .map((overload) => elementwise(overload, spec, selfAndOther));
}
