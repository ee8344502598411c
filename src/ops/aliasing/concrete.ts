import type { Argument, SymInt, TensorMeta } from "../../schema/types.generated.ts";
import type { Operator } from "../operator.ts";
import type { SchemaDefault } from "../schema-string.ts";
import type { Call, TensorSource } from "./call.ts";
import { numberOf, type Symbols } from "./symbols.ts";

/** A tensor's metadata with numbers for sizes: what the conditions are written on. */
export interface ConcreteTensor {
  /** Where it stands among the arguments; an output has none. */
  readonly source: TensorSource | undefined;
  readonly dtype: number;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly device: string;
  readonly layout: number;
  /** The lazy bits; undefined where the caller does not know. */
  readonly conjugated: boolean | undefined;
  readonly negated: boolean | undefined;
}

/** Why a condition could not be decided. */
export type Doubt = (reason: string) => void;

/** One call under one assignment of numbers to symbols. Arguments are read when a condition asks. */
export class ConcreteCall {
  readonly #op: Operator;
  readonly #call: Call;
  readonly #symbols: Symbols;
  #outputs: readonly (ConcreteTensor | undefined)[] | undefined;

  constructor(op: Operator, call: Call, symbols: Symbols) {
    this.#op = op;
    this.#call = call;
    this.#symbols = symbols;
  }

  get overload(): string {
    return this.#op.schema.overload;
  }

  get outputs(): readonly (ConcreteTensor | undefined)[] {
    this.#outputs ??= this.#call.outputs().map((meta) => meta && this.#concrete(meta, undefined, ""));
    return this.#outputs;
  }

  /** A tensor argument; undefined for None and for what the document leaves out. */
  tensor(name: string): ConcreteTensor | undefined {
    const value = this.#call.argument(name);
    const tensor = value === undefined ? undefined : tensorName(value);
    return tensor === undefined ? undefined : this.#named(tensor, { argument: name, index: -1 });
  }

  /** The elements of a list of tensors; a None element keeps its place. */
  tensors(name: string): (ConcreteTensor | undefined)[] {
    return tensorNames(this.#call.argument(name)).map((value, index) =>
      value === undefined ? undefined : this.#named(value, { argument: name, index }),
    );
  }

  /** A number, its default, or undefined for None. Enums (dtype, layout, memory format) are numbers. */
  number(name: string): number | undefined {
    const value = this.#plain(name);
    return typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : undefined;
  }

  /** A list of numbers; one number stands for a list of one. */
  numbers(name: string): number[] | undefined {
    const value = this.#plain(name);
    if (typeof value === "number") return [value];
    return Array.isArray(value) ? value.map(Number) : undefined;
  }

  bool(name: string): boolean | undefined {
    const value = this.#plain(name);
    return typeof value === "boolean" ? value : typeof value === "number" ? value !== 0 : undefined;
  }

  string(name: string): string | undefined {
    const value = this.#plain(name);
    return typeof value === "string" ? value : undefined;
  }

  /** The device's type, or undefined for None. */
  device(name: string): { type: string; index: number | undefined } | undefined {
    const value = this.#call.argument(name);
    if (value === undefined || !("as_device" in value)) return undefined;
    const { type, index } = value.as_device;
    return { type, index: index === null || index === undefined ? undefined : Number(index) };
  }

  #named(value: string, source: TensorSource): ConcreteTensor | undefined {
    const meta = this.#call.tensor(value);
    return meta && this.#concrete(meta, source, value);
  }

  #concrete(meta: TensorMeta, source: TensorSource | undefined, value: string): ConcreteTensor {
    const number = (size: SymInt) => numberOf(size, this.#symbols);
    const { type, index } = meta.device;
    return {
      source,
      dtype: meta.dtype,
      sizes: meta.sizes.map(number),
      strides: meta.strides.map(number),
      offset: number(meta.storage_offset),
      device: index === null || index === undefined ? type : `${type}:${index}`,
      layout: meta.layout,
      conjugated: this.#call.conjugated?.(value),
      negated: this.#call.negated?.(value),
    };
  }

  #plain(name: string): SchemaDefault | undefined {
    const value = this.#call.argument(name);
    if (value === undefined) return this.#op.schema.args.find((arg) => arg.name === name)?.default;
    return this.#unwrap(value);
  }

  #unwrap(value: Argument): SchemaDefault | undefined {
    if ("as_int" in value) return Number(value.as_int);
    if ("as_bool" in value) return value.as_bool;
    if ("as_float" in value) return value.as_float;
    if ("as_string" in value) return value.as_string;
    if ("as_ints" in value) return value.as_ints.map(Number);
    if ("as_scalar_type" in value) return value.as_scalar_type;
    if ("as_memory_format" in value) return value.as_memory_format;
    if ("as_layout" in value) return value.as_layout;
    if ("as_sym_int" in value) return this.#symInt(value.as_sym_int);
    if ("as_sym_ints" in value) return value.as_sym_ints.map((item) => this.#symInt(item));
    if ("as_floats" in value) return value.as_floats;
    if ("as_bools" in value) return value.as_bools;
    return "as_none" in value ? null : undefined;
  }

  #symInt(item: { as_name: string } | { as_int: number | bigint }): number {
    if ("as_int" in item) return Number(item.as_int);
    const definition = this.#call.symInt(item.as_name);
    return definition === undefined ? this.#symbols.unknown() : numberOf(definition, this.#symbols);
  }
}

/** The value an argument names, if it is one tensor. */
export function tensorName(value: Argument): string | undefined {
  if ("as_tensor" in value) return value.as_tensor.name;
  if ("as_optional_tensor" in value) return optionalName(value.as_optional_tensor);
  return undefined;
}

/** The values a list argument names; None elements are undefined. */
export function tensorNames(value: Argument | undefined): readonly (string | undefined)[] {
  if (value === undefined) return [];
  if ("as_tensors" in value) return value.as_tensors.map((item) => item.name);
  if ("as_optional_tensors" in value) return value.as_optional_tensors.map(optionalName);
  return [];
}

function optionalName(item: { as_tensor: { name: string } } | { as_none: boolean }): string | undefined {
  return "as_tensor" in item ? item.as_tensor.name : undefined;
}
