import type { Argument, NamedArgument } from "../schema/types.generated.ts";
import { ArgumentKind, Layout } from "../schema/types.generated.ts";
import { isDeviceType } from "../tensor/device.ts";
import { KINDS_OF_TYPE, NUMBERS_AS_TENSORS } from "./calls.generated.ts";
import type { Operator } from "./operator.ts";
import { type SchemaArgument, type SchemaType, typeText } from "./schema-string.ts";

/** One argument of an operator, prepared for the check of many calls. */
export interface Parameter {
  readonly name: string;
  /** As the schema writes its type: `SymInt[]?`. */
  readonly type: string;
  readonly index: number;
  readonly kwargOnly: boolean;
  readonly required: boolean;
  readonly isList: boolean;
  /** The length of a list that has one, as of `int[2]`; 0 for others. A single value stands for all. */
  readonly length: number;
  /** The alternatives of an Argument that torch accepts for it; undefined where it takes anything. */
  readonly kinds: ReadonlySet<string> | undefined;
}

/** An operator's arguments, in order. */
export interface CallPlan {
  readonly operator: Operator;
  readonly parameters: readonly Parameter[];
  readonly required: number;
}

const plans = new WeakMap<Operator, CallPlan>();

/** What a call of the operator has to look like; made once for each operator. */
export function callPlan(operator: Operator): CallPlan {
  let plan = plans.get(operator);
  if (plan === undefined) {
    const parameters = operator.schema.args.map((arg, index) => parameterOf(operator, arg, index));
    plan = { operator, parameters, required: parameters.filter(({ required }) => required).length };
    plans.set(operator, plan);
  }
  return plan;
}

const numbersAsTensors = new Set(NUMBERS_AS_TENSORS);
/** How a number is written, by the alternatives of an Argument. */
export const NUMBERS: readonly string[] = [
  "as_int",
  "as_float",
  "as_bool",
  "as_complex",
  "as_sym_int",
  "as_sym_float",
  "as_sym_bool",
];

/** Enum values that torch turns into an int, which only an argument that is meant for one should do. */
const ENUMS = ["as_scalar_type", "as_memory_format", "as_layout"] as const;
const TAKES_ENUM = /dtype|format|layout|scalar_type/i;

/** Where a value is accepted, so is the symbolic number that stands for it: it has a value when the program runs. */
const SYMBOLIC: readonly (readonly [string, string])[] = [
  ["as_int", "as_sym_int"],
  ["as_float", "as_sym_float"],
  ["as_bool", "as_sym_bool"],
  ["as_ints", "as_sym_ints"],
  ["as_floats", "as_sym_floats"],
  ["as_bools", "as_sym_bools"],
];

function parameterOf(operator: Operator, arg: SchemaArgument, index: number): Parameter {
  const plain = arg.type.kind === "optional" ? arg.type.element : arg.type;
  return {
    name: arg.name,
    type: typeText(arg.type),
    index,
    kwargOnly: arg.kwargOnly,
    required: arg.default === undefined,
    isList: plain.kind === "list",
    length: plain.kind === "list" ? (plain.size ?? 0) : 0,
    kinds: kindsOf(operator, arg, plain, index),
  };
}

const NEEDS_SYMBOL = new Set(["aten::_assert_scalar", "aten::sym_constrain_range_for_size"]);

function kindsOf(
  operator: Operator,
  arg: SchemaArgument,
  type: SchemaType,
  index: number,
): Set<string> | undefined {
  const measured = measuredKinds(type);
  if (measured === undefined) return undefined;
  const kinds = new Set(measured);
  for (const [value, symbol] of SYMBOLIC) if (kinds.has(value)) kinds.add(symbol);
  if (!TAKES_ENUM.test(arg.name) && !isEnum(type)) for (const kind of ENUMS) kinds.delete(kind);
  if (type.kind === "base" && type.name === "Tensor") {
    // torch makes an undefined tensor of None, and nearly every kernel then refuses it.
    kinds.delete("as_none");
    const [name = ""] = operator.qualifiedName.split(".");
    if (numbersAsTensors.has(name) && !arg.alias?.write) for (const kind of NUMBERS) kinds.add(kind);
  }
  if (arg.type.kind === "optional") kinds.add("as_none");
  // torch.export.load asks what such a call is given for its expression (GraphModuleDeserializer.deserialize_node).
  if (index === 0 && NEEDS_SYMBOL.has(operator.qualifiedName)) {
    for (const kind of ["as_int", "as_float", "as_complex", "as_scalar_type", "as_layout"])
      kinds.delete(kind);
  }
  return kinds;
}

