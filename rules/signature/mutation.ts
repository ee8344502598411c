import { defineRule } from "../../src/lint/rule.ts";
import type { Program, Value } from "../../src/program/program.ts";
import { resultDifference } from "../_shared/operator-arguments.ts";
import { specPath } from "../_shared/paths.ts";
import { specsOf } from "../_shared/specs.ts";

export const mutation = defineRule({
  id: "signature/mutation",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the signature writes back to what is not there, twice, or a value of another shape or dtype",
  description: `
A functional program returns the new values of the buffers, parameters and inputs that the model writes, and its signature
says which output belongs to which. The target has to be an input of the program of that kind; it is written once; and the
new value has the target's shape, dtype and device, since \`copy_\` would broadcast or convert it without a word, and a
backend that plans memory copies bytes.

\`torch.export.load\` refuses a target that does not exist, and one value that is the new value of two targets: torch keeps
the mutations by the value's name and loses one ("User output x is not in the correct order"; \`run_decompositions\` itself
fails on a model that writes one tensor to two buffers). It accepts the others.
`,
  data: {
    target: "what is written",
    problem: "`missing`, `twice`, `shared`, or the property in which value and target differ",
    path: "the JSON path of the spec",
  },
  messages: {
    missing: "the program writes {kind} '{target}', which is none of its inputs",
    twice: "the program writes {kind} '{target}' twice",
    shared: "'{value}' is the new value of {kind} '{target}' and of another target",
    differs: "the new value of {kind} '{target}' differs from it in {problem} ({left} and {right})",
  },
  examples: {
    valid: [
      {
        title: "a buffer and an input",
        program: `
dialect "ATEN"
def forward(b_n: "f32[2]" = buffer("n"), x: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(b_n, x)
    mul: "f32[2]" = torch.ops.aten.mul.Tensor(b_n, x)
    mutates buffer("n") = add
    mutates input("x") = mul
    return (mul,)
`,
      },
    ],
    invalid: [
      {
        title: "another shape",
        program: `
dialect "ATEN"
def forward(b_n: "f32[2]" = buffer("n"), x: "f32[3, 2]"):
    add: "f32[3, 2]" = torch.ops.aten.add.Tensor(b_n, x)
    mutates buffer("n") = add
    return (x,)
`,
        diagnostics: [
          {
            message: "the new value of buffer 'n' differs from it in rank (2 and 1)",
            data: { target: "n", problem: "rank", path: "graph_module.signature.output_specs[0]" },
          },
        ],
      },
      {
        title: "a buffer that does not exist, one that is written twice, one value for two",
        program: `
dialect "ATEN"
def forward(b_n: "f32[2]" = buffer("n"), b_m: "f32[2]" = buffer("m"), x: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(b_n, x)
    mul: "f32[2]" = torch.ops.aten.mul.Tensor(b_n, x)
    sub: "f32[2]" = torch.ops.aten.sub.Tensor(b_n, x)
    mutates buffer("k") = add
    mutates buffer("n") = mul
    mutates buffer("n") = sub
    mutates buffer("m") = sub
    return (x,)
`,
        diagnostics: [
          {
            message: "the program writes buffer 'k', which is none of its inputs",
            data: { target: "k", problem: "missing", path: "graph_module.signature.output_specs[0]" },
          },
          {
            message: "the program writes buffer 'n' twice",
            data: { target: "n", problem: "twice", path: "graph_module.signature.output_specs[2]" },
          },
          {
            message: "'sub' is the new value of buffer 'm' and of another target",
            data: { target: "m", problem: "shared", path: "graph_module.signature.output_specs[3]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      let targets: ReadonlyMap<string, Value | null> | undefined;
      const [written, values] = [new Set<string>(), new Set<string>()];
      for (const [position, spec] of specsOf(ctx.program, "output").entries()) {
        const kind = KINDS[spec.kind];
        if (kind === undefined || spec.target === null) continue;
        const target = spec.target;
        const report = (message: Message, problem: string, words = {}): void =>
          ctx.report({
            at: ctx.program.main,
            message,
            data: { target, problem, path: specPath("output", position) },
            words: { kind, value: spec.name, ...words },
            help: HELP[message],
          });
        const key = `${kind} ${target}`;
        targets ??= targetsOf(ctx.program);
        const input = targets.get(key);
        if (input === undefined) report("missing", "missing");
        else if (written.has(key)) report("twice", "twice");
        else if (values.has(spec.name)) report("shared", "shared");
        written.add(key);
        values.add(spec.name);
        const difference = resultDifference(
          ctx.program.main.value(spec.name, ctx.program.main.outputs[position]),
          input ?? null,
        );
        if (difference) report("differs", difference.property, difference);
      }
    },
  }),
});

type Message = "missing" | "twice" | "shared" | "differs";

const HELP: Readonly<Record<Message, string>> = {
  missing: "name an input of the program, or remove the mutation",
  twice: "write the target once, with the last of its values",
  shared: "give each target a value of its own: clone it for the second",
  differs: "bring the value to the target's shape and dtype before it is written back",
};

/** What a mutation is of, as the user calls it. */
const KINDS: Readonly<Record<string, string>> = {
  buffer_mutation: "buffer",
  parameter_mutation: "parameter",
  user_input_mutation: "input",
};

const INPUT_KINDS: Readonly<Record<string, string>> = {
  buffer: "buffer",
  parameter: "parameter",
  user_input: "input",
};

/** The inputs that can be written, by kind and name. */
function targetsOf(program: Program): Map<string, Value | null> {
  const targets = new Map<string, Value | null>();
  const { main } = program;
  for (const [position, { kind, target, name }] of specsOf(program, "input").entries()) {
    const word = INPUT_KINDS[kind];
    const value = main.value(name, main.inputs[position]);
    if (word !== undefined) targets.set(`${word} ${target ?? name}`, value ?? null);
  }
  return targets;
}
