/**
 * What an operator computes. One definition a schema: how its result looks (`meta`), or which view of its operand it is
 * (`view`), and its kernel (`run`); or, for an operator that is made of others, how (`composite`). In-place and `out=`
 * variants follow from the functional one.
 */
import { copyInto } from "../tensor/copy.ts";
import type { Scalar } from "../tensor/scalar.ts";
import { type Memory, stepMemory } from "../tensor/storage.ts";
import { formatStrides } from "../tensor/strides.ts";
import { Tensor, type TensorSpec } from "../tensor/tensor.ts";
import { lookUp } from "./operator-table.ts";
import { type OpSchema, parseSchema } from "./schema-string.ts";
import type { SchemaArguments } from "./schema-types.ts";

/** What an operator gives back: `Tensor[]` and several results are arrays. */
export type Result = Tensor | Scalar | null | undefined | readonly Result[];

/** The arguments of a call by name, defaults filled in. */
export type Arguments = Readonly<Record<string, unknown>>;

interface Primitive<A> {
  /** Sizes, dtype and strides of the results, from those of the operands. */
  meta: (args: A) => TensorSpec | readonly TensorSpec[];
  /** Fills results that hold zeros; several in the order of `meta`. */
  run: (args: A, out: Tensor, ...more: Tensor[]) => void;
}

interface ViewOf<A> {
  /** Views of the operand; they share its storage. */
  view: (args: A) => Tensor | readonly Tensor[];
}

interface Composite<A> {
  /** Calls other operators. Also for what writes to its arguments, and for results that depend on data. */
  composite: (args: A) => Result;
}

interface Update<A> {
  /**
   * Overwrites some elements of `target`: a copy of the operator's first argument, or, in the in-place variant, that
   * argument itself. Not called while only geometry is inferred.
   */
  update: (args: A, target: Tensor) => void;
  /** What can be told from the shapes alone, before anything is written. @throws RangeError */
  check?: (args: A, target: Tensor) => void;
}

/** How an operator is defined. */
export type Definition<A> = Primitive<A> | ViewOf<A> | Composite<A> | Update<A>;

/** Runs an operator on operands of the geometry that it was made for, and other arguments like those. */
export type Plan = (args: Arguments, kernel: Kernel) => Result;

/**
 * A quicker way to an operator's result for such operands; null when there is none. `spec` is what `meta` says of the
 * result, for operators that have it. The plan is called while a step runs, and may throw an UnplannedError.
 */
export type Planner = (args: Arguments, spec: TensorSpec | readonly TensorSpec[] | null) => Plan | null;

/** The reference kernel is to compute it: there is no room in the heap, or the operands are not where they have to be. */
export class UnplannedError extends Error {}

/** A defined operator. */
export class Kernel {
  /** `aten::add.Tensor` */
  readonly name: string;
  #schemaText: string | undefined;
  #schema: OpSchema | undefined;
  #implementation: ((args: Arguments) => Result) | undefined;
  readonly #definition: Definition<Arguments>;
  /** Set with `fastKernels`. */
  planner: Planner | null = null;

  /** With its schema, or with its name (no `.default`) when that is in the operator table. */
  constructor(schemaOrName: string, definition: Definition<never>) {
    const end = schemaOrName.indexOf("(");
    this.name = end < 0 ? schemaOrName : schemaOrName.slice(0, end).replace(/\.default$/, "");
    if (end >= 0) this.#schemaText = schemaOrName;
    this.#definition = definition as Definition<Arguments>;
  }

