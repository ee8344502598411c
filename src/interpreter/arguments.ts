/** A node's arguments, made ready once: constants are converted, names become places in the frame. */
import { defaultArgument } from "../ops/dispatch.ts";
import type { OpSchema, SchemaArgument, SchemaType } from "../ops/schema-string.ts";
import type { Graph, Node } from "../program/program.ts";
import { layoutNames, memoryFormatNames } from "../schema/enum-names.ts";
import type { Argument } from "../schema/types.generated.ts";
import { dtypeOfCode } from "../tensor/dtype.ts";
import { numberTensor } from "../tensor/number.ts";
import { Scalar } from "../tensor/scalar.ts";
import { enumOfNumber } from "./enum-numbers.ts";
import type { RuntimeValue } from "./value.ts";

/** The values of a running program by `Value.id`. */
export type Frame = RuntimeValue[];

/** An argument: known already, or to be read from the frame. */
export type Resolver = { readonly constant: unknown } | { readonly read: (frame: Frame) => unknown };

/** What an operator wants in a place, as far as conversion goes. */
type Wanted = "tensor" | "scalar" | "plain";

function wantedOf(type: SchemaType | undefined): Wanted {
  if (type === undefined) return "scalar";
  if (type.kind === "optional" || type.kind === "list") return wantedOf(type.element);
  if (type.kind !== "base") return "plain";
  if (type.name === "Tensor") return "tensor";
  return type.name === "Scalar" || type.name === "number" || type.name === "Any" ? "scalar" : "plain";
}

const constant = (value: unknown): Resolver => ({ constant: value });

/** Make one argument ready. Without a type, numbers stay numbers of Python (`Scalar`), as higher-order operators pass them on. */
export function resolver(graph: Graph, arg: Argument, type?: SchemaType): Resolver {
  const fromNumber = enumOfNumber(arg, type);
  if (fromNumber !== undefined) return constant(fromNumber);
  const wanted = wantedOf(type);
  const number = (value: Scalar): unknown =>
    wanted === "scalar"
      ? value
      : wanted === "tensor"
        ? numberTensor(value)
        : value.category === "bool"
          ? value.re !== 0
          : value.re;
  const named = (name: string, convert?: (value: RuntimeValue) => unknown): Resolver => {
    const id = graph.value(name)?.id;
    if (id === undefined) throw new RangeError(`nothing defines ${name}`);
    return convert === undefined ? { read: (frame) => frame[id] } : { read: (frame) => convert(frame[id]) };
  };
  const symbolic = (value: RuntimeValue): unknown => (value instanceof Scalar ? number(value) : value);
  const sym = (one: object, literal: (value: never) => Scalar): Resolver => {
    if ("as_name" in one) return named(one.as_name as string, symbolic);
    return constant(number(literal(Object.values(one)[0] as never)));
  };
  if ("as_tensor" in arg) return named(arg.as_tensor.name, wanted === "plain" ? symbolic : undefined);
  if ("as_tensors" in arg) return list(arg.as_tensors.map(({ name }) => named(name)));
  if ("as_none" in arg) return constant(null);
  if ("as_int" in arg) return constant(number(Scalar.int(arg.as_int)));
  if ("as_ints" in arg) return constant(arg.as_ints.map((value) => number(Scalar.int(value))));
  if ("as_float" in arg) return constant(number(Scalar.float(arg.as_float)));
  if ("as_floats" in arg) return constant(arg.as_floats.map((value) => number(Scalar.float(value))));
  if ("as_bool" in arg) return constant(number(Scalar.bool(arg.as_bool)));
  if ("as_bools" in arg) return constant(arg.as_bools.map((value) => number(Scalar.bool(value))));
  if ("as_string" in arg) return constant(arg.as_string);
  if ("as_strings" in arg) return constant(arg.as_strings);
  if ("as_complex" in arg) return constant(number(Scalar.complex(arg.as_complex.real, arg.as_complex.imag)));
  if ("as_scalar_type" in arg) return constant(dtypeOfCode(arg.as_scalar_type));
  if ("as_memory_format" in arg) return constant(memoryFormatNames.get(arg.as_memory_format) ?? null);
  if ("as_layout" in arg) return constant(layoutNames.get(arg.as_layout) ?? "strided");
  if ("as_device" in arg) return constant(arg.as_device.type);
  if ("as_sym_int" in arg) return sym(arg.as_sym_int, Scalar.int);
  if ("as_sym_ints" in arg) return list(arg.as_sym_ints.map((one) => sym(one, Scalar.int)));
  if ("as_sym_float" in arg) return sym(arg.as_sym_float, Scalar.float);
  if ("as_sym_floats" in arg) return list(arg.as_sym_floats.map((one) => sym(one, Scalar.float)));
  if ("as_sym_bool" in arg) return sym(arg.as_sym_bool, Scalar.bool);
  if ("as_sym_bools" in arg) return list(arg.as_sym_bools.map((one) => sym(one, Scalar.bool)));
  if ("as_optional_tensor" in arg) return optional(arg.as_optional_tensor, named);
  if ("as_optional_tensors" in arg) return list(arg.as_optional_tensors.map((one) => optional(one, named)));
  if ("as_nested_tensors" in arg) {
    return list(arg.as_nested_tensors.map((inner) => list(inner.map(({ name }) => named(name)))));
  }
  if ("as_int_lists" in arg) return constant(arg.as_int_lists.map((inner) => inner.map(Number)));
  if ("as_float_lists" in arg) return constant(arg.as_float_lists);
  if ("as_custom_obj" in arg) return named(arg.as_custom_obj.name);
  if ("as_operator" in arg) return constant(arg.as_operator);
  if ("as_graph" in arg) return constant(arg.as_graph.name);
  return dict(graph, arg.as_string_to_argument);
}

