import { closest } from "../../src/lint/closest.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Graph, UndefinedUse } from "../../src/program/program.ts";
import { graphPath, nodePath } from "../_shared/paths.ts";

export const useBeforeDefinition = defineRule({
  id: "graph/use-before-definition",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a node uses a name that nothing before it defines",
  description: `
The nodes of a graph stand in the order in which they run, and each may use the graph's inputs and the results of
nodes before it. This one uses a name that only a later node defines, that only a surrounding graph has, or that
nothing defines: a branch of \`torch.cond\` sees nothing but the operands that the cond passes to it.

\`torch.export\` does not write such graphs; passes over graphs and scripts that edit documents do.
\`torch.export.load\` refuses nodes in the wrong order, hidden behind "We ran into an error when deserializing the saved
file", and accepts a name that nothing defines: the program fails when it runs.
`,
  data: {
    name: "the name that is used",
    definedIn: "`later` in the same graph, in the `parent` graph or one around it, or `nowhere`",
    suggestion: "the defined name that it resembles, or null",
    path: "the JSON path of the node or of the graph's outputs",
  },
  messages: {
    later: "'{name}' is used before it is defined",
    parent: "'{name}' is not passed into the graph that uses it",
    nowhere: "'{name}' is used but nothing defines it{meant}",
  },
  examples: {
    valid: [
      {
        title: "a branch that uses its own inputs",
        program: `
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(a: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(a)
    return (sin,)

def false_graph_0(a: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(a)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "nodes in the wrong order",
        program: `
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(cos)
    cos: "f32[2]" = torch.ops.aten.cos.default(x)
    return (sin,)
`,
        diagnostics: [
          {
            message: "'cos' is used before it is defined",
            data: {
              name: "cos",
              definedIn: "later",
              suggestion: null,
              path: "graph_module.graph.nodes[0]",
            },
          },
        ],
      },
      {
        title: "a branch that uses a value around it",
        program: `
def forward(p: "b8[]", x: "f32[2]", scale: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(a: "f32[2]"):
    mul: "f32[2]" = torch.ops.aten.mul.Tensor(a, scale)
    return (mul,)

def false_graph_0(a: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(a)
    return (cos,)
`,
        diagnostics: [
          {
            message: "'scale' is not passed into the graph that uses it",
            data: {
              name: "scale",
              definedIn: "parent",
              suggestion: null,
              path: "graph_module.graph.nodes[0].inputs[1].arg.as_graph.graph.nodes[0]",
            },
          },
        ],
      },
      {
        title: "a name that does not exist",
        program: `
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    return (sinn,)
`,
        diagnostics: [
          {
            message: "'sinn' is used but nothing defines it; did you mean 'sin'?",
            data: {
              name: "sinn",
              definedIn: "nowhere",
              suggestion: "sin",
              path: "graph_module.graph.outputs",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    graph: (graph) => {
      const suggestions = new Map<string, string | null>();
      let last: UndefinedUse | undefined;
      for (const use of graph.undefinedUses) {
        const { name } = use;
        if (last?.node === use.node && last?.name === name) continue;
        last = use;
        const definedIn = placeOf(use, graph);
        let suggestion: string | null = null;
        if (definedIn === "nowhere") {
          if (!suggestions.has(name)) suggestions.set(name, similar(use, graph, suggestions.size));
          suggestion = suggestions.get(name)!;
        }
        ctx.report({
          at: use.node ?? graph,
          message: definedIn,
          data: {
            name,
            definedIn,
            suggestion,
            path: use.node ? nodePath(use.node) : `${graphPath(graph)}.outputs`,
          },
          words: { meant: suggestion === null ? "" : `; did you mean '${suggestion}'?` },
          help: HELP[definedIn],
          detail: [use.node === null ? `an output of ${graph.path}` : `an argument of ${use.node.name}`],
        });
      }
    },
  }),
});

type Place = "later" | "parent" | "nowhere";

const HELP: Readonly<Record<Place, string>> = {
  later: "move the node behind the one that defines the value; a pass must keep the order of a graph",
  parent: "pass the value as a further operand, and give every branch an input for it",
  nowhere: "the pass or script that wrote this graph removed or renamed the node; export the program again",
};

function placeOf({ name }: UndefinedUse, graph: Graph): Place {
  if (graph.value(name) !== undefined) return "later";
  for (let owner = graph.owner; owner !== null; owner = owner.graph.owner) {
    if (owner.graph.value(name) !== undefined) return "parent";
  }
  return "nowhere";
}

/** A graph may be large, and a broken one may lack many names: only the first few are searched for. */
const MAX_SEARCHES = 5;

function similar(use: UndefinedUse, graph: Graph, searches: number): string | null {
  if (searches >= MAX_SEARCHES) return null;
  const before = use.node?.index ?? graph.nodes.length;
  const defined = graph.values.filter(({ node }) => node === null || node.index < before);
  return closest(
    use.name,
    defined.map(({ name }) => name),
  );
}
