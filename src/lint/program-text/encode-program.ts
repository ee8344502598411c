import { OperatorRegistry } from "../../ops/registry.ts";
import { type EncodedGraph, encodeGraph } from "./encode-graph.ts";
import { type JsonTree, jsonText } from "./json-text.ts";
import { type Position, ProgramTextError } from "./scanner.ts";
import type { DirectiveSyntax, Expression, FunctionSyntax, InputSyntax, ProgramSyntax } from "./syntax.ts";

type JsonObject = { [key: string]: JsonTree };

/** A program as a bare JSON document, and the operators that its text declares. */
export interface EncodedProgram {
  readonly bytes: Uint8Array;
  readonly registry: OperatorRegistry;
}

/** Writes the document that a program's text stands for. */
export function encodeProgram(program: ProgramSyntax): EncodedProgram {
  const header = readDirectives(program.directives);
  const functions = new Map<string, FunctionSyntax>();
  for (const graph of program.functions) {
    if (functions.has(graph.name)) throw new ProgramTextError(graph, `there is already a '${graph.name}'`);
    functions.set(graph.name, graph);
  }
  const main = functions.get("forward");
  if (main === undefined) throw new ProgramTextError({ line: 1, column: 1 }, "expected 'def forward(...):'");
  functions.delete("forward");
  for (const graph of functions.values()) refuseSignature(graph);

  const mutations = main.statements.filter((statement) => statement.kind === "mutates");
  const values = mutations.map(({ value }) => value);
  const graph = encodeGraph(main, { functions, registry: header.registry, open: [] }, values);
  const outputSpecs = [
    ...mutations.map(({ what, target, value }) => mutationSpec(what, target, tensorOf(graph, value))),
    ...main.results.map((result) => ({ user_output: { arg: graph.argument(result) } })),
  ];
  const inputSpecs = main.inputs.map((input, i) => inputSpec(input, graph.inputs[i]!));
  const signature = { input_specs: inputSpecs, output_specs: outputSpecs };
  const tree = root(graph.json, signature, header, rangesOf(jsonText(graph.json), header.ranges));
  return { bytes: new TextEncoder().encode(jsonText(tree)), registry: header.registry };
}

interface Header {
  readonly registry: OperatorRegistry;
  readonly dialect: string;
  readonly torchVersion: string;
  readonly schemaVersion: string;
  readonly ranges: JsonObject;
}

function readDirectives(directives: readonly DirectiveSyntax[]): Header {
  const registry = new OperatorRegistry();
  const words: Record<string, string> = { dialect: "TRAINING", torch: "2.13.0", schema: "8.20" };
  const ranges: JsonObject = {};
  for (const { name, args, ...at } of directives) {
    if (name === "range") Object.assign(ranges, range(args, at));
    else if (name === "operator") declare(registry, text(args, at), at);
    else if (Object.hasOwn(words, name)) words[name] = text(args, at);
    else {
      const known = [...Object.keys(words), "range", "operator"].join(", ");
      throw new ProgramTextError(at, `'${name}' is no directive; known: ${known}`);
    }
  }
  const { dialect, torch: torchVersion, schema: schemaVersion } = words;
  return { registry, ranges, dialect: dialect!, torchVersion: torchVersion!, schemaVersion: schemaVersion! };
}

function declare(registry: OperatorRegistry, schema: string, at: Position): void {
  try {
    registry.declare(schema);
  } catch (error) {
    throw new ProgramTextError(at, (error as Error).message);
  }
}

function text(args: readonly Expression[], at: Position): string {
  const [only] = args;
  if (args.length !== 1 || only?.kind !== "string")
    throw new ProgramTextError(at, "expected one text in quotes");
  return only.text;
}

/** `range s0 [2, 8]`; None for a bound that there is not, or in place of both for a symbol that shall have no range. */
function range(args: readonly Expression[], at: Position): JsonObject {
  const [name, bounds] = args;
  if (name?.kind === "name" && bounds?.kind === "none") return { [name.name]: null };
  if (name?.kind === "name" && bounds?.kind === "list" && bounds.items.length === 2) {
    const [min_val, max_val] = bounds.items.map((bound) =>
      bound.kind === "int" ? BigInt(bound.text) : null,
    );
    return { [name.name]: { min_val: min_val!, max_val: max_val! } };
  }
  throw new ProgramTextError(at, "expected a symbol and its bounds: range s0 [2, 8]");
}

