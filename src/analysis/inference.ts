/**
 * What the results of a node look like by the operator's own rules, from what the document says of its operands. Sizes
 * with symbols are compared by their values at the points of points.ts.
 */
import type { Frame } from "../interpreter/arguments.ts";
import { mode } from "../ops/kernel.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Node, Program, Value } from "../program/program.ts";
import { evaluateExpr, parseExpr, symbolsIn } from "../program/symbolic.ts";
import type { SymInt, TensorMeta } from "../schema/types.generated.ts";
import { dtypeOfCode } from "../tensor/dtype.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { FixedStrides } from "./fixed-strides.ts";
import { type Call, kernelCall, pythonCall } from "./inferred-calls.ts";
import { isStrictlyContiguous, layoutOfFirst, liesAlike, withStrides } from "./layouts.ts";
import { type Point, pointsOf, sizeAt } from "./points.ts";

/** A result that is not what its metadata says. */
export interface Mismatch {
  readonly value: Value;
  /** `float32[2, 3]`, as the metadata has it and as the operator makes it, with numbers for symbols. */
  readonly stated: string;
  readonly inferred: string;
  /** The symbols' numbers, where the metadata has symbols. */
  readonly at: ReadonlyMap<string, bigint>;
}

/** What is wrong with a node. */
export interface Inferred {
  readonly mismatches: readonly Mismatch[];
  /** Why the operator does not take such operands and arguments at all. */
  readonly refused?: string;
}

const STRIDED = 7;
const NOTHING: Inferred = { mismatches: [] };

export class Inference {
  readonly #registry: OperatorRegistry;
  readonly #points: readonly Point[];
  readonly #allowsFirst: boolean;
  /** Metadata is interned: many values share one. */
  readonly #tensors: Map<TensorMeta, Tensor | null>[];

  constructor(program: Program, registry: OperatorRegistry) {
    this.#registry = registry;
    const { points, allowsFirst } = pointsOf(program);
    this.#points = points;
    this.#allowsFirst = allowsFirst;
    this.#tensors = this.#points.map(() => new Map());
  }

  /** The results of a node that differ from their metadata. Nothing for operators that are not known, and where results depend on data. */
  check(node: Node): Inferred {
    const operator = this.#registry.find(node.target);
    const call = operator ? kernelCall(node, operator) : pythonCall(node);
    if (call === undefined) return NOTHING;
    // Without symbols, one point says it all.
    const points = [...node.operands, ...node.outputs].some(isSymbolic) ? this.#points.length : 1;
    for (let i = 0; i < points; i++) {
      const found = this.#checkAt(node, call, call.run, i);
      if (found === undefined) return NOTHING;
      if (found === NOTHING) continue;
      const isOtherwise = call.otherwise && this.#checkAt(node, call, call.otherwise, i) === NOTHING;
      if (!isOtherwise) return found;
    }
    return NOTHING;
  }