  /** Looked up when first asked for: hundreds of operators are defined whenever pt2lint starts. */
  get schemaText(): string {
    this.#schemaText ??= lookUp(this.name)?.schema;
    if (this.#schemaText === undefined) throw new RangeError(`the operator table has no ${this.name}`);
    return this.#schemaText;
  }

  /** Parsed when first asked for. @throws InputError when the schema cannot be parsed. */
  get schema(): OpSchema {
    return (this.#schema ??= parseSchema(this.schemaText));
  }

  /** What it writes into a copy of its first argument, for operators that are defined so. */
  get update(): ((args: Arguments, target: Tensor) => void) | undefined {
    return "update" in this.#definition ? this.#definition.update : undefined;
  }

  /** What an operator that updates part of its argument asks of the shapes. */
  get check(): ((args: Arguments, target: Tensor) => void) | undefined {
    return "update" in this.#definition ? this.#definition.check : undefined;
  }

  /** Runs it, or infers the results' geometry when the operands have no storage. */
  call(args: Arguments): Result {
    if (this.planner === null || mode.meta || mode.precise) return this.reference(args);
    return stepMemory.made === null ? inStep(() => this.plan(args)(args, this)) : this.plan(args)(args, this);
  }

  /** What runs it on operands of the geometry of these, and with other arguments like these. */
  plan(args: Arguments): Plan {
    const definition = this.#definition;
    const spec = "meta" in definition ? definition.meta(args) : null;
    const planned = mode.precise || this.planner === null ? null : this.planner(args, spec);
    if (planned === null) return plainPlan(this, definition, spec, args);
    return (given) => {
      try {
        return planned(given, this);
      } catch (error) {
        if (error instanceof UnplannedError) return this.reference(given);
        throw error;
      }
    };
  }

  /** Runs the reference kernel. */
  reference(args: Arguments): Result {
    this.#implementation ??= writing(this.schema, implementation(this.#definition, this.schema));
    return this.#implementation(args);
  }
}

/** Runs a kernel whose results nobody gives back: they leave the heap, and all else that it made there is released. */
function inStep(run: () => Result): Result {
  const made: Memory[] = [];
  stepMemory.made = made;
  try {
    const result = run();
    leaveHeap(result);
    return result;
  } finally {
    stepMemory.made = null;
    for (const memory of made) memory.release();
  }
}

function leaveHeap(result: Result): void {
  if (result instanceof Tensor) {
    const memory = result.storage?.memory;
    if (memory !== undefined && memory.uses === 0) memory.leaveHeap();
  } else if (Array.isArray(result)) for (const one of result as readonly Result[]) leaveHeap(one);
}

/** The reference kernel, with the geometry of its results worked out once. */
function plainPlan(
  kernel: Kernel,
  definition: Definition<Arguments>,
  spec: TensorSpec | readonly TensorSpec[] | null,
  args: Arguments,
): Plan {
  if ("view" in definition) return viewPlan(kernel, definition.view(args), args);
  if (!("meta" in definition) || spec === null || "length" in spec) return (given) => kernel.reference(given);
  const { run } = definition;
  return (given) => {
    const out = Tensor.ofSpec(spec);
    run(given, out);
    return out;
  };
}

/** A view of an operand, where that is all there is to it: the same one of every operand of its geometry. */
function viewPlan(kernel: Kernel, result: Tensor | readonly Tensor[], args: Arguments): Plan {
  const name = kernel.schema.args[0]?.name ?? "";
  const source = args[name];
  if (!(result instanceof Tensor) || !(source instanceof Tensor)) return (given) => kernel.reference(given);
  if (result === source) return (given) => given[name] as Tensor;
  // What another tensor holds may say where the view begins.
  const others = Object.values(args).some((arg) => arg instanceof Tensor && arg !== source);
  if (others || result.storage !== source.storage) return (given) => kernel.reference(given);
  const { sizes, strides, dtype } = result;
  const shift = result.offset - source.offset;
  return (given) => {
    const own = given[name] as Tensor;
    return new Tensor(own.storage, dtype, sizes, strides, own.offset + shift);
  };
}

/** Set while only geometry is inferred, and while every kernel must be the reference. */
export const mode = { meta: false, precise: false };

/** Defines an operator by its schema string, from which the types of the arguments follow. */
export function defineOp<const S extends string>(
  schema: S,
  definition: Definition<SchemaArguments<S>>,
): Kernel {
  return new Kernel(schema, definition as Definition<never>);
}

function implementation(definition: Definition<Arguments>, schema: OpSchema): (args: Arguments) => Result {
  if ("view" in definition) return definition.view;
  if ("composite" in definition) return definition.composite;
  if ("update" in definition) return updatedCopy(schema.args[0]!.name, definition);
  const { meta, run } = definition;
  return (args) => {
    const spec = meta(args);
    if (Array.isArray(spec)) {
      const outs = (spec as readonly TensorSpec[]).map((one) => Tensor.ofSpec(one, mode.meta));
      if (!mode.meta) run(args, ...(outs as [Tensor]));
      return outs;
    }
    const out = Tensor.ofSpec(spec as TensorSpec, mode.meta);
    if (!mode.meta) run(args, out);
    return out;
  };
}

function updatedCopy(name: string, { update, check }: Update<Arguments>): (args: Arguments) => Result {
  return (args) => {
    const self = args[name] as Tensor;
    const out = Tensor.ofSpec({ ...self.like(), strides: formatStrides(self, null) }, mode.meta);
    if (mode.meta) {
      check?.(args, out);
      return out;
    }
    copyInto(out, self);
    update(args, out);
    return out;
  };
}

/** Before an operator writes, a lowered execution may have to give its argument memory of its own. */
function writing(schema: OpSchema, call: (args: Arguments) => Result): (args: Arguments) => Result {
  const written = schema.args.filter(({ alias }) => alias?.write).map(({ name }) => name);
  if (written.length === 0) return call;
  return (args) => {
    for (const name of written) {
      const arg = args[name] as Tensor | readonly Tensor[] | null;
      if (arg instanceof Tensor) arg.storage?.prepareWrite();
      else for (const tensor of arg ?? []) tensor.storage?.prepareWrite();
    }
    return call(args);
  };
}
