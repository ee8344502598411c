import type { Document } from "../schema/document.ts";
import { dialectOf, torchVersionOf } from "../schema/drift.ts";
import type * as schema from "../schema/types.generated.ts";
import { subgraphsOf, visitNames } from "./arguments.ts";
import { Graph } from "./graph.ts";
import type { Value } from "./node.ts";

export { Graph, type UndefinedUse } from "./graph.ts";
export { Node, Value } from "./node.ts";

/** What an input of the main graph is, by the graph signature. */
export interface ProgramInput {
  readonly kind:
    | "parameter"
    | "buffer"
    | "tensor_constant"
    | "custom_obj"
    | "token"
    | "constant_input"
    | "user_input";
  /** The parameter's, buffer's or constant's qualified name; for a user input, its placeholder. */
  readonly name: string;
  /** For a buffer: whether it is in the state dict. */
  readonly persistent: boolean;
}

/** An exported program: its graphs, with the main one first and every subgraph after the graph that holds its owner. */
export class Program {
  readonly document: Document;
  /** The model's name in its archive. */
  readonly name: string;
  readonly graphs: readonly Graph[];
  /** Every value of every graph, by id. */
  readonly values: Value[] = [];
  /** The targets of its nodes, each once. */
  readonly targets: string[] = [];
  readonly nodeCount: number;
  /** What the main graph's inputs are, in order. */
  readonly inputs: readonly ProgramInput[];
  readonly #targetNumbers = new Map<string, number>();

  constructor(document: Document, name = "model") {
    this.document = document;
    this.name = name;
    const graphs: Graph[] = [new Graph(this, 0, "main", null, document.root.graph_module.graph, 0)];
    let nodes = graphs[0]!.nodes.length;
    // A worklist instead of recursion: subgraphs of subgraphs come as their owners' graphs are met.
    for (let i = 0; i < graphs.length; i++) {
      for (const node of graphs[i]!.callers) {
        for (const { arg } of node.source.inputs) {
          for (const { name: branch, graph } of subgraphsOf(arg)) {
            const subgraph = new Graph(this, graphs.length, branch, node, graph, nodes);
            graphs.push(subgraph);
            nodes += subgraph.nodes.length;
            node.subgraphs = [...node.subgraphs, subgraph];
          }
        }
      }
    }
    this.graphs = graphs;
    this.nodeCount = nodes;
    this.inputs = document.root.graph_module.signature.input_specs.map(describeInput);
  }

  get main(): Graph {
    return this.graphs[0]!;
  }

  /** The place of a target among `targets`, where it is put when it is not there. */
  targetNumber(target: string): number {
    let number = this.#targetNumbers.get(target);
    if (number === undefined) {
      number = this.targets.push(target) - 1;
      this.#targetNumbers.set(target, number);
    }
    return number;
  }

  get torchVersion(): string {
    return torchVersionOf(this.document);
  }

  /** `major.minor` */
  get schemaVersion(): string {
    const { major, minor } = this.document.root.schema_version;
    return `${major}.${minor}`;
  }

  get dialect(): string {
    return dialectOf(this.document);
  }
}

function describeInput(spec: schema.InputSpec): ProgramInput {
  if ("parameter" in spec) return input("parameter", spec.parameter.parameter_name);
  if ("buffer" in spec) return input("buffer", spec.buffer.buffer_name, spec.buffer.persistent);
  if ("tensor_constant" in spec) return input("tensor_constant", spec.tensor_constant.tensor_constant_name);
  if ("custom_obj" in spec) return input("custom_obj", spec.custom_obj.custom_obj_name);
  if ("token" in spec) return input("token", spec.token.arg.name);
  if ("constant_input" in spec) return input("constant_input", spec.constant_input.name);
  let name = "";
  visitNames(spec.user_input.arg, (placeholder) => {
    name = placeholder;
  });
  return input("user_input", name);
}

function input(kind: ProgramInput["kind"], name: string, persistent = false): ProgramInput {
  return { kind, name, persistent };
}
