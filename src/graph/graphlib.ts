/**
 * A program's graph as a @dagrejs/graphlib graph: for the API, for layout and for export. The linter never loads this
 * module: the view takes several times the memory of the program itself.
 */
import { Graph as Graphlib } from "@dagrejs/graphlib";
import { visitNames } from "../program/arguments.ts";
import type { Graph, Node, Value } from "../program/program.ts";

/** What a node of the view stands for. */
export type GraphlibNode =
  | { readonly kind: "input"; readonly graph: Graph; readonly index: number; readonly value: Value | null }
  | { readonly kind: "call"; readonly graph: Graph; readonly node: Node }
  | { readonly kind: "output"; readonly graph: Graph }
  | { readonly kind: "graph"; readonly graph: Graph };

/** What an edge of the view stands for: the value that goes from its definition to its use. */
export interface GraphlibEdge {
  readonly value: Value;
}

export type GraphlibView = Graphlib<Graph, GraphlibNode, GraphlibEdge>;

export interface GraphlibOptions {
  /** Hold the subgraphs too, each a cluster whose parent is the cluster it lies in. Default: only the graph itself. */
  readonly subgraphs?: boolean;
}

/**
 * A directed multigraph with a node for each placeholder, each call and the output, and an edge from definition to
 * use for each value; the edge's name is the value's name. A value that a call uses twice is one edge.
 *
 * Ids are `{graph id}:in:{index}`, `{graph id}:call:{index}`, `{graph id}:out` and, for the cluster of a subgraph,
 * `{graph id}:graph`: never a name of the document, since names such as `constructor` or `1` would collide with what
 * the library keeps in plain objects. `nodeId`, `inputId` and `outputId` give them.
 *
 * Building is linear. Of the library's algorithms (version 4) `preorder`, `postorder`, `components`, `tarjan`,
 * `findCycles`, `topsort` and `isAcyclic` recurse and overflow the stack on a chain of some thousand nodes;
 * `dijkstra`, `bellmanFord` and `prim` do not. A document's nodes are in topological order already, so none of them is
 * needed to sort a program.
 */
export function toGraphlib(graph: Graph, options: GraphlibOptions = {}): GraphlibView {
  const { subgraphs = false } = options;
  const view: GraphlibView = new Graphlib({ directed: true, multigraph: true, compound: subgraphs });
  view.setGraph(graph);
  const pending: Graph[] = [graph];
  for (let at = 0; at < pending.length; at++) {
    const current = pending[at]!;
    const cluster = subgraphs && current !== graph ? clusterId(current) : undefined;
    if (cluster !== undefined) view.setNode(cluster, { kind: "graph", graph: current });
    const parent = current.owner === null ? undefined : clusterId(current.owner.graph);
    if (cluster !== undefined && parent !== undefined && view.hasNode(parent))
      view.setParent(cluster, parent);
    addGraph(view, current, cluster);
    if (subgraphs) for (const node of current.nodes) pending.push(...node.subgraphs);
  }
  return view;
}

/** The id of a call in the view. */
export function nodeId(node: Node): string {
  return `${node.graph.id}:call:${node.index}`;
}

/** The id of a placeholder in the view. */
export function inputId(graph: Graph, index: number): string {
  return `${graph.id}:in:${index}`;
}

/** The id of the output in the view. */
export function outputId(graph: Graph): string {
  return `${graph.id}:out`;
}

/** The id of a subgraph's cluster in the view. */
export function clusterId(graph: Graph): string {
  return `${graph.id}:graph`;
}

function addGraph(view: GraphlibView, graph: Graph, cluster: string | undefined): void {
  const add = (id: string, label: GraphlibNode): void => {
    view.setNode(id, label);
    if (cluster !== undefined) view.setParent(id, cluster);
  };
  graph.inputs.forEach((value, index) => {
    add(inputId(graph, index), { kind: "input", graph, index, value });
  });
  for (const node of graph.nodes) {
    add(nodeId(node), { kind: "call", graph, node });
    connect(view, node.operands, nodeId(node));
  }
  add(outputId(graph), { kind: "output", graph });
  const returned: (Value | null)[] = [];
  for (const output of graph.source.outputs) {
    visitNames(output, (name) => returned.push(graph.value(name) ?? null));
  }
  connect(view, returned, outputId(graph));
}

function connect(view: GraphlibView, operands: readonly (Value | null)[], user: string): void {
  for (const value of operands) {
    // A name that nothing defines has no edge.
    if (value === null) continue;
    const definition = value.node === null ? inputId(value.graph, value.index) : nodeId(value.node);
    view.setEdge(definition, user, { value }, value.name);
  }
}