  /** The same at one point; undefined where nothing is known. */
  #checkAt(node: Node, { strides }: Call, run: Call["run"], point: number): Inferred | undefined {
    const results = this.#infer(node, run, point);
    if (results instanceof RangeError) {
      // At the other points, and with numbers that depend on data, the numbers are made up.
      const isMadeUp = point > 0 || node.operands.some(dependsOnData);
      return isMadeUp ? undefined : { mismatches: [], refused: results.message };
    }
    if (results === undefined) return undefined;
    const mismatches = this.#compare(node, results, point, this.#layouts(node, results, strides, point));
    return mismatches.length > 0 ? { mismatches } : NOTHING;
  }

  /** The results; undefined when they cannot be known, and an error when the operator takes no such operands. */
  #infer(node: Node, run: Call["run"], point: number): readonly unknown[] | RangeError | undefined {
    const frame: Frame = [];
    for (const operand of node.operands) {
      if (operand === null) return undefined;
      const value = this.#operand(operand, point);
      if (value === undefined) return undefined;
      // An operator such as unsqueeze_ changes the tensor that it gets.
      frame[operand.id] = value instanceof Tensor ? value.view(value.sizes, value.strides) : value;
    }
    mode.meta = true;
    try {
      const result = run(frame);
      const results = Array.isArray(result) ? (result as unknown[]).flat() : [result];
      return results.every(isWhole) ? results : undefined;
    } catch (error) {
      // Arguments of a wrong kind are for other rules, and results that depend on data for nobody.
      return error instanceof RangeError ? error : undefined;
    } finally {
      mode.meta = false;
    }
  }

  /** Tensors that lie as the results should; null where that is not known. */
  #layouts(
    { operands, outputs }: Node,
    results: readonly unknown[],
    strides: FixedStrides,
    point: number,
  ): readonly unknown[] | null {
    const tensorOf = (value: Value | null): Tensor | null =>
      value?.meta ? this.#tensor(value.meta, point) : null;
    if (strides === "always") return results;
    if (strides === "never") return null;
    if (strides === "anew")
      return results.map((t) => (t instanceof Tensor ? new Tensor(null, t.dtype, t.sizes) : t));
    const stated = tensorOf(outputs[0] ?? null);
    if (strides === "or contiguous") return stated?.isContiguous ? null : results;
    if (strides !== "contiguous") return [layoutOfFirst(tensorOf(operands[0] ?? null), stated, strides)];
    const areContiguous = operands.every((value) => {
      const tensor = tensorOf(value);
      return !tensor || (tensor.offset === 0 && isStrictlyContiguous(tensor));
    });
    return areContiguous ? results : null;
  }

  #operand(value: Value, point: number): Tensor | Scalar | undefined {
    if (value.kind === "tensor") return value.meta && (this.#tensor(value.meta, point) ?? undefined);
    const number = this.#number(value, point);
    return number === undefined ? undefined : Scalar.int(number);
  }

  #number({ kind, graph, name }: Value, point: number): bigint | undefined {
    const size = kind === "sym_int" ? graph.source.sym_int_values.get(name) : undefined;
    return size && numberAt(size, this.#points[point]!);
  }

  #tensor(meta: TensorMeta, point: number): Tensor | null {
    const known = this.#tensors[point]!.get(meta);
    if (known !== undefined) return known;
    const tensor = tensorAt(meta, this.#points[point]!);
    this.#tensors[point]!.set(meta, tensor);
    return tensor;
  }

  #compare(
    node: Node,
    results: readonly unknown[],
    point: number,
    layouts: readonly unknown[] | null,
  ): Mismatch[] {
    const found: Mismatch[] = [];
    const isOpen = openSizes(node);
    for (const value of node.outputs) {
      const texts = this.#difference(value, results[value.index], point, layouts?.[value.index], isOpen);
      if (texts === undefined) continue;
      const at: Point = isSymbolic(value) ? this.#points[point]! : new Map();
      found.push({ value, stated: texts[0], inferred: texts[1], at });
    }
    return found;
  }

  /** A condition that the program itself asserts may stand in the metadata as True. */
  #otherTruth(
    { graph, name }: Value,
    inferred: Scalar,
    point: number,
  ): readonly [string, string] | undefined {
    const value = graph.source.sym_bool_values.get(name);
    if (value === undefined || inferred.category !== "bool" || (point === 0 && !this.#allowsFirst)) {
      return undefined;
    }
    const expr = "as_expr" in value ? parseExpr(value.as_expr.expr_str) : undefined;
    const stated = "as_bool" in value ? value.as_bool : expr && evaluateExpr(expr, this.#points[point]!);
    if (typeof stated !== "boolean" || stated === (inferred.re !== 0)) return undefined;
    return [String(Scalar.bool(stated)), String(inferred)];
  }

  #difference(
    value: Value,
    inferred: unknown,
    point: number,
    layout: unknown,
    isOpen: (size: SymInt) => boolean,
  ): readonly [string, string] | undefined {
    if (value.kind === "sym_bool" && inferred instanceof Scalar)
      return this.#otherTruth(value, inferred, point);
    if (inferred instanceof Scalar) {
      const stated = this.#number(value, point);
      // What is made of wrong arguments is no number.
      if (stated === undefined || !Number.isFinite(inferred.re)) return undefined;
      if (inferred.category === "float") return [String(stated), `the float ${inferred.re}`];
      if (inferred.category !== "int" || !Number.isInteger(inferred.re)) return undefined;
      return inferred.integer === stated ? undefined : [String(stated), String(inferred)];
    }
    const stated = value.kind === "tensor" && value.meta ? this.#tensor(value.meta, point) : null;
    if (stated === null || !(inferred instanceof Tensor)) return undefined;
    const open = value.meta!.sizes.map(isOpen);
    if (open.includes(true) && inferred.sizes.length === open.length) {
      const sizes = inferred.sizes.map((size, i) => (open[i] ? stated.sizes[i]! : size));
      const closed = new Tensor(null, inferred.dtype, sizes).toString();
      return stated.toString() === closed ? undefined : [stated.toString(), closed];
    }
    if (stated.toString() !== inferred.toString()) return [stated.toString(), inferred.toString()];
    if (!(layout instanceof Tensor) || liesAlike(stated, layout)) return undefined;
    return [withStrides(stated), withStrides(layout)];
  }
}

