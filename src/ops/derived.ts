/** Operators that follow from others: in-place and `out=` variants, and the copies that views have. */
import { contiguousCopy, copyInto } from "../tensor/copy.ts";
import { contiguousStrides, numelOf } from "../tensor/geometry.ts";
import { requireCastable } from "../tensor/promotion.ts";
import { Memory } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { ALIASES } from "./aliases.ts";
import { type Arguments, Kernel, type Result } from "./kernel.ts";
import { lookUp } from "./operator-table.ts";
import { type OpSchema, parseSchema, type SchemaArgument } from "./schema-string.ts";

type Find = (name: string) => Kernel | undefined;

/** The kernel of an operator that nobody defined, from the functional operator or the view it belongs to. */
export function derivedKernel(name: string, find: Find): Kernel | undefined {
  const line = lookUp(name);
  if (line === undefined) return undefined;
  const schema = parseSchema(line.schema);
  return (
    alias(line.schema, schema, find) ??
    inPlace(line.schema, schema, find) ??
    outVariant(line.schema, schema, find) ??
    viewCopy(line.schema, schema, find)
  );
}

const qualified = ({ namespace }: OpSchema, name: string, overload: string): string =>
  `${namespace}::${name}${overload === "" ? "" : `.${overload}`}`;

/** What an alias calls an overload that the operator itself calls otherwise. */
const OTHER_OVERLOADS: Readonly<Record<string, string>> = {
  other_scalar: "Scalar_Other",
  self_scalar: "Scalar_Self",
};

/** `absolute` is another name of `abs`. */
function alias(text: string, schema: OpSchema, find: Find): Kernel | undefined {
  const name = ALIASES[schema.name];
  if (name === undefined) return undefined;
  const own = OTHER_OVERLOADS[schema.overload] ?? schema.overload;
  const kernel = [own, `Tensor_${own}`, "int", "Tensor", "decimals"]
    .map((overload) => find(qualified(schema, name, overload)))
    .find((one) => one?.schema.args.length === schema.args.length);
  if (kernel === undefined) return undefined;
  const names = kernel.schema.args.map((arg) => arg.name);
  return new Kernel(text, {
    composite: (args: Arguments) =>
      kernel.call(Object.fromEntries(schema.args.map((arg, i) => [names[i]!, args[arg.name]]))),
  } as never);
}

/** `add_.Tensor` writes what `add.Tensor` computes into self, cast to its dtype. */
function inPlace(text: string, schema: OpSchema, find: Find): Kernel | undefined {
  if (!schema.name.endsWith("_") || schema.args[0]?.alias?.write !== true) return undefined;
  // `pow_.Tensor` belongs to `pow.Tensor_Tensor`, and `floor_divide_.Tensor` to `floor_divide`.
  const functional =
    find(qualified(schema, schema.name.slice(0, -1), schema.overload)) ??
    find(qualified(schema, schema.name.slice(0, -1), `Tensor_${schema.overload}`)) ??
    find(qualified(schema, schema.name.slice(0, -1), ""));
  if (functional === undefined) return undefined;
  const self = schema.args[0].name;
  // dropout calls `input` what dropout_ calls `self`.
  const first = functional.schema.args[0]?.name ?? self;
  if (!takes(functional, [{ ...schema.args[0], name: first }, ...schema.args.slice(1)])) return undefined;
  const { update, check } = functional;
  return new Kernel(text, {
    composite: (args: Arguments) => {
      const target = args[self] as Tensor | readonly Tensor[];
      const own = first === self ? args : { ...args, [first]: target };
      if (update !== undefined && target instanceof Tensor) {
        if (target.storage === null) check?.(own, target);
        else update(own, target);
        return target;
      }
      writeAll(target, functional.call(own));
      return target;
    },
  } as never);
}

/** What the functional overloads are called whose `out=` variant has a name of its own; arguments decide. */
const FUNCTIONAL_OVERLOADS = [
  "",
  "Tensor",
  "default",
  "self",
  "int",
  "memory_format",
  "dim",
  "dims",
  "dim_IntList",
  "other",
  "stable",
  "Tensor_mode",
];