function optional(one: object, named: (name: string) => Resolver): Resolver {
  return "as_tensor" in one ? named((one.as_tensor as { name: string }).name) : constant(null);
}

function list(items: readonly Resolver[]): Resolver {
  if (items.every((item) => "constant" in item)) return constant(items.map((item) => item.constant));
  const reads = items.map((item) => ("read" in item ? item.read : () => item.constant));
  return { read: (frame) => reads.map((read) => read(frame)) };
}

function dict(graph: Graph, entries: ReadonlyMap<string, Argument>): Resolver {
  const items = [...entries].map(([key, arg]) => [key, resolver(graph, arg)] as const);
  return {
    read: (frame) =>
      Object.fromEntries(
        items.map(([key, item]) => [key, "read" in item ? item.read(frame) : item.constant]),
      ),
  };
}

/** Reads an argument's value. */
export function resolve(one: Resolver, frame: Frame): unknown {
  return "read" in one ? one.read(frame) : one.constant;
}

/** The arguments of a node's calls. */
export interface NodeArguments {
  /** By name. One object for all calls: what is constant is set once, and each call sets the rest. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The names of those that each call sets. */
  readonly names: readonly string[];
  /** Sets them. */
  read(frame: Frame): void;
}

const isRequired = ({ type, default: value }: SchemaArgument): boolean =>
  value === undefined && type.kind !== "optional";

/** The arguments of a call of an operator. @throws RangeError when they are not those of its schema. */
export function namedArguments(node: Node, schema: OpSchema): NodeArguments {
  const args: Record<string, unknown> = {};
  for (const declared of schema.args) args[declared.name] = defaultArgument(declared);
  const given = new Set<string>();
  const names: string[] = [];
  const reads: ((frame: Frame) => unknown)[] = [];
  for (const [i, { name, arg }] of node.source.inputs.entries()) {
    // An argument without a name stands where it stands in the schema.
    const declared = name === "" ? schema.args[i] : schema.args.find((one) => one.name === name);
    if (declared === undefined) throw new RangeError(`${node.target} has no argument '${name}'`);
    given.add(declared.name);
    const one = resolver(node.graph, arg, declared.type);
    if ("constant" in one) args[declared.name] = one.constant;
    else {
      names.push(declared.name);
      reads.push(one.read);
    }
  }
  const missing = schema.args.find((one) => isRequired(one) && !given.has(one.name));
  if (missing !== undefined) throw new RangeError(`the argument '${missing.name}' is missing`);
  const count = names.length;
  return {
    values: args,
    names,
    read: (frame) => {
      for (let i = 0; i < count; i++) args[names[i]!] = reads[i]!(frame);
    },
  };
}
