/**
 * What an operator computes. One definition a schema: how its result looks (`meta`), or which view of its operand it is
 * (`view`), and its kernel (`run`); or, for an operator that is made of others, how (`composite`). In-place and `out=`
 * variants follow from the functional one.
 */
import { copyInto } from "../tensor/copy.ts";
import type { Scalar } from "../tensor/scalar.ts";
import { formatStrides } from "../tensor/strides.ts";
import { Tensor, type TensorSpec } from "../tensor/tensor.ts";
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
  /** A quicker way to the same result, for some operands: false when these are not among them. */
  fast?: (args: A, out: Tensor, ...more: Tensor[]) => boolean;
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
}

/** How an operator is defined. */
export type Definition<A> = Primitive<A> | ViewOf<A> | Composite<A> | Update<A>;

/** A defined operator. */
export class Kernel {
  /** `aten::add.Tensor` */
  readonly name: string;
  readonly schemaText: string;
  #schema: OpSchema | undefined;
  #implementation: ((args: Arguments) => Result) | undefined;
  readonly #definition: Definition<Arguments>;

  constructor(schemaText: string, definition: Definition<never>) {
    this.name = schemaText.slice(0, schemaText.indexOf("(")).replace(/\.default$/, "");
    this.schemaText = schemaText;
    this.#definition = definition as Definition<Arguments>;
  }

  /** Parsed when first asked for. @throws InputError when the schema cannot be parsed. */
  get schema(): OpSchema {
    return (this.#schema ??= parseSchema(this.schemaText));
  }

  /** What it writes into a copy of its first argument, for operators that are defined so. */
  get update(): ((args: Arguments, target: Tensor) => void) | undefined {
    return "update" in this.#definition ? this.#definition.update : undefined;
  }

  /** Runs it, or infers the results' geometry when the operands have no storage. */
  call(args: Arguments): Result {
    this.#implementation ??= writing(this.schema, implementation(this.#definition, this.schema));
    return this.#implementation(args);
  }
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
  if ("update" in definition) return updatedCopy(schema.args[0]!.name, definition.update);
  const { meta, run, fast } = definition;
  return (args) => {
    const spec = meta(args);
    if (Array.isArray(spec)) {
      const outs = (spec as readonly TensorSpec[]).map((one) => Tensor.ofSpec(one, mode.meta));
      if (!mode.meta && !(fast !== undefined && !mode.precise && fast(args, ...(outs as [Tensor])))) {
        run(args, ...(outs as [Tensor]));
      }
      return outs;
    }
    const out = Tensor.ofSpec(spec as TensorSpec, mode.meta);
    if (!mode.meta && !(fast !== undefined && !mode.precise && fast(args, out))) run(args, out);
    return out;
  };
}

function updatedCopy(name: string, update: Update<Arguments>["update"]): (args: Arguments) => Result {
  return (args) => {
    const self = args[name] as Tensor;
    const out = Tensor.ofSpec({ ...self.like(), strides: formatStrides(self, null) }, mode.meta);
    if (mode.meta) return out;
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
