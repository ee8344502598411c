/** Finds and calls kernels by name. `kernels.ts` registers those that come with pt2lint. */
import { dtypeOfCode, dtypeOfName } from "../tensor/dtype.ts";
import { Scalar } from "../tensor/scalar.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { derivedKernel } from "./derived.ts";
import type { Arguments, Kernel, Planner, Result } from "./kernel.ts";
import type { SchemaArgument, SchemaDefault, SchemaType } from "./schema-string.ts";

const defined = new Map<string, Kernel>();
const resolved = new Map<string, Kernel | undefined>();
const planners = new Map<string, Planner>();

/** Adds operators; one of the same name is replaced, and with it its quicker way. */
export function registerKernels(kernels: readonly Kernel[]): void {
  for (const kernel of kernels) {
    defined.set(kernel.name, kernel);
    planners.delete(kernel.name);
  }
  resolved.clear();
}

/** Adds quicker ways to the results of operators, by name; also of those that follow from others. */
export function registerPlanners(quicker: Readonly<Record<string, Planner>>): void {
  for (const [name, planner] of Object.entries(quicker)) planners.set(name, planner);
  resolved.clear();
}

/**
 * The kernel of `aten::add.Tensor` (no `.default`); one that follows from another, as an in-place or `out=` variant
 * does, is made when it is first asked for. undefined when there is none.
 */
export function findKernel(name: string): Kernel | undefined {
  if (resolved.has(name)) return resolved.get(name);
  const kernel = defined.get(name) ?? derivedKernel(name, findKernel);
  if (kernel !== undefined) kernel.planner = planners.get(name) ?? null;
  resolved.set(name, kernel);
  return kernel;
}

/** The names of all operators that are defined, not those that follow from them. */
export function definedKernels(): readonly string[] {
  return [...defined.keys()];
}

/**
 * Calls an operator by name with arguments in the order of its schema (keyword-only ones too); those left out, or
 * undefined, have their defaults. For operators that are made of others.
 *
 * @throws RangeError when there is no such operator.
 */
export function call(name: string, ...args: readonly unknown[]): Tensor {
  return callAny(name, ...args) as Tensor;
}

/** `call` for operators with another result than one tensor. */
export function callAny(name: string, ...args: readonly unknown[]): Result {
  const kernel = findKernel(name);
  if (kernel === undefined) throw new RangeError(`there is no kernel for ${name}`);
  const named = byName(kernel.schema.args, args);
  return caller === null ? kernel.call(named) : caller(kernel, named);
}

/** What runs an operator that another one is made of, when that is not just its kernel. */
type Caller = (kernel: Kernel, args: Arguments) => Result;

let caller: Caller | null = null;

/** Does something while operators that others are made of are run so; null for their kernels alone. */
export function callingBy<T>(way: Caller | null, run: () => T): T {
  const before = caller;
  caller = way;
  try {
    return run();
  } finally {
    caller = before;
  }
}

/** `call` for operators whose result is a list, or several tensors. */
export function callList(name: string, ...args: readonly unknown[]): readonly Tensor[] {
  return callAny(name, ...args) as readonly Tensor[];
}

function byName(schema: readonly SchemaArgument[], args: readonly unknown[]): Arguments {
  const result: Record<string, unknown> = {};
  for (let i = 0; i < schema.length; i++) {
    const declared = schema[i]!;
    result[declared.name] = args[i] === undefined ? defaultArgument(declared) : args[i];
  }
  return result;
}

/** A default as a kernel gets it. null where the argument has none. */
export function defaultArgument({ type, default: value }: SchemaArgument): unknown {
  return value === undefined ? null : argumentOfDefault(type, value);
}

function argumentOfDefault(type: SchemaType, value: SchemaDefault): unknown {
  if (type.kind === "optional") return value === null ? null : argumentOfDefault(type.element, value);
  if (type.kind === "list" && Array.isArray(value))
    return value.map((one) => argumentOfDefault(type.element, one));
  if (type.kind !== "base") return value;
  if (type.name === "Scalar" || type.name === "number") return scalarOf(value);
  // c10's own numbers: of dtypes, one below those of serialized programs; 0 is the contiguous format.
  if (type.name === "ScalarType" && typeof value === "number") return dtypeOfCode(value + 1);
  if (type.name === "ScalarType" && typeof value === "string") return dtypeOfName(value);
  if (type.name === "MemoryFormat" && typeof value === "number") return "contiguous_format";
  return typeof value === "bigint" ? Number(value) : value;
}

function scalarOf(value: SchemaDefault): Scalar | null {
  if (typeof value === "boolean") return Scalar.bool(value);
  if (typeof value === "bigint") return Scalar.int(value);
  if (typeof value !== "number") return null;
  return Number.isInteger(value) ? Scalar.int(value) : Scalar.float(value);
}
