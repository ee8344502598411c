import type { Graph, Node, Program } from "../program/program.ts";
import type { Diagnostic } from "./diagnostic.ts";

/**
 * A function that gives a finding's node and the calls that it is within, the innermost first: for a finding in a
 * branch, the call of `torch.cond`. Nothing is looked up before the answer is asked for.
 */
export function callFinder(program: Program | undefined): (diagnostic: Diagnostic) => () => Node[] {
  if (program === undefined) return () => () => [];
  let graphs: ReadonlyMap<string, Graph> | undefined;
  const byName = new Map<Graph, Map<string, Node>>();
  const nodeOf = (graph: Graph, name: string): Node | undefined => {
    let nodes = byName.get(graph);
    if (nodes === undefined) {
      nodes = new Map(graph.nodes.map((each) => [each.name, each]));
      byName.set(graph, nodes);
    }
    return nodes.get(name);
  };
  return (diagnostic) => () => {
    graphs ??= new Map(program.graphs.map((graph) => [graph.path, graph]));
    const graph = graphs.get(diagnostic.graph);
    if (graph === undefined) return [];
    const calls: Node[] = [];
    const first = diagnostic.node === null ? undefined : nodeOf(graph, diagnostic.node);
    for (let at = first ?? graph.owner; at !== null; at = at.graph.owner) calls.push(at);
    return calls;
  };
}
