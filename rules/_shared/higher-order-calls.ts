import { callPlan, kindOfArgument, type Parameter } from "../../src/ops/call-check.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import type { OperatorRegistry } from "../../src/ops/registry.ts";
import type { Node } from "../../src/program/program.ts";
import { type Argument, ArgumentKind } from "../../src/schema/types.generated.ts";
import { isDeviceType } from "../../src/tensor/device.ts";
import { describeArgument } from "./argument-words.ts";
import { nodePath } from "./paths.ts";
import { plural } from "./plural.ts";
import { resultCount } from "./returned.ts";

/**
 * What a parameter takes. `any` is not looked at; a `body` is a graph of an operator that has a rule of its own for how
 * many it has.
 */
type Takes =
  | "any"
  | "graph"
  | "body"
  | "list"
  | "operator"
  | "tensors"
  | "device type"
  | "string"
  | "bool"
  | "dtype"
  | "string or None"
  | "dtype or None"
  | "bool or None";

export interface Shape {
  readonly parameters: readonly (readonly [name: string, takes: Takes])[];
  /** Set where the operands after these are passed to the graph one by one. */
  readonly calls?: true;
  /** Set where the arguments behind these are those of the operator among them. */
  readonly effects?: true;
  /** Set where the keywords are the arguments of the operator that comes first. */
  readonly functionalized?: true;
}

/** The signatures of torch/_higher_order_ops, under torch's own names of the parameters. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  cond: {
    parameters: [
      ["pred", "any"],
      ["true_fn", "body"],
      ["false_fn", "body"],
      ["operands", "list"],
    ],
  },
  while_loop: {
    parameters: [
      ["cond_fn", "body"],
      ["body_fn", "body"],
      ["carried_inputs", "list"],
      ["additional_inputs", "list"],
    ],
  },
  map_impl: {
    parameters: [
      ["f", "body"],
      ["xs", "tensors"],
      ["pos_args", "list"],
    ],
  },
  scan: {
    parameters: [
      ["combine_fn", "body"],
      ["init", "list"],
      ["xs", "tensors"],
    ],
  },
  associative_scan: {
    parameters: [
      ["combine_fn", "body"],
      ["xs", "tensors"],
    ],
  },
  wrap_with_set_grad_enabled: {
    parameters: [
      ["enable_grad", "bool"],
      ["wrapped_func", "graph"],
    ],
    calls: true,
  },
  wrap_with_autocast: {
    parameters: [
      ["device_type", "device type"],
      ["dtype", "dtype or None"],
      ["enabled", "bool"],
      ["cache_enabled", "bool or None"],
      ["wrapped_func", "graph"],
    ],
    calls: true,
  },
  invoke_subgraph: {
    parameters: [
      ["subgraph", "graph"],
      ["identifier", "string or None"],
    ],
    calls: true,
  },
  tag_activation_checkpoint: { parameters: [["gmod", "graph"]], calls: true },
  auto_functionalized: { parameters: [["_mutable_op", "operator"]], functionalized: true },
  auto_functionalized_v2: { parameters: [["_mutable_op", "operator"]], functionalized: true },
  with_effects: {
    parameters: [
      ["token", "any"],
      ["op", "operator"],
    ],
    effects: true,
  },
  out_dtype: {
    parameters: [
      ["op", "operator"],
      ["output_dtype", "dtype"],
    ],
  },
  call_torchbind: {
    parameters: [
      ["obj", "any"],
      ["method", "string"],
    ],
  },
};

const KINDS: Readonly<Record<Exclude<Takes, "any" | "list" | "tensors">, readonly string[]>> = {
  graph: ["as_graph"],
  body: ["as_graph"],
  operator: ["as_operator"],
  string: ["as_string"],
  "device type": ["as_string"],
  bool: ["as_bool", "as_sym_bool"],
  dtype: ["as_scalar_type"],
  "string or None": ["as_string", "as_none"],
  "dtype or None": ["as_scalar_type", "as_none"],
  "bool or None": ["as_bool", "as_sym_bool", "as_none"],
};

const NAMES: Partial<Record<Takes, string>> = {
  body: "a graph",
  operator: "an operator",
  tensors: "a list of tensors",
};

export interface Fault {
  readonly message: "kind" | "missing" | "inputs" | "results" | "unknown" | "tuple";
  readonly argument?: string;
  readonly expected: string | number;
  readonly found: string | number;
  readonly path: string;
}

/** How a call of the operator differs from its signature. */
export function higherOrderFaults(node: Node, shape: Shape, registry: OperatorRegistry): Fault[] {
  const found: Fault[] = [];
  const { inputs } = node.source;
  for (const [i, [argument, takes]] of shape.parameters.entries()) {
    if (takes === "any" || (takes === "body" && lacksBodies(node, shape))) continue;
    const expected = NAMES[takes] ?? `a ${takes}`;
    const given = inputs[i];
    // cond/arity and loop/arity count the arguments of the others.
    if (given === undefined) {
      if (!["list", "tensors", "body"].includes(takes))
        found.push({ message: "missing", argument, expected, found: "nothing", path: nodePath(node) });
    } else if (!fits(given.arg, takes)) {
      const path = `${nodePath(node)}.inputs[${i}].arg`;
      found.push({ message: "kind", argument, expected, found: describeArgument(given.arg), path });
    }
  }
  if (found.length > 0) return found;
  found.push(...resultFaults(node));
  if (shape.functionalized) return [...found, ...keywordFaults(node, registry)];
  if (shape.effects) return [...found, ...effectFaults(node, registry)];
  return [...found, ...(shape.calls ? bodyFaults(node) : []), ...tupleFaults(node)];
}

