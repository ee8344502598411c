import { isDeepStrictEqual } from "node:util";
import type { OperatorRegistry } from "../../ops/registry.ts";
import { ArgumentKind } from "../../schema/types.generated.ts";
import { encodeArgument, type NameScope } from "./encode-argument.ts";
import type { JsonTree } from "./json-text.ts";
import { type Metadata, parseMetadata } from "./metadata.ts";
import { type CallPlan, type GraphPlan, noSuchOutput, type OutputPlan, planOutputs } from "./outputs.ts";
import { ProgramTextError } from "./scanner.ts";
import type { CallSyntax, Expression, FrameSyntax, FunctionSyntax, InputSyntax } from "./syntax.ts";

type JsonObject = { [key: string]: JsonTree };

/** What graphs of one program share. */
export interface ProgramScope {
  readonly functions: ReadonlyMap<string, FunctionSyntax>;
  readonly registry: OperatorRegistry;
  /** The graphs that are being encoded, outermost first: none may call one of them. */
  readonly open: readonly string[];
}

/** A graph as a document has it, and what the signature needs to know of its names. */
export interface EncodedGraph {
  readonly json: JsonObject;
  /** The argument that stands for an input or a result, by position. */
  readonly inputs: readonly JsonObject[];
  argument(expression: Expression): JsonObject;
}

/** Encodes one graph, and with it the graphs that it calls. */
export function encodeGraph(
  graph: FunctionSyntax,
  scope: ProgramScope,
  mutated: readonly Expression[] = [],
): EncodedGraph {
  return new GraphEncoder(graph, scope).encode(mutated);
}

class GraphEncoder implements NameScope {
  readonly #graph: FunctionSyntax;
  readonly #scope: ProgramScope;
  readonly #values = new Map<string, Metadata>();
  readonly #plan: GraphPlan;