/** The ranges that are given, and for other symbols what torch assumes of a size. */
function rangesOf(document: string, given: JsonObject): JsonObject {
  const ranges: JsonObject = {};
  for (const [, symbol] of document.matchAll(/Symbol\('([su]\d+)'/g)) {
    ranges[symbol!] = { min_val: symbol!.startsWith("s") ? 2n : 0n, max_val: null };
  }
  return Object.fromEntries(Object.entries({ ...ranges, ...given }).filter(([, range]) => range !== null));
}

function refuseSignature({ inputs, statements, name }: FunctionSyntax): void {
  const place = inputs.find(({ role }) => role !== null) ?? statements.find(({ kind }) => kind === "mutates");
  if (place === undefined) return;
  const { line, column } = place;
  throw new ProgramTextError({ line, column }, `only forward has a signature, and ${name} is a subgraph`);
}

function tensorOf(graph: EncodedGraph, value: Expression): JsonTree {
  const tensor = graph.argument(value).as_tensor;
  if (tensor === undefined) throw new ProgramTextError(value, "only a tensor can be written back");
  return tensor;
}

function mutationSpec(what: string, target: string, arg: JsonTree): JsonObject {
  if (what === "input") return { user_input_mutation: { arg, user_input_name: target } };
  return { [`${what}_mutation`]: { arg, [`${what}_name`]: target } };
}

function inputSpec({ name, role, value, ...at }: InputSyntax, arg: JsonObject): JsonObject {
  if (value !== null) return { constant_input: { name, value: arg } };
  if (role === null) return { user_input: { arg } };
  const { kind, target, persistent } = role;
  const named = Object.values(arg)[0]!;
  if (kind === "custom_obj") return { custom_obj: { arg: named, custom_obj_name: target } };
  if (arg.as_tensor === undefined) throw new ProgramTextError(at, `a ${kind} is a tensor`);
  if (kind === "token") return { token: { arg: named } };
  if (kind === "constant") return { tensor_constant: { arg: named, tensor_constant_name: target } };
  if (kind === "parameter") return { parameter: { arg: named, parameter_name: target } };
  return { buffer: { arg: named, buffer_name: target, persistent } };
}

/** How the program is called: its inputs one by one, and its results as a tuple. */
function callSignature({ input_specs, output_specs }: JsonObject): JsonObject {
  const inputs = (input_specs as JsonObject[]).flatMap(({ user_input, constant_input }) =>
    user_input
      ? [(user_input as JsonObject).arg!]
      : constant_input
        ? [(constant_input as JsonObject).value!]
        : [],
  );
  const outputs = (output_specs as JsonObject[]).flatMap(({ user_output }) =>
    user_output ? [(user_output as JsonObject).arg!] : [],
  );
  const leaf = { type: null, context: null, children_spec: [] };
  const tuple = (children: readonly object[]) => ({
    type: "builtins.tuple",
    context: "null",
    children_spec: children,
  });
  const keywords = { type: "builtins.dict", context: "[]", children_spec: [] };
  return {
    inputs,
    outputs,
    in_spec: JSON.stringify([1, tuple([tuple(inputs.map(() => leaf)), keywords])]),
    out_spec: JSON.stringify([1, tuple(outputs.map(() => leaf))]),
    forward_arg_names: null,
  };
}

function root(graph: JsonObject, signature: JsonObject, header: Header, ranges: JsonObject): JsonObject {
  const [major = "", minor = ""] = header.schemaVersion.split(".");
  return {
    graph_module: {
      graph,
      signature,
      module_call_graph: [{ fqn: "", signature: callSignature(signature) }],
      metadata: {},
      treespec_namedtuple_fields: {},
    },
    opset_version: { aten: 10n },
    range_constraints: ranges,
    schema_version: { major: BigInt(major), minor: BigInt(minor) },
    verifiers: [header.dialect],
    torch_version: header.torchVersion,
    guards_code: [],
  };
}
