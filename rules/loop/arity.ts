import { defineRule } from "../../src/lint/rule.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import type { Graph, Node } from "../../src/program/program.ts";
import { asLoop, type Loop } from "../_shared/loops.ts";
import { plural } from "../_shared/plural.ts";
import { resultCount } from "../_shared/returned.ts";
import { isFromTorch } from "../_shared/torch-version.ts";

export const arity = defineRule({
  id: "loop/arity",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a loop and its functions disagree on how many values they pass",
  description: `
The functions of a loop take one input for each value that it passes: \`while_loop\` its carries and what is read from
outside, \`scan\` its carries, a slice of each tensor and what is read from outside, \`map\` the slices and the rest,
\`associative_scan\` two elements of each tensor and the rest. The body of \`while_loop\` returns as many values as there
are carries, that of \`scan\` at least as many, that of \`associative_scan\` one for each tensor. The call gives one
result for each value (\`while_loop\`: for each carry).

torch 2.13 checks the outputs when it traces ("Expected carried_inputs and body_output to have same number of
outputs") and the inputs by calling the function ("forward() missing 1 required positional argument");
\`torch.export.load\` checks neither.

What the call itself takes depends on the torch that wrote the program: \`scan\` and \`associative_scan\` of torch 2.6 take
the dimension and the direction too, and \`scan\` and \`map\` take the keyword \`mutated_arg_indices\` from 2.14 on, as
\`while_loop\` does.
`,
  data: {
    body: "the body's name in the document; null when the call itself is meant",
    expected: "how many there should be",
    actual: "how many there are",
  },
  messages: {
    arguments: "{loop} takes {expected} arguments and gets {actual}",
    bodies: "{loop} takes {functions} and gets {actual}",
    inputs: "the {role} of {loop} takes {inputs} and is passed {expected}",
    outputs: "the {role} of {loop} returns {values} instead of {expected}",
    results: "{loop} gives {results} instead of {expected}",
  },
  examples: {
    valid: [
      {
        title: "as many outputs as carries",
        program: `
def forward(i: "i64[]", x: "f32[2, 3]"):
    loop: ("i64[]", "f32[2, 3]") = torch.ops.higher_order.while_loop(condition, body, (i, x), ())
    return (loop[0], loop[1])

def condition(i: "i64[]", x: "f32[2, 3]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[2, 3]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (add, sin)
`,
      },
    ],
    invalid: [
      {
        title: "a body that forgets a carry",
        program: `
def forward(i: "i64[]", x: "f32[2, 3]"):
    loop: ("i64[]", "f32[2, 3]") = torch.ops.higher_order.while_loop(condition, body, (i, x), ())
    return (loop[0], loop[1])

def condition(i: "i64[]", x: "f32[2, 3]"):
    lt: "b8[]" = torch.ops.aten.lt.Scalar(i, 3)
    return lt

def body(i: "i64[]", x: "f32[2, 3]"):
    add: "i64[]" = torch.ops.aten.add.Tensor(i, 1)
    return (add,)
`,
        diagnostics: [
          {
            message: "the body of while_loop returns 1 value instead of 2",
            data: { body: "body", expected: 2, actual: 1 },
          },
        ],
      },
      {
        title: "a combine function that takes no slice",
        program: `
def forward(init: "f32[3]", xs: "f32[5, 3]"):
    scan: ("f32[3]", "f32[5, 3]") = torch.ops.higher_order.scan(combine, (init,), (xs,), ())
    return (scan[0], scan[1])

def combine(carry: "f32[3]"):
    sin: "f32[3]" = torch.ops.aten.sin.default(carry)
    cos: "f32[3]" = torch.ops.aten.cos.default(carry)
    return (sin, cos)
`,
        diagnostics: [
          {
            message: "the combine function of scan takes 1 input and is passed 2",
            data: { body: "combine", expected: 2, actual: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const check = (node: Node, shape: Shape): void => {
      for (const { message, role = "", graph, expected, actual } of mismatches(node, shape)) {
        ctx.report({
          at: node,
          message,
          data: { body: graph?.name ?? null, expected, actual },
          words: {
            loop: shape.name,
            role,
            functions: plural(expected, "function"),
            inputs: plural(actual, "input"),
            values: plural(actual, "value"),
            results: plural(actual, "result"),
          },
          help: "make the call and its functions agree, in the pass that changed one of them",
        });
      }
    };
    return {
      targets: Object.fromEntries(
        SHAPES.map((shape) => [`torch.ops.higher_order.${shape.target}`, (node: Node) => check(node, shape)]),
      ),
    };
  },
});

interface Shape {
  readonly target: string;
  readonly name: Loop["name"];
  readonly arguments: number;
  readonly bodies: number;
}

const SHAPES: readonly Shape[] = [
  { target: "while_loop", name: "while_loop", arguments: 4, bodies: 2 },
  { target: "scan", name: "scan", arguments: 4, bodies: 1 },
  { target: "map_impl", name: "map", arguments: 3, bodies: 1 },
  { target: "map", name: "map", arguments: 3, bodies: 1 },
  { target: "associative_scan", name: "associative_scan", arguments: 3, bodies: 1 },
];

interface Mismatch {
  readonly message: "arguments" | "bodies" | "inputs" | "outputs" | "results";
  readonly role?: string;
  readonly graph?: Graph;
  readonly expected: number;
  readonly actual: number;
}

function mismatches(node: Node, shape: Shape): Mismatch[] {
  const { program } = node.graph;
  const given = positional(node, shape);
  const isScan = shape.target === "scan" || shape.target === "associative_scan";
  const tellsWay = isScan && given.some(({ arg }) => "as_int" in arg || "as_bool" in arg);
  // Those of torch 2.6 took the dimension and the direction as well; those of 2.8 certainly do not.
  if (tellsWay && !isFromTorch(program, 2, 8)) return [];
  if (given.length !== shape.arguments) {
    return [{ message: "arguments", expected: shape.arguments, actual: given.length }];
  }
  const call = hopCall(node);
  const bodies = call?.bodies.length ?? 0;
  const loop = call && asLoop(call);
  if (loop === undefined || bodies !== shape.bodies) {
    return [{ message: "bodies", expected: shape.bodies, actual: bodies }];
  }
  return [...inputMismatches(loop), ...outputMismatches(loop)];
}

/** while_loop, and scan and map of torch 2.14 and newer, may name the inputs that they write in a keyword. */
function positional({ source, graph }: Node, { target }: Shape) {
  const mayName =
    target === "while_loop" || (target !== "associative_scan" && isFromTorch(graph.program, 2, 14));
  return source.inputs.filter(({ name }) => name !== "mutated_arg_indices" || !mayName);
}

function inputMismatches({ bodies }: Loop): Mismatch[] {
  return bodies.flatMap(({ graph, role, inputs }): Mismatch[] => {
    const [expected, actual] = [inputs.length, graph.inputs.length];
    return expected === actual ? [] : [{ message: "inputs", role, graph, expected, actual }];
  });
}

/** What the condition of a while_loop returns is for loop/condition-type to check. */
function outputMismatches({ name, node, bodies, carries }: Loop): Mismatch[] {
  const { graph, role } = bodies.at(-1)!;
  const actual = graph.outputs.length;
  const isExact = name === "while_loop" || name === "associative_scan";
  if (isExact ? actual !== carries : actual < carries) {
    return [{ message: "outputs", role, graph, expected: carries, actual }];
  }
  const results = resultCount(node);
  return results === actual ? [] : [{ message: "results", expected: actual, actual: results }];
}
