/** Documents as plain JSON, to be taken apart by tests. */

// biome-ignore lint/suspicious/noExplicitAny: JSON of any form is taken apart
export type AnyJson = any;

/** One graph of a document with the JSON path that leads to it. */
export interface JsonGraph {
  readonly graph: AnyJson;
  readonly path: string;
}

/** All graphs of a document, the main one first. */
export function graphsOf(document: AnyJson): JsonGraph[] {
  const graphs: JsonGraph[] = [{ graph: document.graph_module.graph, path: "graph_module.graph" }];
  for (let i = 0; i < graphs.length; i++) {
    const { graph, path } = graphs[i]!;
    for (const [n, node] of graph.nodes.entries()) {
      for (const [k, { arg }] of node.inputs.entries()) {
        if (arg.as_graph === undefined) continue;
        graphs.push({
          graph: arg.as_graph.graph,
          path: `${path}.nodes[${n}].inputs[${k}].arg.as_graph.graph`,
        });
      }
    }
  }
  return graphs;
}

/** One node with where it stands. */
export interface JsonNode extends JsonGraph {
  readonly node: AnyJson;
  readonly index: number;
  /** The JSON path of the node. */
  readonly at: string;
}

export function nodesOf(document: AnyJson): JsonNode[] {
  return graphsOf(document).flatMap(({ graph, path }) =>
    graph.nodes.map((node: AnyJson, index: number) => ({
      graph,
      path,
      node,
      index,
      at: `${path}.nodes[${index}]`,
    })),
  );
}

/** JSON.parse rounds integers beyond 2^53; none of the faults is about them. */
export function parseDocument(text: string): AnyJson {
  return JSON.parse(text.replace(/\b922337203685477580[67]\b/g, String(Number.MAX_SAFE_INTEGER)));
}

/** Walks a JSON path such as `a.b[0].c`; undefined where it leads nowhere. A key may hold dots. */
export function follow(json: AnyJson, path: string): AnyJson {
  let at = json;
  let rest = path;
  while (rest !== "" && at !== undefined && at !== null) {
    const index = /^\[(\d+)\]\.?/.exec(rest);
    const key = index ? index[1]! : longestKey(at, rest);
    if (key === undefined) return undefined;
    at = at[key];
    rest = index ? rest.slice(index[0].length) : rest.slice(key.length).replace(/^\./, "");
  }
  return at;
}

function longestKey(at: AnyJson, rest: string): string | undefined {
  return Object.keys(at)
    .filter((key) => rest === key || rest.startsWith(`${key}.`) || rest.startsWith(`${key}[`))
    .sort((a, b) => b.length - a.length)[0];
}

/** A stream of numbers from 0 up to, not including, `bound`, always the same for a seed (mulberry32). */
export function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}
