/**
 * The nodes that torch.fx has once torch has loaded a graph, made from a document's: a placeholder for each input, a
 * get_attr for each subgraph a node names, the call, a getitem for each of several outputs. Mirrors deserialize_graph
 * of torch/_export/serde/serialize.py.
 */

import type { OperatorRegistry } from "../ops/registry.ts";
import type * as schema from "../schema/types.generated.ts";
import { ArgumentKind } from "../schema/types.generated.ts";
import { visitNames } from "./arguments.ts";
import { isPythonKeyword, Namespace, nameOfTarget, snakeCase } from "./print-names.ts";
import type { Graph, Node } from "./program.ts";

/** A node of torch.fx. */
export interface FxNode {
  readonly op: "placeholder" | "get_attr" | "call" | "getitem" | "output";
  /** Its name; for a call before the printed text's own namespace has seen it. */
  name: string;
  /** A placeholder's or subgraph's name in the document, which a name of Python's does not change. */
  readonly target: string;
  /** The name under which the graph's tables know its value; null for a tuple, a list or a constant. */
  value: string | null;
  /** The node of the document it comes from; null for a placeholder and the output. */
  readonly node: Node | null;
  /** Whether it carries the node's metadata, so that the line of source is known. */
  readonly hasMetadata: boolean;
  /** The nodes it uses, in order, each once. */
  readonly inputs: readonly FxNode[];
  /** The position that a getitem takes. */
  readonly position: number;
  call: Call | null;
}

/** What a call passes, in Python's order. */
export interface Call {
  readonly positional: readonly schema.Argument[];
  readonly keywords: readonly schema.NamedArgument[];
  readonly graphs: ReadonlyMap<schema.GraphArgument, FxNode>;
}

/** The nodes of one graph, with what finds a value's node by its name. */
export interface FxGraph {
  readonly nodes: readonly FxNode[];
  readonly byName: ReadonlyMap<string, FxNode>;
}

const HIGHER_ORDER = "torch.ops.higher_order.";
const SYMBOLIC_CALL = /^(_operator\.|math\.|torch\.sym_|torch\._sym_sqrt$|torch\.ops\.aten\.item\.default$)/;

/** The graph as torch.fx would have it. */
export function loadGraph(graph: Graph, registry: OperatorRegistry): FxGraph {
  const loader = new Loader(registry);
  graph.source.inputs.forEach((input, index) => {
    loader.placeholder(input, inputName(graph, index));
  });
  for (const node of graph.nodes) loader.node(node);
  loader.output(graph.source.outputs);
  return loader;
}

/** torch looks the name of a constant up in the program's signature, in a subgraph too. */
function inputName(graph: Graph, index: number): string {
  const spec = graph.program.document.root.graph_module.signature.input_specs[index];
  if (spec === undefined) return `arg${index}`;
  if ("constant_input" in spec) return spec.constant_input.name || `arg${index}`;
  const body = Object.values(spec)[0] as { readonly arg: schema.Argument | { readonly name: string } };
  if ("name" in body.arg) return body.arg.name || `arg${index}`;
  let name = "";
  visitNames(body.arg, (value) => {
    name ||= value;
  });
  return name || `arg${index}`;
}

class Loader implements FxGraph {
  readonly nodes: FxNode[] = [];
  readonly byName = new Map<string, FxNode>();
  readonly #names = new Namespace();
  readonly #registry: OperatorRegistry;

  constructor(registry: OperatorRegistry) {
    this.#registry = registry;
  }

  placeholder(input: schema.Argument, constantName: string): void {
    let value: string | null = null;
    visitNames(input, (name) => {
      value ??= name;
    });
    const target = value ?? constantName;
    const unique = this.#names.create(snakeCase(target));
    const placeholder = make("placeholder", { name: value ?? unique, target, value });
    this.#add(placeholder);
    if (value !== null) this.byName.set(value, placeholder);
  }

  node(node: Node): void {
    const { source } = node;
    const call = this.#arguments(node);
    const inputs = this.#inputsOf(call);
    const name = this.#names.create(source.name || fallbackName(node));
    const fx = make("call", { name, node, inputs, call, hasMetadata: true, target: source.target });
    this.#add(fx);
    this.#outputs(node, fx);
  }

  output(outputs: readonly schema.Argument[]): void {
    const inputs = new Set<FxNode>();
    for (const output of outputs) visitNames(output, (name) => addKnown(this.byName.get(name), inputs));
    this.#add(make("output", { inputs: [...inputs] }));
  }

