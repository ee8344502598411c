/**
 * What the results of a node look like by the operator's own rules, from what the document says of its operands. Sizes
 * with symbols are compared as polynomials are: by their values at points, here two, at which every symbol has a number.
 */
import { type Frame, namedArguments } from "../interpreter/arguments.ts";
import { mode } from "../ops/kernel.ts";
import { findKernel } from "../ops/kernels.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { SchemaArgument } from "../ops/schema-string.ts";
import type { Node, Program, Value } from "../program/program.ts";
import { evaluateExpr, parseExpr } from "../program/symbolic.ts";
import type { SymInt, TensorMeta } from "../schema/types.generated.ts";
import { dtypeOfCode } from "../tensor/dtype.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A result that is not what its metadata says. */
export interface Mismatch {
  readonly value: Value;
  /** `float32[2, 3]`, as the metadata has it and as the operator makes it, with numbers for symbols. */
  readonly stated: string;
  readonly inferred: string;
  /** The symbols' numbers, where the sizes have symbols. */
  readonly at: ReadonlyMap<string, bigint>;
}

/** A number for every symbol. */
type Point = ReadonlyMap<string, bigint>;

const STRIDED = 7;

export class Inference {
  readonly #registry: OperatorRegistry;
  readonly #points: readonly Point[];
  /** Metadata is interned: many values share one. */
  readonly #tensors: Map<TensorMeta, Tensor | null>[];

  constructor(program: Program, registry: OperatorRegistry) {
    this.#registry = registry;
    this.#points = pointsOf(program);
    this.#tensors = this.#points.map(() => new Map());
  }

  /** The results of a node that differ from their metadata. Nothing for operators that are not known, and where results depend on data. */
  check(node: Node): Mismatch[] {
    const operator = this.#registry.find(node.target);
    const kernel = operator && findKernel(operator.qualifiedName);
    if (kernel === undefined || isUnderAutocast(node)) return [];
    for (const [i, point] of this.#points.entries()) {
      const results = this.#infer(node, kernel, i);
      if (results === undefined) return [];
      const found = this.#compare(node, results, i, point);
      if (found.length > 0) return found;
    }
    return [];
  }

  #infer(
    node: Node,
    kernel: NonNullable<ReturnType<typeof findKernel>>,
    point: number,
  ): readonly unknown[] | undefined {
    // Missing arguments are for arguments/names.
    const given = node.source.inputs;
    const missing = ({ name, default: value }: SchemaArgument, i: number): boolean =>
      value === undefined && given[i]?.name !== "" && !given.some((input) => input.name === name);
    if (kernel.schema.args.some(missing)) return undefined;
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
      const result = kernel.call(namedArguments(node, kernel.schema)(frame));
      return Array.isArray(result) ? (result as unknown[]).flat() : [result];
    } catch {
      // Wrong arguments are for other rules, and results that depend on data for nobody.
      return undefined;
    } finally {
      mode.meta = false;
    }
  }

  #operand(value: Value, point: number): Tensor | Scalar | undefined {
    if (value.kind === "tensor") return value.meta && (this.#tensor(value.meta, point) ?? undefined);
    if (value.kind !== "sym_int") return undefined;
    const size = value.graph.source.sym_int_values.get(value.name);
    const number = size && sizeAt(size, this.#points[point]!);
    return number === undefined ? undefined : Scalar.int(number);
  }

  #tensor(meta: TensorMeta, point: number): Tensor | null {
    const known = this.#tensors[point]!.get(meta);
    if (known !== undefined) return known;
    const tensor = tensorAt(meta, this.#points[point]!);
    this.#tensors[point]!.set(meta, tensor);
    return tensor;
  }

  #compare(node: Node, results: readonly unknown[], point: number, at: Point): Mismatch[] {
    const found: Mismatch[] = [];
    for (const value of node.outputs) {
      const stated = value.kind === "tensor" && value.meta ? this.#tensor(value.meta, point) : null;
      const inferred = results[value.index];
      if (stated === null || !(inferred instanceof Tensor) || stated.toString() === inferred.toString())
        continue;
      const symbolic = value.meta!.sizes.some((size) => "as_expr" in size);
      found.push({
        value,
        stated: stated.toString(),
        inferred: inferred.toString(),
        at: symbolic ? at : new Map(),
      });
    }
    return found;
  }
}

/** Autocast casts the operands first. */
function isUnderAutocast({ graph }: Node): boolean {
  for (let { owner } = graph; owner !== null; owner = owner.graph.owner) {
    if (owner.target === "torch.ops.higher_order.wrap_with_autocast") return true;
  }
  return false;
}

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

function sizeAt(size: SymInt, point: Point): number | undefined {
  if ("as_int" in size) return Number(size.as_int);
  const expr = parseExpr(size.as_expr.expr_str);
  const value = expr && evaluateExpr(expr, point);
  return typeof value === "bigint" && value >= 0n ? Number(value) : undefined;
}

/**
 * What the program was exported with, as far as the document tells, and that doubled, which keeps divisibility; one
 * point when ranges or guards leave no room for the other.
 */
function pointsOf(program: Program): Point[] {
  const { range_constraints, guards_code } = program.document.root;
  const first = new Map(hints(program));
  for (const [name, { min_val }] of range_constraints) {
    if (!first.has(name) && /^\w+$/.test(name)) first.set(name, BigInt(Math.max(Number(min_val ?? 2), 3)));
  }
  if (first.size === 0 || guards_code.length > 0) return [first];
  const second = new Map([...first].map(([name, value]) => [name, value * 2n]));
  const fits = [...range_constraints].every(([text, { min_val, max_val }]) => {
    const expr = parseExpr(text);
    const value = expr && evaluateExpr(expr, second);
    if (typeof value !== "bigint") return true;
    return (
      value >= BigInt(min_val ?? 0) && (max_val === null || max_val === undefined || value <= BigInt(max_val))
    );
  });
  return fits ? [first, second] : [first];
}

/** The sizes of the inputs when the program was exported, for symbols that stand alone. */
function* hints({ main }: Program): Generator<readonly [string, bigint]> {
  for (const { sizes } of main.source.tensor_values.values()) {
    for (const size of sizes) {
      if (!("as_expr" in size)) continue;
      const expr = parseExpr(size.as_expr.expr_str);
      const { hint } = size.as_expr;
      if (expr?.kind === "symbol" && hint && "as_int" in hint) yield [expr.name, BigInt(hint.as_int)];
    }
  }
}