/** Arguments of a wrong kind, which are for other rules, may end up as the sizes or the dtype of a result. */
function isWhole(result: unknown): boolean {
  if (!(result instanceof Tensor)) return true;
  return (
    typeof result.dtype === "object" && Array.isArray(result.sizes) && result.sizes.every(Number.isFinite)
  );
}

/** Whether a size, or a number, has a symbol of a value that is known when the program runs: `u0`. */
function dependsOnData(value: Value | null): boolean {
  if (value === null || value.kind !== "tensor") {
    const size = value?.graph.source.sym_int_values.get(value.name);
    return size === undefined || isUnbacked(size);
  }
  return value.meta === undefined || [...value.meta.sizes, value.meta.storage_offset].some(isUnbacked);
}

function isUnbacked(size: SymInt): boolean {
  const symbols = symbolsIn(size);
  return symbols === undefined || [...symbols].some(isUnbackedSymbol);
}

const isUnbackedSymbol = (name: string): boolean => /^z?u/.test(name);

/**
 * Which sizes of a node's results are known when the program runs and not before, as a slice between numbers that depend
 * on data has one: those with a symbol of their own, which no operand has.
 */
function openSizes({ operands }: Node): (size: SymInt) => boolean {
  let known: Set<string> | undefined;
  return (size) => {
    const symbols = [...(symbolsIn(size) ?? [])].filter(isUnbackedSymbol);
    if (symbols.length === 0) return false;
    known ??= new Set(
      operands.flatMap((value) => sizesOf(value).flatMap((one) => [...(symbolsIn(one) ?? [])])),
    );
    return symbols.some((name) => !known!.has(name));
  };
}

function sizesOf(value: Value | null): readonly SymInt[] {
  if (value?.meta) return [...value.meta.sizes, ...value.meta.strides, value.meta.storage_offset];
  const number = value?.graph.source.sym_int_values.get(value.name);
  return number ? [number] : [];
}

function isSymbolic(value: Value | null): boolean {
  if (value === null) return false;
  if (value.kind !== "tensor") return true;
  const { meta } = value;
  return meta?.sizes.some(isExpression) === true || (meta !== undefined && isExpression(meta.storage_offset));
}

const isExpression = (size: SymInt): boolean => "as_expr" in size;

/** null for sizes that have no value there, and for what is not strided. */
function tensorAt(
  { dtype, sizes, strides, storage_offset, layout }: TensorMeta,
  point: Point,
): Tensor | null {
  if (layout !== STRIDED) return null;
  const numbers = [...sizes, ...strides, storage_offset].map((size) => sizeAt(size, point));
  if (numbers.some((number) => number === undefined) || strides.length !== sizes.length) return null;
  const rank = sizes.length;
  try {
    const all = numbers as number[];
    return new Tensor(null, dtypeOfCode(dtype), all.slice(0, rank), all.slice(rank, 2 * rank), all[2 * rank]);
  } catch {
    return null;
  }
}

function numberAt(size: SymInt, point: Point): bigint | undefined {
  if ("as_int" in size) return BigInt(size.as_int);
  const expr = parseExpr(size.as_expr.expr_str);
  const value = expr && evaluateExpr(expr, point);
  return typeof value === "bigint" ? value : undefined;
}