function lacksBodies({ subgraphs }: Node, { parameters }: Shape): boolean {
  return subgraphs.length !== parameters.filter(([, takes]) => takes === "body").length;
}

/**
 * A node with one result says whether it is a tensor or a tuple of one (serialize.py _is_hop_single_tensor_return), which
 * is for its graph to say: but the loops return tuples whatever theirs does.
 */
function tupleFaults(node: Node): Fault[] {
  const { outputs, is_hop_single_tensor_return: isSingle } = node.source;
  const body = node.subgraphs.at(-1)?.source;
  if (outputs.length !== 1 || typeof isSingle !== "boolean" || body === undefined) return [];
  const isLoop = hopCall(node)?.kind !== "call" && hopCall(node)?.kind !== "cond";
  if (isSingle === (!isLoop && body.is_single_tensor_return === true)) return [];
  const path = `${nodePath(node)}.is_hop_single_tensor_return`;
  const [expected, found] = isSingle ? ["a tuple of one", "a tensor"] : ["a tensor", "a tuple of one"];
  return [{ message: "tuple", expected, found, path }];
}

function fits(arg: object, takes: Exclude<Takes, "any">): boolean {
  const [value] = Object.values(arg) as unknown[];
  if (takes === "operator" && typeof value === "string" && !/^(torch\.ops\.\w+\.|#)\w/.test(value))
    return false;
  if (takes === "device type" && typeof value === "string" && !isDeviceType(value)) return false;
  if (takes !== "list" && takes !== "tensors") return KINDS[takes].includes(kindOfArgument(arg));
  // An empty list is written as one of ints.
  if (!Array.isArray(value)) return false;
  return value.length === 0 || (takes === "list" ? !("as_strings" in arg) : "as_tensors" in arg);
}

function bodyFaults(node: Node): Fault[] {
  const body = hopCall(node)?.bodies[0];
  if (body === undefined) return [];
  const found: Fault[] = [];
  const path = nodePath(node);
  const [expected, passed] = [body.graph.inputs.length, body.inputs.length];
  if (expected !== passed) found.push({ message: "inputs", expected, found: passed, path });
  const [returned, listed] = [body.graph.outputs.length, resultCount(node)];
  if (returned !== listed) found.push({ message: "results", expected: returned, found: listed, path });
  return found;
}

const RESULTS = new Set([
  ...["as_tensor", "as_tensors", "as_nested_tensors", "as_none", "as_custom_obj"],
  ...["as_sym_int", "as_sym_float", "as_sym_bool"],
]);

/** Mirrors GraphModuleDeserializer.deserialize_outputs. */
function resultFaults(node: Node): Fault[] {
  return node.source.outputs.flatMap((output, i): Fault[] => {
    const [kind, body] = Object.entries(output)[0]!;
    const isSymbol = kind.startsWith("as_sym_");
    if (RESULTS.has(kind) && (!isSymbol || "as_name" in (body as object))) return [];
    const expected = "tensors and symbolic numbers";
    const path = `${nodePath(node)}.outputs[${i}]`;
    return [{ message: "tuple", expected, found: describeArgument(output), path }];
  });
}

/** with_effects calls the operator with what stands behind it. */
function effectFaults(node: Node, registry: OperatorRegistry): Fault[] {
  const [, op, ...rest] = node.source.inputs;
  const operator = op && "as_operator" in op.arg ? registry.find(op.arg.as_operator) : undefined;
  if (operator === undefined) return [];
  const { parameters } = callPlan(operator);
  return rest.flatMap(({ name, arg }, i): Fault[] => {
    const parameter = name === "" ? parameters[i] : parameters.find((one) => one.name === name);
    return kindFault(parameter, arg, `${nodePath(node)}.inputs[${i + 2}].arg`);
  });
}

/** What a parameter does not take; none where it is not known what it takes. */
function kindFault(parameter: Parameter | undefined, arg: Argument, path: string): Fault[] {
  if (parameter?.kinds?.has(kindOfArgument(arg)) !== false) return [];
  const found = describeArgument(arg);
  return [{ message: "kind", argument: parameter.name, expected: parameter.type, found, path }];
}

/** What auto_functionalized_v2 adds to the operator's arguments: `_x_base_index`, `_x_size`, `_all_bases`, ... */
const ADDED =
  /^_all_bases$|^_(.+)_(base_index|size|stride|storage_offset|slice_dim|slice_start|slice_end|alias|length|dtype|device)$/;

/** Mirrors torch/_higher_order_ops/auto_functionalize.py, which calls the operator with these keywords. */
function keywordFaults(node: Node, registry: OperatorRegistry): Fault[] {
  const [first, ...rest] = node.source.inputs;
  const operator = first && "as_operator" in first.arg ? registry.find(first.arg.as_operator) : undefined;
  const parameters = operator && callPlan(operator).parameters;
  const names = new Set(parameters?.map(({ name }) => name));
  const bases = basesOf(rest.find(({ name }) => name === "_all_bases")?.arg);
  return rest.flatMap(({ name, arg, kind }, i): Fault[] => {
    const path = `${nodePath(node)}.inputs[${i + 1}].arg`;
    if (kind === ArgumentKind.POSITIONAL) {
      const expected = "a keyword";
      return [{ message: "kind", argument: name, expected, found: "an argument by position", path }];
    }
    const parameter = parameters?.find((one) => one.name === name);
    const wrong = kindFault(parameter, arg, path);
    if (wrong.length > 0) return wrong;
    if (/^_.+_base_index$/.test(name) && !isBase(arg, bases)) {
      const expected = `the number of one of ${plural(bases, "tensor")}`;
      return [{ message: "kind", argument: name, expected, found: describeArgument(arg), path }];
    }
    if (operator === undefined || parameter || name === "_all_bases") return [];
    if (isPartOf(names, ADDED.exec(name)?.[1])) return [];
    const expected = `an argument of ${operator.qualifiedName}`;
    return [
      { message: "unknown", argument: name, expected, found: name, path: path.slice(0, -".arg".length) },
    ];
  });
}

function basesOf(arg: Argument | undefined): number {
  const [listed] = Object.values(arg ?? {}) as unknown[];
  return Array.isArray(listed) ? listed.length : Number.POSITIVE_INFINITY;
}

/** An optional tensor that is not there has no base. */
function isBase(arg: Argument, bases: number): boolean {
  return "as_none" in arg || ("as_int" in arg && arg.as_int >= 0 && arg.as_int < bases);
}

/** The elements of a written list are numbered: `_xs_0_base_index`. */
function isPartOf(names: ReadonlySet<string>, owner: string | undefined): boolean {
  return owner !== undefined && (names.has(owner) || names.has(owner.replace(/_\d+$/, "")));
}