function isEnum(type: SchemaType): boolean {
  return type.kind === "base" && ["ScalarType", "Layout", "MemoryFormat"].includes(type.name);
}

/** A list of known length takes one value for all of its elements too, so it has an entry of its own. */
function measuredKinds(type: SchemaType): readonly string[] | undefined {
  if (type.kind !== "list" || type.size === null) return KINDS_OF_TYPE[typeText(type)];
  const element = typeText(type.element);
  return KINDS_OF_TYPE[`${element}[2]`] ?? KINDS_OF_TYPE[`${element}[]`];
}

/** The alternative that an Argument is: `as_tensor`. */
export function kindOfArgument(arg: object): string {
  for (const kind in arg) return kind;
  return "";
}

/** What is wrong with which arguments stand in a call, before their kinds. */
export type NameFault =
  | { readonly kind: "unknown" | "twice"; readonly input: number; readonly name: string }
  | { readonly kind: "missing"; readonly parameter: Parameter };

const NO_FAULTS: readonly never[] = [];

/** Arguments that the schema does not have, has once, or demands. */
export function nameFaults(plan: CallPlan, inputs: readonly NamedArgument[]): readonly NameFault[] {
  const { parameters } = plan;
  let required = 0;
  let expected = 0;
  // Nearly every call gives its arguments in the order of the schema.
  for (const { name } of inputs) {
    while (expected < parameters.length && parameters[expected]!.name !== name) expected++;
    if (expected === parameters.length) return closelyNamed(plan, inputs);
    if (parameters[expected]!.required) required++;
    expected++;
  }
  return required === plan.required ? NO_FAULTS : closelyNamed(plan, inputs);
}

function closelyNamed({ operator, parameters }: CallPlan, inputs: readonly NamedArgument[]): NameFault[] {
  const faults: NameFault[] = [];
  const seen = new Set<string>();
  for (const [input, { name }] of inputs.entries()) {
    const known = parameters.some((parameter) => parameter.name === name);
    if (!known && !operator.schema.variadicArgs) faults.push({ kind: "unknown", input, name });
    else if (seen.has(name)) faults.push({ kind: "twice", input, name });
    seen.add(name);
  }
  for (const parameter of parameters) {
    if (parameter.required && !seen.has(parameter.name)) faults.push({ kind: "missing", parameter });
  }
  return faults;
}

/** An argument that torch hands to another parameter than the one that it names. */
export interface PositionFault {
  readonly input: number;
  readonly parameter: Parameter;
  /** The parameter that gets it; undefined where there is none left. */
  readonly gets: Parameter | undefined;
}

/**
 * Mirrors GraphModuleDeserializer.deserialize_inputs: positional arguments are appended in the order of the schema, so
 * one that follows a parameter that was left out, or given by keyword, moves up.
 */
export function positionFaults(plan: CallPlan, inputs: readonly NamedArgument[]): readonly PositionFault[] {
  let position = 0;
  for (const input of inputs) {
    const parameter = plan.parameters[position];
    if (parameter?.name !== input.name || parameter.kwargOnly || input.kind !== ArgumentKind.POSITIONAL) {
      return input.kind === ArgumentKind.KEYWORD && !laterPositional(inputs, position)
        ? NO_FAULTS
        : positionsInFull(plan, inputs);
    }
    position++;
  }
  return NO_FAULTS;
}

function laterPositional(inputs: readonly NamedArgument[], from: number): boolean {
  for (let i = from; i < inputs.length; i++) if (inputs[i]!.kind !== ArgumentKind.KEYWORD) return true;
  return false;
}

function positionsInFull({ parameters }: CallPlan, inputs: readonly NamedArgument[]): PositionFault[] {
  const faults: PositionFault[] = [];
  let position = 0;
  for (const parameter of parameters) {
    const input = inputs.findIndex(({ name }) => name === parameter.name);
    if (input < 0) continue;
    const { kind } = inputs[input]!;
    const positional =
      kind === ArgumentKind.POSITIONAL ||
      (kind !== ArgumentKind.KEYWORD && parameter.required && !parameter.kwargOnly);
    if (!positional) continue;
    const gets = parameters[position];
    if (gets !== parameter) faults.push({ input, parameter, gets: gets?.kwargOnly ? undefined : gets });
    else if (parameter.kwargOnly) faults.push({ input, parameter, gets: undefined });
    position++;
  }
  return faults;
}

