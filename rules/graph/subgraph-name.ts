import { defineRule } from "../../src/lint/rule.ts";
import type { Graph } from "../../src/program/program.ts";
import { RecordedNode } from "../../src/schema/recorded-node.ts";
import type { Node } from "../../src/schema/types.generated.ts";
import { graphPath } from "../_shared/paths.ts";

export const subgraphName = defineRule({
  id: "graph/subgraph-name",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a branch has a name that no submodule can have, or that of another branch",
  description: `
When a program is loaded, each branch becomes a submodule of the graph that it is called in, under its name. A name that is
empty or has a dot is refused, "module name can't be empty string". Two branches of one name are loaded without a word,
but only the last is kept, and torch calls it in place of both. Graphs that are equal may share a name, as those of
\`invoke_subgraph\` do.
`,
  data: {
    name: "the name",
    path: "the JSON path of the name",
  },
  messages: {
    name: "a graph of '{node}' is called {name}, which no submodule can be",
    twice:
      "a graph of '{node}' is called {name}, like another one, and torch calls one of them in place of both",
  },
  // The text form gives each graph a name of its own.
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    graph: (graph) => {
      const message = graph.owner && nameFault(graph);
      if (!message) return;
      ctx.report({
        at: graph.owner!,
        message,
        data: { name: JSON.stringify(graph.name), path: graphPath(graph).replace(/graph$/, "name") },
        words: { node: graph.owner!.name },
        help: "give each graph a name of its own, without a dot",
      });
    },
  }),
});

/** Mirrors torch.nn.Module.register_module, which the deserializer calls. */
function nameFault(graph: Graph): "name" | "twice" | undefined {
  if (graph.name === "" || graph.name.includes(".")) return "name";
  const first = firstOfName(graph.owner!.graph).get(graph.name)!;
  // invoke_subgraph calls one graph several times.
  return first === graph || isSame(first, graph) ? undefined : "twice";
}

const firsts = new WeakMap<Graph, Map<string, Graph>>();

function firstOfName(parent: Graph): ReadonlyMap<string, Graph> {
  let found = firsts.get(parent);
  if (found === undefined) {
    const graphs = parent.callers.flatMap(({ subgraphs }) => subgraphs);
    found = new Map(graphs.map((graph) => [graph.name, graph] as const).reverse());
    firsts.set(parent, found);
  }
  return found;
}

/** Whether two graphs call the same with the same; how the results' metadata was reached does not count. */
function isSame({ source: a }: Graph, { source: b }: Graph): boolean {
  return (
    a.nodes.length === b.nodes.length &&
    a.nodes.every((node, i) => isSameCall(node, b.nodes[i]!)) &&
    textOf([a.inputs, a.outputs]) === textOf([b.inputs, b.outputs])
  );
}

function isSameCall(a: Node, b: Node): boolean {
  if (a instanceof RecordedNode && b instanceof RecordedNode && a.callsAs(b)) return true;
  return textOf([a.target, a.inputs, a.outputs]) === textOf([b.target, b.inputs, b.outputs]);
}

function textOf(parts: readonly unknown[]): string {
  return JSON.stringify(parts, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
