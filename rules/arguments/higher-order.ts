import { defineRule } from "../../src/lint/rule.ts";
import type { Node } from "../../src/program/program.ts";
import { higherOrderFaults, SHAPES, type Shape } from "../_shared/higher-order-calls.ts";
import { plural } from "../_shared/plural.ts";

export const higherOrder = defineRule({
  id: "arguments/higher-order",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a higher-order operator is called with other arguments than it takes",
  description: `
Higher-order operators have no schema; each has a signature of its own. \`cond\` takes its operands as a list,
\`invoke_subgraph\` a graph, an identifier and the operands one by one, \`auto_functionalized_v2\` an operator, that
operator's arguments by name, and the list of tensors that it may write. Where the operator calls a graph once, with its
operands as they are, the graph has an input for each operand and the node a result for each output.

How many operands and branches \`cond\` and the loops need is for \`cond/arity\` and \`loop/arity\`.
\`torch.export.load\` accepts such a call; it fails when the program is lowered or runs.
`,
  data: {
    argument: "the name that torch gives the parameter, or null",
    expected: "what stands there",
    found: "what the call has",
    path: "the JSON path of the argument or of the node",
  },
  messages: {
    kind: "'{argument}' of {operator} takes {expected}, but is given {found}",
    missing: "{operator} is called without its argument '{argument}'",
    inputs: "{operator} passes {operands} to a graph with {expectedInputs}",
    results: "the graph of {operator} returns {values}, but the node lists {found}",
    unknown: "{operator} has no argument '{argument}'",
    tuple: "{operator} returns {expected}, but the node says that it is {found}",
  },
  examples: {
    valid: [
      {
        title: "a graph that is called once",
        program: `
def forward(x: "f32[2]", y: "f32[2]"):
    wrap: ("f32[2]",) = torch.ops.higher_order.wrap_with_set_grad_enabled(False, submod, x, y)
    return (wrap[0],)

def submod(a: "f32[2]", b: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
      },
    ],
    invalid: [
      {
        title: "operands that are no list",
        program: `
def forward(p: "b8[]", x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, x)
    return (cond[0],)

def true_graph_0(a: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(a)
    return (sin,)

def false_graph_0(a: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(a)
    return (cos,)
`,
        diagnostics: [
          {
            message: "'operands' of cond takes a list, but is given a tensor",
            data: {
              argument: "operands",
              expected: "a list",
              found: "a tensor",
              path: "graph_module.graph.nodes[0].inputs[3].arg",
            },
          },
        ],
      },
      {
        title: "an operand too few, a result too many, and a call without a graph",
        program: `
def forward(x: "f32[2]", y: "f32[2]"):
    wrap: ("f32[2]", "f32[2]") = torch.ops.higher_order.wrap_with_set_grad_enabled(False, submod, x)
    wrap_1: "f32[2]" = torch.ops.higher_order.wrap_with_set_grad_enabled(False)
    return (wrap[0], wrap[1], wrap_1)

def submod(a: "f32[2]", b: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
        diagnostics: [
          {
            message: "wrap_with_set_grad_enabled passes 1 operand to a graph with 2 inputs",
            data: { argument: null, expected: 2, found: 1, path: "graph_module.graph.nodes[0]" },
          },
          {
            message: "the graph of wrap_with_set_grad_enabled returns 1 value, but the node lists 2",
            data: { argument: null, expected: 1, found: 2, path: "graph_module.graph.nodes[0]" },
          },
          {
            message: "wrap_with_set_grad_enabled is called without its argument 'wrapped_func'",
            data: {
              argument: "wrapped_func",
              expected: "a graph",
              found: "nothing",
              path: "graph_module.graph.nodes[1]",
            },
          },
        ],
      },
      {
        title: "a tensor out of a graph that returns a tuple",
        program: `
def forward(x: "f32[2]"):
    wrap: "f32[2]" = torch.ops.higher_order.wrap_with_set_grad_enabled(False, submod, x)
    return (wrap,)

def submod(a: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(a, a)
    return (add,)
`,
        diagnostics: [
          {
            message:
              "wrap_with_set_grad_enabled returns a tuple of one, but the node says that it is a tensor",
            data: {
              argument: null,
              expected: "a tuple of one",
              found: "a tensor",
              path: "graph_module.graph.nodes[0].is_hop_single_tensor_return",
            },
          },
        ],
      },
      {
        title: "an operator that does not have the argument",
        program: `
operator "mylib::scale_(Tensor(a!) x, float by) -> ()"
def forward(x: "f32[2]"):
    af: (None, "f32[2]") = torch.ops.higher_order.auto_functionalized_v2(torch.ops.mylib.scale_.default, by=2.0, to=1, _x_base_index=0, _all_bases=[x])
    return (af[1],)
`,
        diagnostics: [
          {
            message: "mylib::scale_ has no argument 'to'",
            data: {
              argument: "to",
              expected: "an argument of mylib::scale_",
              found: "to",
              path: "graph_module.graph.nodes[0].inputs[2]",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const check = (node: Node, shape: Shape): void => {
      const operator = node.target.slice(PREFIX.length);
      for (const { message, argument = null, expected, found, path } of higherOrderFaults(
        node,
        shape,
        ctx.registry,
      )) {
        ctx.report({
          at: node,
          message,
          data: { argument, expected, found, path },
          words: {
            operator: message === "unknown" ? String(expected).replace("an argument of ", "") : operator,
            operands: plural(Number(found), "operand"),
            expectedInputs: plural(Number(expected), "input"),
            values: plural(Number(expected), "value"),
          },
          help: "make the call agree with what the operator takes, in the pass that changed one of them",
        });
      }
    };
    return {
      targets: Object.fromEntries(
        Object.entries(SHAPES).map(([name, shape]) => [
          `${PREFIX}${name}`,
          (node: Node) => check(node, shape),
        ]),
      ),
    };
  },
});

const PREFIX = "torch.ops.higher_order.";