/** `add.out` puts what `add.Tensor` computes into `out`, which takes on the result's sizes. */
function outVariant(text: string, schema: OpSchema, find: Find): Kernel | undefined {
  const outs = schema.args.filter(({ kwargOnly, alias }) => kwargOnly && alias?.write === true);
  if (outs.length === 0) return undefined;
  const inputs = schema.args.filter((arg) => !outs.includes(arg));
  const { overload } = schema;
  const stem = overload.replace(/_?out$/, "");
  for (const candidate of new Set([stem, ...FUNCTIONAL_OVERLOADS])) {
    const functional = candidate === overload ? undefined : find(qualified(schema, schema.name, candidate));
    if (functional === undefined) continue;
    const makes = isFactory(functional, inputs);
    if (!makes && !takes(functional, inputs)) continue;
    return new Kernel(text, {
      composite: (args: Arguments) => {
        const { dtype } = args[outs[0]!.name] as Tensor;
        const results = functional.call(makes ? { memory_format: null, ...args, dtype } : args);
        const targets = outs.map(({ name }) => args[name] as Tensor | readonly Tensor[]);
        const list = outs.length > 1 ? (results as readonly Result[]) : [results];
        for (const [i, target] of targets.entries()) writeAll(target, list[i]!);
        return targets.length === 1 ? targets[0] : targets;
      },
    } as never);
  }
  return undefined;
}

/** `view_copy` is a copy of what `view` gives. */
function viewCopy(text: string, schema: OpSchema, find: Find): Kernel | undefined {
  if (!schema.name.endsWith("_copy")) return undefined;
  const view = find(qualified(schema, schema.name.slice(0, -"_copy".length), schema.overload));
  if (view === undefined || !takes(view, schema.args)) return undefined;
  return new Kernel(text, {
    composite: (args: Arguments) => {
      const copy = (result: Result): Result => {
        if (!(result instanceof Tensor)) return (result as readonly Tensor[]).map(copy);
        return result.storage === null
          ? new Tensor(null, result.dtype, result.sizes)
          : contiguousCopy(result);
      };
      return copy(view.call(args));
    },
  } as never);
}

/** Whether an operator has these arguments, by name and in order. */
function takes(kernel: Kernel, args: readonly SchemaArgument[]): boolean {
  const own = kernel.schema.args;
  return own.length === args.length && own.every(({ name }, i) => name === args[i]!.name);
}

/** Whether an operator makes a tensor of a dtype it is given: its `out=` variant computes in the dtype of `out`. */
function isFactory({ schema: { args: own } }: Kernel, inputs: readonly SchemaArgument[]): boolean {
  const rest = own.filter(({ name }) => !inputs.some((input) => input.name === name));
  const made = ["dtype", "layout", "device", "pin_memory", "memory_format"];
  return rest.some(({ name }) => name === "dtype") && rest.every(({ name }) => made.includes(name));
}

function writeAll(target: Tensor | readonly Tensor[], result: Result): void {
  if (!(target instanceof Tensor)) {
    for (const [i, one] of target.entries()) writeAll(one, (result as readonly Result[])[i]);
    return;
  }
  const source = result as Tensor;
  requireCastable(source.dtype, target.dtype);
  if (target.storage === null) return;
  // An out= argument takes on the result's sizes (at::native::resize_output).
  if (!broadcasts(source.sizes, target.sizes)) resize(target, source.sizes);
  copyInto(target, source);
}

/** `resize_`: contiguous, with as much more memory as it needs. */
export function resize(target: Tensor, sizes: readonly number[]): void {
  const storage = target.storage;
  const bytes = (target.offset + numelOf(sizes)) * target.dtype.itemsize;
  if (storage !== null && storage.byteLength < bytes) {
    const grown = Memory.zeros(bytes);
    grown.leaveHeap();
    grown.bytes.set(storage.memory.bytes);
    storage.memory = grown;
  }
  target.become(target.view(sizes, contiguousStrides(sizes)));
}

function broadcasts(sizes: readonly number[], target: readonly number[]): boolean {
  const lead = target.length - sizes.length;
  return lead >= 0 && sizes.every((size, d) => size === 1 || size === target[lead + d]);
}
