import { kindOfArgument } from "../../src/ops/call-check.ts";
import type { Program } from "../../src/program/program.ts";
import type { Argument, InputSpec, OutputSpec } from "../../src/schema/types.generated.ts";
import { describeArgument } from "./argument-words.ts";

/** One entry of the graph signature, of either side. */
export interface Spec {
  /** `parameter`, `buffer_mutation`, ... */
  readonly kind: string;
  /** The value that it describes; empty for a constant. */
  readonly name: string;
  /** What that value is in the graph: `as_tensor`; undefined where the spec does not say. */
  readonly argument: Argument | undefined;
  /** The fully qualified name, or the input's name, that it stands for. */
  readonly target: string | null;
}

const TARGETS = [
  "parameter_name",
  "buffer_name",
  "tensor_constant_name",
  "custom_obj_name",
  "user_input_name",
] as const;

const read = new WeakMap<readonly unknown[], readonly Spec[]>();

/** The entries of one side of the signature, in their order. */
export function specsOf({ document }: Program, side: "input" | "output"): readonly Spec[] {
  const { signature } = document.root.graph_module;
  const list = side === "input" ? signature.input_specs : signature.output_specs;
  let specs = read.get(list);
  if (specs === undefined) read.set(list, (specs = list.map(readSpec)));
  return specs;
}

/** A spec's parts, whatever its kind. */
function readSpec(spec: InputSpec | OutputSpec): Spec {
  const kind = kindOfArgument(spec);
  const body = spec[kind as keyof typeof spec] as Readonly<Record<string, unknown>>;
  const key = TARGETS.find((name) => name in body);
  const target = key === undefined ? null : (body[key] as string);
  if (kind === "constant_input") {
    return { kind, name: "", argument: body.value as Argument, target: body.name as string };
  }
  if (kind === "user_input" || kind === "user_output") {
    const argument = body.arg as Argument;
    return { kind, name: nameOf(argument), argument, target };
  }
  const { name } = body.arg as { readonly name: string };
  if (kind === "custom_obj") return { kind, name, argument: { as_custom_obj: body.arg } as Argument, target };
  // A token is a tensor without elements in the graph.
  return { kind, name, argument: { as_tensor: { name } }, target };
}

/** The name that an input or output of the graph has; empty for a constant. */
export function nameOf(arg: Argument): string {
  const [body] = Object.values(arg) as { readonly name?: string; readonly as_name?: string }[];
  if (typeof body !== "object" || body === null) return "";
  return body.name ?? body.as_name ?? "";
}

/** `'x'`, or what a constant is. */
export function shown(arg: Argument): string {
  const name = nameOf(arg);
  return name === "" ? describeArgument(arg) : `'${name}'`;
}
