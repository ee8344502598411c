import { defineRule } from "../../src/lint/rule.ts";
import { kindOfArgument } from "../../src/ops/call-check.ts";
import type { Graph, Program } from "../../src/program/program.ts";
import type { Argument } from "../../src/schema/types.generated.ts";
import { describeArgument } from "../_shared/argument-words.ts";
import { graphPath } from "../_shared/paths.ts";
import { nameOf } from "../_shared/specs.ts";

export const graphInterface = defineRule({
  id: "graph/interface",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a graph takes or returns something that torch cannot load",
  description: `
The inputs of a graph are tensors, symbolic ints, custom objects and constants; its outputs are tensors, symbolic
numbers, numbers and None. A list has to be taken apart into its elements. \`torch.export.save\` writes some graphs that
return more than that, a string for example; \`torch.export.load\` refuses every other kind, "Unable to deserialize output
node" being the clearest of its messages. A branch that says it returns one tensor without a tuple around it returns one.
`,
  data: {
    position: "which input or output it is, counting from 0; null for all outputs together",
    found: "what stands there",
    path: "the JSON path",
  },
  messages: { kind: "{what} is {found}, which torch cannot load" },
  examples: {
    valid: [
      {
        title: "a tensor, a size, a number and None",
        program: `
range s0 [2, 8]
def forward(x: "f32[s0]", n = 2):
    sym_size: "Sym(s0)" = torch.ops.aten.sym_size.int(x, 0)
    return (x, sym_size, 3, None)
`,
      },
    ],
    invalid: [
      {
        title: "a string and a list",
        program: `
def forward(x: "f32[2]"):
    return (x, "done", [x, x])
`,
        diagnostics: [
          {
            message: "output 1 of the graph is a string, which torch cannot load",
            data: { position: 1, found: "a string", path: "graph_module.graph.outputs[1]" },
          },
          {
            message: "output 2 of the graph is a list of tensors, which torch cannot load",
            data: { position: 2, found: "a list of tensors", path: "graph_module.graph.outputs[2]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    graph: (graph) => {
      const isOther = constantsOfBranch(graph, ctx.program);
      const check = (
        side: "input" | "output",
        args: readonly Argument[],
        allowed: ReadonlySet<string>,
      ): void => {
        for (const [position, arg] of args.entries()) {
          const isKnown = allowed.has(kindOfArgument(arg)) && !isConstantSymbol(arg);
          if (isKnown && !(side === "input" && isOther(arg, position))) continue;
          const found = describeArgument(arg);
          const path = `${graphPath(graph)}.${side}s[${position}]`;
          ctx.report({
            at: graph,
            message: "kind",
            data: { position, found, path },
            words: { what: `${side} ${position} of the graph` },
            help: HELP[side],
          });
        }
      };
      check("input", graph.source.inputs, INPUTS);
      check("output", graph.source.outputs, OUTPUTS);
      if (!returnsOneTensor(graph)) {
        const found = graph.source.outputs.map(describeArgument).join(", ") || "nothing";
        const path = `${graphPath(graph)}.is_single_tensor_return`;
        ctx.report({
          at: graph,
          message: "kind",
          data: { position: null, found, path },
          words: { what: "the one tensor that the graph returns without a tuple" },
          help: HELP.single,
        });
      }
    },
  }),
});

const HELP = {
  input: "pass its elements one by one",
  output: "return its elements one by one, and what is no tensor or number from Python",
  single: "return one tensor, or set is_single_tensor_return to false",
} as const;

/** Mirrors GraphModuleDeserializer.deserialize_graph and deserialize_graph_output. */
const CONSTANTS = ["as_int", "as_float", "as_bool", "as_none"];
const INPUTS = new Set([...CONSTANTS, "as_string", "as_tensor", "as_custom_obj", "as_sym_int"]);
const OUTPUTS = new Set([...CONSTANTS, "as_tensor", "as_sym_int", "as_sym_float", "as_sym_bool"]);

/**
 * A constant among the inputs of a branch gets the name of the input of the program at its place
 * (GraphModuleDeserializer.deserialize_graph): there has to be one, and no other input of the branch of that name.
 */
function constantsOfBranch(graph: Graph, { main }: Program): (arg: Argument, position: number) => boolean {
  if (graph.owner === null) return () => false;
  const names = new Set(graph.source.inputs.map(nameOf));
  return (arg, position) => {
    const outer = main.source.inputs[position];
    return nameOf(arg) === "" && (outer === undefined || nameOf(outer) === "" || names.has(nameOf(outer)));
  };
}

/** `as_sym_int` that holds a plain int. */
function isConstantSymbol(arg: Argument): boolean {
  const kind = kindOfArgument(arg);
  return kind.startsWith("as_sym_") && !("as_name" in (arg[kind as keyof Argument] as object));
}

function returnsOneTensor({ source, owner }: Graph): boolean {
  if (source.is_single_tensor_return !== true) return true;
  // The program itself returns a tuple, which torch goes through.
  if (owner === null) return false;
  return (
    source.outputs.length === 1 && kindOfArgument(source.outputs[0]!).match(/^as_(tensor|sym_)/) !== null
  );
}
