import { defineRule } from "../../src/lint/rule.ts";
import { kindOfArgument } from "../../src/ops/call-check.ts";
import { type SchemaReturn, type SchemaType, typeText } from "../../src/ops/schema-string.ts";
import { describeArgument } from "../_shared/argument-words.ts";
import { certainty, onOperatorCalls } from "../_shared/operator-calls.ts";
import { nodePath } from "../_shared/paths.ts";
import { plural } from "../_shared/plural.ts";

export const results = defineRule({
  id: "arguments/results",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a node has other results than its operator gives",
  description: `
A node lists its results one by one, and the operator's schema says how many there are and of what kind: \`max.dim\`
gives two tensors, \`split\` one list, \`sym_size.int\` a symbolic int. A tensor that the operator leaves undefined is
None, and so is a number that export worked out, as that of \`is_pinned\`.

\`torch.export.load\` takes the results as they stand. A result too many is read from behind the end of the operator's
results; one that is called a list, or a tensor, and is not, fails where it is used.
`,
  data: {
    expected: "what the schema says: the number of results, or the type of this one",
    found: "what the node says",
    path: "the JSON path of the results, or of the one at fault",
  },
  messages: {
    count: "{operator} gives {expectedResults}, but the node lists {found}",
    kind: "result {index} of {operator} is a {expected}, but the node calls it {found}",
  },
  examples: {
    valid: [
      {
        title: "two tensors, a list, and a result that is None",
        program: `
def forward(x: "f32[4, 3]"):
    max_1: ("f32[4]", "i64[4]") = torch.ops.aten.max.dim(x, 1)
    split: ["f32[2, 3]", "f32[2, 3]"] = torch.ops.aten.split.Tensor(x, 2)
    return (max_1[0], split[1])
`,
      },
      {
        title: "a truth value that export worked out",
        program: `
def forward(x: "f32[4, 3]"):
    can_cast: None = torch.ops.aten.can_cast.default(torch.float32, torch.int32)
    add: "f32[4, 3]" = torch.ops.aten.add.Tensor(x, 0)
    return (add,)
`,
      },
    ],
    invalid: [
      {
        title: "one of two results",
        program: `
def forward(x: "f32[4, 3]"):
    max_1: "f32[4]" = torch.ops.aten.max.dim(x, 1)
    return (max_1,)
`,
        diagnostics: [
          {
            message: "aten::max.dim gives 2 results, but the node lists 1",
            data: { expected: 2, found: 1, path: "graph_module.graph.nodes[0].outputs" },
          },
        ],
      },
      {
        title: "a list for a tensor",
        program: `
def forward(x: "f32[4, 3]"):
    sin: ["f32[4, 3]"] = torch.ops.aten.sin.default(x)
    return (sin[0],)
`,
        diagnostics: [
          {
            message: "result 0 of aten::sin is a Tensor, but the node calls it a list of tensors",
            data: {
              expected: "Tensor",
              found: "a list of tensors",
              path: "graph_module.graph.nodes[0].outputs[0]",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const severity = certainty(ctx);
    return onOperatorCalls(ctx, (node, { operator }) => {
      const { outputs } = node.source;
      const { returns, variadicReturns } = operator.schema;
      if (variadicReturns) return;
      const common = { at: node, help: HELP, detail: [operator.schemaText], ...severity };
      if (outputs.length !== returns.length && !isNothing(returns, outputs)) {
        ctx.report({
          ...common,
          message: "count",
          data: { expected: returns.length, found: outputs.length, path: `${nodePath(node)}.outputs` },
          words: { operator: operator.qualifiedName, expectedResults: plural(returns.length, "result") },
        });
        return;
      }
      for (let index = 0; index < returns.length; index++) {
        const { type } = returns[index]!;
        const kinds = kindsOfResult(type);
        if (kinds === undefined || kinds.includes(kindOfArgument(outputs[index]!))) continue;
        ctx.report({
          ...common,
          message: "kind",
          data: {
            expected: typeText(type),
            found: describeArgument(outputs[index]!),
            path: `${nodePath(node)}.outputs[${index}]`,
          },
          words: { operator: operator.qualifiedName, index },
        });
      }
    });
  },
});

const HELP =
  "list the results that the schema says; the pass that made the node took it for another operator";

/** A call without results may say None. */
function isNothing(returns: readonly SchemaReturn[], outputs: readonly object[]): boolean {
  return returns.length === 0 && outputs.length === 1 && "as_none" in outputs[0]!;
}

const SYMBOLS = ["as_sym_int", "as_sym_float", "as_sym_bool"];
const RESULT_KINDS: Readonly<Record<string, readonly string[]>> = {
  Tensor: ["as_tensor", "as_none"],
  "Tensor?": ["as_tensor", "as_none"],
  "Tensor[]": ["as_tensors"],
  // Numbers that export worked out, is_pinned's or can_cast's: it wrote them where they were used.
  int: [...SYMBOLS, "as_none"],
  float: [...SYMBOLS, "as_none"],
  bool: [...SYMBOLS, "as_none"],
  SymInt: SYMBOLS,
  SymBool: SYMBOLS,
  Scalar: SYMBOLS,
};

/** Mirrors GraphModuleSerializer.serialize_outputs; undefined for types that it knows nothing of. */
function kindsOfResult(type: SchemaType): readonly string[] | undefined {
  if (type.kind === "base") return RESULT_KINDS[type.name];
  return RESULT_KINDS[typeText(type)];
}
