/** Where the parts of a program stand in its document: JSON paths. */

import type { Argument } from "../schema/types.generated.ts";
import { subgraphsOf } from "./arguments.ts";
import type { Graph, Node } from "./program.ts";

/** The JSON path of a node: `graph_module.graph.nodes[12]`. */
export function nodePath(node: Node): string {
  return `${graphPath(node.graph)}.nodes[${node.index}]`;
}

/** The JSON path of one argument of a node: `graph_module.graph.nodes[12].inputs[0]`. */
export function inputPath(node: Node, input: number): string {
  return `${nodePath(node)}.inputs[${input}]`;
}

/** The JSON path of a graph: `graph_module.graph`, or below the argument that holds a branch. */
export function graphPath(graph: Graph): string {
  const parts: string[] = [];
  let at = graph;
  for (let { owner } = at; owner !== null; { owner } = at) {
    parts.push(`.nodes[${owner.index}]${pathWithin(owner, at)}.graph`);
    at = owner.graph;
  }
  return `graph_module.graph${parts.reverse().join("")}`;
}

/** From a node to the argument that holds the subgraph. */
function pathWithin(owner: Node, graph: Graph): string {
  const { inputs } = owner.source;
  const index = inputs.findIndex(({ arg }) => holds(arg, graph));
  let arg = inputs[index]!.arg;
  let path = `.inputs[${index}].arg`;
  // A dict of graphs nests as deep as the decoder lets it.
  while ("as_string_to_argument" in arg) {
    const [key, inner] = [...arg.as_string_to_argument].find(([, value]) => holds(value, graph))!;
    path += `.as_string_to_argument.${key}`;
    arg = inner;
  }
  return `${path}.as_graph`;
}

function holds(arg: Argument, graph: Graph): boolean {
  return subgraphsOf(arg).some((held) => held.graph === graph.source);
}

/** `graph_module.signature.input_specs[3]` */
export function specPath(side: "input" | "output", index: number): string {
  return `graph_module.signature.${side}_specs[${index}]`;
}
