import { defineRule } from "../../src/lint/rule.ts";
import { type HopCall, hopCall, operandsAt } from "../../src/ops/hop/hop.ts";
import type { Node } from "../../src/program/program.ts";
import { plural } from "../_shared/plural.ts";
import { resultCount } from "../_shared/returned.ts";

export const arity = defineRule({
  id: "cond/arity",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "torch.cond and its branches disagree on how many values they pass",
  description: `
\`torch.cond\` takes a predicate, two branches and a list of operands. Each branch takes one input for each operand,
both return the same number of values, and the call gives that many results. \`torch.export\` writes it so; a graph
pass that adds an operand or an output in one place only does not.

\`torch.export.load\` of torch 2.13 accepts all of that without a word. The call then fails with a TypeError when the
program runs or is lowered ("forward() missing 1 required positional argument", "CondOp.__call__() missing 1
required positional argument: 'operands'"), or \`run_decompositions\` says "Unmatched output spec from torch.cond
branches". A call that lists fewer results than both branches return lowers and runs right: a warning.
`,
  data: {
    branch: "the branch's name in the document; null when the call itself is meant",
    expected: "how many there should be",
    actual: "how many there are",
  },
  messages: {
    arguments:
      "torch.cond takes {expected} arguments (a predicate, two branches, operands) and gets {actual}",
    branches: "torch.cond takes two branches and gets {actual}",
    inputs: "the {role} of torch.cond takes {inputs} for {operands}",
    outputs: "the {role} of torch.cond returns {values} and the true branch {expected}",
    results: "torch.cond gives {results} and its branches return {expected}",
  },
  examples: {
    valid: [
      {
        title: "as many inputs as operands, as many results as outputs",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "no operands, though the branches take one",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0)
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    return (cos,)
`,
        diagnostics: [
          {
            message: "torch.cond takes 4 arguments (a predicate, two branches, operands) and gets 3",
            data: { branch: null, expected: 4, actual: 3 },
          },
        ],
      },
      {
        title: "a branch that takes and returns one value more",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (sin,)

def false_graph_0(x: "f32[2, 3]", y: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    neg: "f32[2, 3]" = torch.ops.aten.neg.default(y)
    return (cos, neg)
`,
        diagnostics: [
          {
            message: "the false branch of torch.cond takes 2 inputs for 1 operand",
            data: { branch: "false_graph_0", expected: 1, actual: 2 },
          },
          {
            message: "the false branch of torch.cond returns 2 values and the true branch 1",
            data: { branch: "false_graph_0", expected: 1, actual: 2 },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const say = (at: Node, message: Message, { branch = null, role = "", ...counts }: Count) =>
      ctx.report({
        at,
        message,
        data: { branch, ...counts },
        words: {
          role,
          inputs: plural(counts.actual, "input"),
          operands: plural(counts.expected, "operand"),
          values: plural(counts.actual, "value"),
          results: plural(counts.actual, "result"),
        },
        help: "make the call and both branches agree, in the pass that changed one of them",
        ...(message === "results" && counts.actual < counts.expected ? { severity: "warning" } : {}),
      });
    return {
      targets: {
        "torch.ops.higher_order.cond": (node) => {
          const given = node.source.inputs.length;
          if (given !== 4) return say(node, "arguments", { expected: 4, actual: given });
          const call = hopCall(node);
          const branches = call?.bodies.length ?? 0;
          if (call === undefined || branches !== 2) {
            return say(node, "branches", { expected: 2, actual: branches });
          }
          for (const [message, count] of mismatches(call)) say(node, message, count);
        },
      },
    };
  },
});

type Message = "arguments" | "branches" | "inputs" | "outputs" | "results";

interface Count {
  readonly branch?: string | null;
  readonly role?: string;
  readonly expected: number;
  readonly actual: number;
}

function mismatches({ node, bodies }: HopCall): [Message, Count][] {
  const operands = operandsAt(node, 3).length;
  const [first, second] = bodies;
  const found: [Message, Count][] = [];
  for (const { graph, role } of bodies) {
    const actual = graph.inputs.length;
    if (actual !== operands) found.push(["inputs", { branch: graph.name, role, expected: operands, actual }]);
  }
  const expected = first!.graph.outputs.length;
  const { graph, role } = second!;
  const actual = graph.outputs.length;
  if (actual !== expected) found.push(["outputs", { branch: graph.name, role, expected, actual }]);
  else if (resultCount(node) !== expected) {
    found.push(["results", { expected, actual: resultCount(node) }]);
  }
  return found;
}