  #add(node: FxNode): void {
    this.nodes.push(node);
  }

  /** Puts the arguments in Python's order, and makes the get_attr nodes of subgraphs on the way. */
  #arguments(node: Node): Call {
    const graphs = new Map<schema.GraphArgument, FxNode>();
    const topLevel = node.target.startsWith(HIGHER_ORDER);
    const { positional, keywords } = this.#order(node);
    const visit = (arg: schema.Argument, outermost: boolean): void => {
      if ("as_graph" in arg) {
        const { name } = arg.as_graph;
        // torch gives the call's metadata to those it passes directly, and only for a higher-order operator.
        const hasMetadata = outermost && topLevel;
        const attribute = make("get_attr", {
          name: this.#names.create(name),
          target: name,
          node,
          hasMetadata,
        });
        this.#add(attribute);
        graphs.set(arg.as_graph, attribute);
      } else if ("as_string_to_argument" in arg) {
        for (const inner of arg.as_string_to_argument.values()) visit(inner, false);
      }
    };
    for (const { arg } of node.source.inputs) visit(arg, true);
    return { positional, keywords, graphs };
  }

  #order(node: Node): Pick<Call, "positional" | "keywords"> {
    const { target, inputs } = node.source;
    if (SYMBOLIC_CALL.test(target)) return { positional: inputs.map(({ arg }) => arg), keywords: [] };
    const isOverload =
      (target.startsWith("torch.ops.") && !target.startsWith(HIGHER_ORDER)) || target.startsWith("#");
    const positional: schema.Argument[] = [];
    const keywords: schema.NamedArgument[] = [];
    for (const input of isOverload ? this.#inSchemaOrder(target, inputs) : inputs) {
      const isPositional = isOverload
        ? this.#isPositional(target, input)
        : input.kind === ArgumentKind.POSITIONAL || input.name === "";
      if (isPositional) positional.push(input.arg);
      else keywords.push(input);
    }
    return { positional, keywords };
  }

  #inSchemaOrder(target: string, inputs: readonly schema.NamedArgument[]): readonly schema.NamedArgument[] {
    const args = this.#registry.find(target)?.schema.args;
    if (args === undefined) return inputs;
    const place = new Map(args.map(({ name }, index) => [name, index]));
    const at = ({ name }: schema.NamedArgument): number => place.get(name) ?? args.length;
    const ordered = inputs.every((input, i) => i === 0 || at(inputs[i - 1]!) <= at(input));
    return ordered ? inputs : [...inputs].sort((a, b) => at(a) - at(b));
  }

  /** Files before schema 8.16 do not say the kind; then what has no default is positional (deserialize_inputs). */
  #isPositional(target: string, { name, kind }: schema.NamedArgument): boolean {
    if (kind === ArgumentKind.POSITIONAL || isPythonKeyword(name)) return true;
    if (kind === ArgumentKind.KEYWORD) return false;
    const arg = this.#registry.find(target)?.schema.args.find((candidate) => candidate.name === name);
    return arg === undefined || (arg.default === undefined && !arg.kwargOnly);
  }

  #inputsOf(call: Call): FxNode[] {
    const inputs = new Set<FxNode>();
    const visit = (arg: schema.Argument): void => {
      if ("as_graph" in arg) addKnown(call.graphs.get(arg.as_graph), inputs);
      else if ("as_string_to_argument" in arg)
        for (const inner of arg.as_string_to_argument.values()) visit(inner);
      else visitNames(arg, (name) => addKnown(this.byName.get(name), inputs));
    };
    for (const arg of call.positional) visit(arg);
    for (const { arg } of call.keywords) visit(arg);
    return [...inputs];
  }

  /** Mirrors deserialize_outputs. */
  #outputs(node: Node, fx: FxNode): void {
    const { outputs, is_hop_single_tensor_return: single } = node.source;
    const [first] = outputs;
    if (first === undefined) return;
    const name = singleName(first);
    if (outputs.length > 1) this.#getitems(fx, outputs, node);
    else if ("as_none" in first) fx.name = this.#names.create(`${nameOfTarget(node.target)}_unused`);
    else if (name === undefined) this.#getitems(fx, elementsOf(first), node);
    // A tuple of one, which only a higher-order operator returns.
    else if (node.target.startsWith(HIGHER_ORDER) && single !== true) this.#getitems(fx, outputs, node);
    else {
      fx.name = name;
      fx.value = name;
      this.byName.set(name, fx);
    }
  }

  /** Mirrors generate_getitems; a list within the results gets a getitem of its own and one for each element. */
  #getitems(source: FxNode, outputs: readonly schema.Argument[], node: Node): void {
    outputs.forEach((output, position) => {
      const value = singleName(output) ?? null;
      const isList = value === null && !("as_none" in output);
      const name = this.#names.create(value ?? (isList ? "getitem" : "as_none"));
      const getitem = make("getitem", {
        name: value ?? name,
        value,
        node,
        inputs: [source],
        position,
        hasMetadata: true,
      });
      this.#add(getitem);
      if (value !== null) this.byName.set(value, getitem);
      if (isList) this.#getitems(getitem, elementsOf(output), node);
    });
  }
}

function make(op: FxNode["op"], parts: Partial<FxNode>): FxNode {
  return {
    op,
    name: op,
    target: "",
    value: null,
    node: null,
    hasMetadata: false,
    inputs: NO_INPUTS,
    position: 0,
    call: null,
    ...parts,
  };
}

const NO_INPUTS: readonly FxNode[] = [];

function addKnown(node: FxNode | undefined, inputs: Set<FxNode>): void {
  if (node !== undefined) inputs.add(node);
}

/** The name of a single tensor or symbolic value. */
function singleName(output: schema.Argument): string | undefined {
  if ("as_tensor" in output) return output.as_tensor.name;
  const symbol =
    "as_sym_int" in output
      ? output.as_sym_int
      : "as_sym_float" in output
        ? output.as_sym_float
        : "as_sym_bool" in output
          ? output.as_sym_bool
          : undefined;
  return symbol !== undefined && "as_name" in symbol ? symbol.as_name : undefined;
}

/** The elements of a list of results, as results of their own. They are no lists, so that getitems nest once. */
function elementsOf(output: schema.Argument): readonly schema.Argument[] {
  const elements: schema.Argument[] = [];
  visitNames(output, (name) => elements.push({ as_tensor: { name } }));
  return elements;
}

/** Files before schema 8.16 name no nodes: a single tensor's name stands for its node's. */
function fallbackName(node: Node): string {
  const { outputs, target } = node.source;
  const name = outputs.length === 1 ? singleName(outputs[0]!) : undefined;
  return name ?? nameOfTarget(target);
}