  constructor(graph: FunctionSyntax, scope: ProgramScope) {
    this.#graph = graph;
    this.#scope = scope;
    this.#plan = planOutputs(graph, usedOutputs(graph), (operator) => this.#returnsList(operator));
    for (const input of graph.inputs) this.#defineInput(input);
    for (const { outputs } of this.#plan.calls) for (const output of outputs) this.#defineOutput(output);
  }

  encode(mutated: readonly Expression[]): EncodedGraph {
    const argument = (expression: Expression) => encodeArgument(expression, this);
    const inputs = this.#graph.inputs.map((input) => this.#input(input));
    const nodes = this.#plan.calls.map((call) => this.#node(call));
    const outputs = [...mutated, ...this.#graph.results].map(argument);
    const json = { inputs, outputs, nodes, ...this.#tables() };
    return { json, inputs, argument };
  }

  kindOf(name: string): Metadata["kind"] | undefined {
    return this.#values.get(name)?.kind;
  }

  customClass(name: string): string {
    return (this.#values.get(name)!.entry as { readonly class_fqn: string }).class_fqn;
  }

  outputName(expression: Expression & { readonly kind: "output" }): string {
    const { node, index } = expression;
    const name = this.#plan.outputNames.get(`${node}[${index}]`);
    if (name === undefined) throw noSuchOutput(expression, node, index);
    return name;
  }

  graph(expression: Expression & { readonly kind: "name" }): JsonTree | undefined {
    const { name } = expression;
    const called = this.#scope.functions.get(name);
    if (called === undefined) {
      if (this.#plan.calls.some((call) => call.name === name && call.outputs.length > 0)) {
        throw new ProgramTextError(expression, `'${name}' has several outputs; write ${name}[0]`);
      }
      return undefined;
    }
    const open = [...this.#scope.open, this.#graph.name];
    if (open.includes(name)) throw new ProgramTextError(expression, `'${name}' calls itself`);
    return { name, graph: encodeGraph(called, { ...this.#scope, open }).json };
  }

  #returnsList(operator: string): boolean {
    const returns = this.#scope.registry.find(operator)?.schema.returns ?? [];
    return returns.length === 1 && returns[0]!.type.kind === "list";
  }

  #defineInput({ name, annotation, role, line, column }: InputSyntax): void {
    if (annotation === null) return;
    if (annotation.kind !== "value") throw new ProgramTextError(annotation, "an input is one value");
    this.#define(name, parseMetadata(annotation.text, { line, column }, role?.kind === "parameter"));
  }

  #defineOutput(output: OutputPlan): void {
    if (output.kind === "none") return;
    if (output.kind === "list") for (const item of output.items) this.#defineOutput(item);
    else this.#define(output.name, parseMetadata(output.annotation.text, output.annotation));
  }

  /** The document keeps the metadata of a name once; the first definition stands. */
  #define(name: string, metadata: Metadata): void {
    const known = this.#values.get(name);
    if (known === undefined || isDeepStrictEqual(known, metadata)) this.#values.set(name, metadata);
  }

  #input(input: InputSyntax): JsonObject {
    if (input.value !== null) return encodeArgument(input.value, this);
    if (input.annotation === null) {
      throw new ProgramTextError(input, `the input '${input.name}' needs its metadata, such as "f32[2, 3]"`);
    }
    return encodeArgument({ kind: "name", name: input.name, line: input.line, column: input.column }, this);
  }

  #node({ call, name, outputs, single }: CallPlan): JsonObject {
    const isHop = call.operator.startsWith("torch.ops.higher_order.");
    return {
      target: call.operator,
      inputs: this.#arguments(call, isHop),
      outputs: outputs.map((output) => this.#output(output)),
      metadata: call.frame === null ? {} : { stack_trace: stackTrace(call.frame) },
      is_hop_single_tensor_return: isHop ? single : null,
      name,
    };
  }

  #output(output: OutputPlan): JsonObject {
    if (output.kind === "none") return { as_none: true };
    if (output.kind === "list") return { as_tensors: output.items.map(({ name }) => ({ name })) };
    const { line, column } = output.annotation;
    return encodeArgument({ kind: "name", name: output.name, line, column }, this);
  }

  /** Arguments come in the schema's order, whatever the order in which keywords are written. */
  #arguments(call: CallSyntax, isHop: boolean): JsonObject[] {
    const schema = this.#scope.registry.find(call.operator)?.schema;
    const names = schema?.args.filter(({ kwargOnly }) => !kwargOnly).map(({ name }) => name) ?? [];
    const nameAt = (i: number) => names[i] ?? (isHop ? "" : unnamed(call.operator, i));
    const typeOf = (name: string) => schema?.args.find((arg) => arg.name === name)?.type;
    const args = call.positional.map((expression, i) => ({
      name: nameAt(i),
      arg: encodeArgument(expression, this, typeOf(nameAt(i))),
      kind: BigInt(ArgumentKind.POSITIONAL),
    }));
    const place = (name: string) => schema?.args.findIndex((arg) => arg.name === name) ?? 0;
    const keywords = call.keyword.toSorted(([a], [b]) => place(a) - place(b));
    return [
      ...args,
      ...keywords.map(([name, expression]) => ({
        name,
        arg: encodeArgument(expression, this, typeOf(name)),
        kind: BigInt(ArgumentKind.KEYWORD),
      })),
    ];
  }

  #tables(): JsonObject {
    const table = (kind: Metadata["kind"]) => {
      const entries = [...this.#values].filter(([, value]) => value.kind === kind && value.entry !== null);
      return Object.fromEntries(entries.map(([name, { entry }]) => [name, entry]));
    };
    const customObjects = Object.entries(table("custom_obj")).map(([name, entry]) => {
      return [name, { ...(entry as JsonObject), name }] as const;
    });
    return {
      tensor_values: table("tensor"),
      sym_int_values: table("sym_int"),
      sym_bool_values: table("sym_bool"),
      is_single_tensor_return: this.#graph.single,
      custom_obj_values: Object.fromEntries(customObjects),
      sym_float_values: table("sym_float"),
    };
  }
}

/** Python's own functions name their arguments `a` and `b`; what nobody declared has none. */
function unnamed(operator: string, position: number): string {
  const isPython = /^(_operator|math|torch\.sym_)/.test(operator);
  return (isPython ? ["a", "b"][position] : undefined) ?? `arg_${position}`;
}

function stackTrace({ file, line, function: name, code }: FrameSyntax): string {
  const at = `File "${file}", line ${line}, in ${name}`;
  return code === "" ? at : `${at}\n    ${code}`;
}

/** Every `cond[0]` of a graph, as text. */
function usedOutputs(graph: FunctionSyntax): Set<string> {
  const used = new Set<string>();
  const visit = (expression: Expression): void => {
    if (expression.kind === "output") used.add(`${expression.node}[${expression.index}]`);
    if (expression.kind === "list") expression.items.forEach(visit);
    if (expression.kind === "dict") for (const [, item] of expression.entries) visit(item);
  };
  graph.results.forEach(visit);
  for (const statement of graph.statements) {
    if (statement.kind === "mutates") visit(statement.value);
    if (statement.kind !== "call") continue;
    statement.positional.forEach(visit);
    for (const [, expression] of statement.keyword) visit(expression);
  }
  return used;
}
