import { defineRule } from "../../src/lint/rule.ts";
import { specPath } from "../_shared/paths.ts";
import { specsOf } from "../_shared/specs.ts";

export const duplicateTarget = defineRule({
  id: "signature/duplicate-target",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "two inputs of the program stand for the same parameter, buffer or constant",
  description: `
Every parameter, buffer and constant is an input of the main graph once. Here two inputs have the same qualified name. torch
gives both the same tensor; a pass that replaces, quantizes or freezes one of them by its name misses the other. Tied
weights are no such case: they have names of their own and share their bytes.
`,
  data: {
    name: "the qualified name",
    first: "the first input of that name",
    path: "the JSON path of the second",
  },
  messages: { twice: "two inputs stand for {kind} '{name}': '{first}' and '{second}'" },
  examples: {
    valid: [
      {
        title: "names of their own",
        program: `
def forward(p_a: "f32[2]" = parameter("a"), p_b: "f32[2]" = parameter("b")):
    add: "f32[2]" = torch.ops.aten.add.Tensor(p_a, p_b)
    return (add,)
`,
      },
    ],
    invalid: [
      {
        title: "one buffer as two inputs",
        program: `
def forward(b_a: "f32[2]" = buffer("a"), b_b: "f32[2]" = buffer("a")):
    add: "f32[2]" = torch.ops.aten.add.Tensor(b_a, b_b)
    return (add,)
`,
        diagnostics: [
          {
            message: "two inputs stand for buffer 'a': 'b_a' and 'b_b'",
            data: { name: "a", first: "b_a", path: "graph_module.signature.input_specs[1]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const seen = new Map<string, string>();
      for (const [position, spec] of specsOf(ctx.program, "input").entries()) {
        const { kind, name: second, target: name } = spec;
        if (name === null || kind === "user_input" || kind === "constant_input") continue;
        const key = `${kind} ${name}`;
        const first = seen.get(key);
        if (first === undefined) {
          seen.set(key, second);
          continue;
        }
        ctx.report({
          at: ctx.program.main,
          message: "twice",
          data: { name, first, path: specPath("input", position) },
          words: { kind: kind.replace("_", " "), second },
          help: "use one input for both, or give the second tensor a name of its own",
        });
      }
    },
  }),
});
