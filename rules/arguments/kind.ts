import { defineRule } from "../../src/lint/rule.ts";
import { kindFaults, valueFaults } from "../../src/ops/call-check.ts";
import { visitNames } from "../../src/program/arguments.ts";
import type { Graph, Node, Value } from "../../src/program/program.ts";
import { describeArgument, VALUE_WORDS } from "../_shared/argument-words.ts";
import { certainty, onOperatorCalls } from "../_shared/operator-calls.ts";
import { inputPath } from "../_shared/paths.ts";

export const kind = defineRule({
  id: "arguments/kind",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "an argument is of another kind than the operator's schema says",
  description: `
Each argument of a call is held against its type in the schema: a string is no Tensor, a float no \`int\`, one tensor no
list of them. What counts is what torch accepts, which was measured: a float argument takes an int, a \`int[2]\` takes
one int, \`add\`, \`sub\`, \`mul\` and \`div\` take a number for their second tensor, and a symbolic number stands
wherever its value could. A list of a certain length has that length, or one element for all. A device
is of a type that torch knows, and an integer has at most 64 bits. An argument that names a value is also held against what the value is.

\`torch.export.load\` reads any kind without a word; the call fails when the program runs.
`,
  data: {
    argument: "the name of the argument",
    expected: "its type in the schema, or what the argument calls the value",
    found: "what it is",
    path: "the JSON path of the argument",
  },
  messages: {
    kind: "'{argument}' of {operator} takes {expected}, but is given {found}",
    value: "'{argument}' of {operator} takes {expected}, but '{value}' is {found}",
  },
  examples: {
    valid: [
      {
        title: "numbers that torch converts",
        program: `
def forward(x: "f32[2, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(x, 1)
    clamp: "f32[2, 3]" = torch.ops.aten.clamp.default(add, 0, 1.5)
    leaky_relu: "f32[2, 3]" = torch.ops.aten.leaky_relu.default(clamp, 1)
    return (leaky_relu,)
`,
      },
      {
        title: "a symbolic size",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0, 3]"):
    sym_size: "Sym(s0)" = torch.ops.aten.sym_size.int(x, 0)
    view: "f32[3, s0]" = torch.ops.aten.view.default(x, [3, sym_size])
    return (view,)
`,
      },
    ],
    invalid: [
      {
        title: "a device that torch does not know, a number that does not fit",
        program: `
def forward(x: "f32[2, 3]"):
    full: "f32[2, 3]" = torch.ops.aten.full.default([2, 3], 1.0, device = device(type='gpu'))
    slice_1: "f32[2, 3]" = torch.ops.aten.slice.Tensor(full, 0, 0, 18446744073709551616)
    return (slice_1,)
`,
        diagnostics: [
          {
            message:
              "'device' of aten::full takes Device?, but is given a device that torch does not know, \"gpu\"",
          },
          {
            message: "'end' of aten::slice.Tensor takes SymInt?, but is given an int of more than 64 bits",
          },
        ],
      },
      {
        title: "an assertion of what is known already",
        program: `
def forward(x: "f32[2, 3]"):
    _assert_scalar = torch.ops.aten._assert_scalar.default(1, "")
    return (x,)
`,
        diagnostics: [{ message: "'self' of aten::_assert_scalar takes Scalar, but is given an int" }],
      },
      {
        title: "three strides for two dimensions",
        program: `
def forward(x: "f32[1, 3, 8, 8]"):
    max_pool2d: "f32[1, 3, 4, 4]" = torch.ops.aten.max_pool2d.default(x, [2, 2], [2, 2, 2])
    return (max_pool2d,)
`,
        diagnostics: [{ message: "'stride' of aten::max_pool2d takes int[2], but is given a list of ints" }],
      },
      {
        title: "a string for a tensor, a float for an int",
        program: `
def forward(x: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(x, "two")
    softmax: "f32[2, 3]" = torch.ops.aten.softmax.int(mul, 1.0)
    return (softmax,)
`,
        diagnostics: [
          {
            message: "'other' of aten::mul.Tensor takes Tensor, but is given a string",
            data: {
              argument: "other",
              expected: "Tensor",
              found: "a string",
              path: "graph_module.graph.nodes[0].inputs[1].arg",
            },
          },
          {
            message: "'dim' of aten::softmax.int takes int, but is given a float",
            data: {
              argument: "dim",
              expected: "int",
              found: "a float",
              path: "graph_module.graph.nodes[1].inputs[1].arg",
            },
          },
        ],
      },
      {
        title: "a symbolic int where a tensor is due",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0, 3]"):
    sym_size: "Sym(s0)" = torch.ops.aten.sym_size.int(x, 0)
    cat: "f32[s0, 3]" = torch.ops.aten.cat.default([x, sym_size])
    return (cat,)
`,
        diagnostics: [
          {
            message: "'tensors' of aten::cat takes Tensor[], but 'sym_size' is a symbolic int",
            data: {
              argument: "tensors",
              expected: "Tensor[]",
              found: "a symbolic int",
              path: "graph_module.graph.nodes[1].inputs[0].arg",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const severity = certainty(ctx);
    let current: Graph | undefined;
    let mayBeMixed = false;
    return onOperatorCalls(ctx, (node, plan) => {
      const { inputs } = node.source;
      const operator = plan.operator.qualifiedName;
      const kinds = kindFaults(plan, inputs).map((fault) => ({
        ...fault,
        found: describeArgument(inputs[fault.input]!.arg),
      }));
      for (const { input, parameter, found } of [...kinds, ...valueFaults(plan, inputs)]) {
        ctx.report({
          at: node,
          message: "kind",
          data: {
            argument: parameter.name,
            expected: parameter.type,
            found,
            path: `${inputPath(node, input)}.arg`,
          },
          words: { operator },
          help: HELP,
          detail: [plan.operator.schemaText],
          ...severity,
        });
      }
      if (node.graph !== current) {
        current = node.graph;
        mayBeMixed = hasOtherThanTensors(current);
      }
      if (!mayBeMixed) return;
      for (const { input, value } of strangers(node)) {
        const { name } = inputs[input]!;
        const parameter = plan.parameters.find((candidate) => candidate.name === name);
        if (parameter?.kinds === undefined) continue;
        const { arg } = inputs[input]!;
        ctx.report({
          at: node,
          message: "value",
          data: {
            argument: name,
            // What would be right, had the argument called it by its kind.
            expected: parameter.kinds.has(`as_${value.kind}`) ? describeArgument(arg) : parameter.type,
            found: VALUE_WORDS[value.kind],
            path: `${inputPath(node, input)}.arg`,
          },
          words: { operator, value: value.name },
          help: HELP,
          detail: [plan.operator.schemaText],
          ...severity,
        });
      }
    });
  },
});

const HELP = "give what the schema says; the pass that made the call took one kind of value for another";

/** Every name in a graph of tensors alone is a tensor's, unless an argument says otherwise; that is for \`kind\`. */
function hasOtherThanTensors({ source }: Graph): boolean {
  const { sym_int_values, sym_float_values, sym_bool_values, custom_obj_values } = source;
  return sym_int_values.size + sym_float_values.size + sym_bool_values.size + custom_obj_values.size > 0;
}

/** Values that an argument names as what they are not. */
function strangers(node: Node): { readonly input: number; readonly value: Value }[] {
  const found: { readonly input: number; readonly value: Value }[] = [];
  for (const [input, { arg }] of node.source.inputs.entries()) {
    visitNames(arg, (name, kind) => {
      const value = node.graph.value(name);
      if (value !== undefined && value.kind !== kind) found.push({ input, value });
    });
  }
  return found;
}