/** An argument of a kind that its parameter does not take. */
export interface KindFault {
  readonly input: number;
  readonly parameter: Parameter;
}

/** Arguments whose kind torch does not turn into what the schema says. */
export function kindFaults(plan: CallPlan, inputs: readonly NamedArgument[]): readonly KindFault[] {
  const { parameters } = plan;
  let faults: KindFault[] | undefined;
  let expected = 0;
  for (let input = 0; input < inputs.length; input++) {
    const { name, arg } = inputs[input]!;
    let parameter = parameters[expected];
    if (parameter?.name !== name) parameter = parameters.find((candidate) => candidate.name === name);
    if (parameter === undefined) continue;
    expected = parameter.index + 1;
    const { kinds, length } = parameter;
    if (kinds === undefined || kinds.has(kindOfValue(arg, parameter))) {
      if (length > 1 && hasOtherLength(arg, length)) (faults ??= []).push({ input, parameter });
      continue;
    }
    if (parameter.isList && isEmptyList(arg)) continue;
    (faults ??= []).push({ input, parameter });
  }
  return faults ?? NO_FAULTS;
}

/** As kindOfArgument; a literal that is written as a symbolic number is one, where a symbol must stand. */
function kindOfValue(arg: Argument, { kinds }: Parameter): string {
  const kind = kindOfArgument(arg);
  if (!kind.startsWith("as_sym_") || kinds?.has("as_int")) return kind;
  const [value] = Object.values(arg) as readonly object[];
  const literal = value && !Array.isArray(value) ? kindOfArgument(value) : "";
  return literal === "as_int" || literal === "as_float" ? literal : kind;
}

/** An argument whose value torch does not take, whatever its kind. */
export interface ValueFault {
  readonly input: number;
  readonly parameter: Parameter;
  /** A phrase: `a device that torch does not know, "gpu"`. */
  readonly found: string;
}

/** Arguments whose value says nothing to torch: devices, layouts and memory formats that it does not know, integers that do not fit. */
export function valueFaults({ parameters }: CallPlan, inputs: readonly NamedArgument[]): ValueFault[] {
  return inputs.flatMap(({ name, arg }, input) => {
    const parameter = parameters.find((candidate) => candidate.name === name);
    const found = parameter && valueFault(arg, parameter.type.startsWith("Device"));
    return parameter && found !== undefined ? [{ input, parameter, found }] : [];
  });
}

function valueFault(arg: Argument, isDevice: boolean): string | undefined {
  if ("as_device" in arg) return unknownDevice(arg.as_device.type);
  if ("as_string" in arg && isDevice) {
    return /^[a-z]+(:\d+)?$/.test(arg.as_string)
      ? unknownDevice(arg.as_string.replace(/:.*/, ""))
      : unknownDevice(arg.as_string);
  }
  if ("as_layout" in arg && arg.as_layout === Layout.Unknown) return "no layout";
  if ("as_int" in arg) return tooLarge([arg.as_int]);
  if ("as_ints" in arg) return tooLarge(arg.as_ints);
  return undefined;
}

const unknownDevice = (type: string): string | undefined =>
  isDeviceType(type) ? undefined : `a device that torch does not know, ${JSON.stringify(type.slice(0, 40))}`;

/** An unsigned number of 64 bits is the largest that a Scalar holds. */
const LEAST = -(1n << 63n);
const LARGEST = (1n << 64n) - 1n;

function tooLarge(numbers: readonly (number | bigint)[]): string | undefined {
  const found = numbers.find((number) => typeof number === "bigint" && (number < LEAST || number > LARGEST));
  return found === undefined ? undefined : "an int of more than 64 bits";
}

/** A list that is neither as long as it should be, nor one value for all, nor left empty, which some operators take. */
function hasOtherLength(arg: object, length: number): boolean {
  for (const items of Object.values(arg)) {
    if (Array.isArray(items) && items.length > 1) return items.length !== length;
  }
  return false;
}

/** torch reads an empty list the same whatever its elements are called. */
function isEmptyList(arg: object): boolean {
  const [items] = Object.values(arg);
  return Array.isArray(items) && items.length === 0;
}
