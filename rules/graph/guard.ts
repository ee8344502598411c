import { defineRule } from "../../src/lint/rule.ts";
import { type GuardedNumber, guardsIn } from "../../src/program/guards.ts";
import type { Program } from "../../src/program/program.ts";
import { readPythonExpression } from "../../src/program/python-expression.ts";
import { evaluateExpr } from "../../src/program/symbolic.ts";
import { sizeIn } from "../_shared/sizes.ts";

export const guard = defineRule({
  id: "graph/guard",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a guard is no Python, reads what the program does not take, or does not hold for its own inputs",
  description: `
\`guards_code\` lists what the sizes of the inputs have to satisfy, as expressions of Python over \`L['x'].size()[0]\`: what
the tracer assumed. \`ep.module()\` makes a function of them that each call runs first. Text that is no expression makes it
fail with a \`SyntaxError\` of \`<unknown>\`; an input that the program does not have, with \`NameError: name 'L' is not
defined\`; and a guard that does not hold for the very sizes that the program was exported with lets no such call through.
`,
  data: { guard: "its text", path: "its JSON path" },
  messages: {
    syntax: "the guard '{guard}' is no expression of Python",
    input: "the guard '{guard}' reads {name}, and the program has no such input",
    name: "the guard '{guard}' reads '{name}', which is nothing that guards know",
    dimension: "the guard '{guard}' reads dimension {dim} of '{name}', which has {rank}",
    never: "the guard '{guard}' does not hold: {values}",
  },
  // The text form has no guards.
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      for (const [i, code] of ctx.program.document.root.guards_code.entries()) {
        const fault = faultOf(ctx.program, code);
        if (fault === undefined) continue;
        const { message, ...words } = fault;
        ctx.report({
          at: null,
          message,
          data: { guard: code, path: `guards_code[${i}]` },
          words,
          help: "export the program again, or leave the guard out in the pass that rewrote the inputs",
        });
      }
    },
  }),
});

interface Fault {
  readonly message: "syntax" | "input" | "name" | "dimension" | "never";
  readonly [word: string]: string | number;
}

/** What torch.export._unlift._convert_guards_code_to_fn puts beside the inputs, and Python's own. */
const KNOWN = new Set(
  `L args math inf torch IsNonOverlappingAndDenseIndicator cast_symbool_to_symint_guardless True False None
  abs all any bool complex divmod float hash int isinstance len list max min pow range round set sorted str sum tuple
  type zip`.split(/\s+/),
);

function faultOf(program: Program, code: string): Fault | undefined {
  const { isExpression, names } = readPythonExpression(code);
  if (isExpression === undefined) return undefined;
  if (!isExpression) return { message: "syntax" };
  const unknown = [...names].find((name) => !KNOWN.has(name));
  if (unknown !== undefined) return { message: "name", name: unknown };
  const stranger = [...code.matchAll(/\bL\['([^']*)'\]/g)].find(([, root]) => !isInput(program, root!));
  if (stranger !== undefined) return { message: "input", name: stranger[0] };
  for (const { expr, numbers } of guardsIn(program, code)) {
    const known = new Map<string, bigint>();
    const values = new Set<string>();
    for (const [symbol, number] of numbers) {
      const value = numberOf(program, number);
      if (typeof value === "object") return value;
      if (value === undefined) continue;
      known.set(symbol, BigInt(value));
      values.add(`${number.text} is ${value}`);
    }
    if (expr === undefined || evaluateExpr(expr, known) !== false) continue;
    return { message: "never", values: values.size > 0 ? [...values].join(", ") : "it is a contradiction" };
  }
  return undefined;
}

/**
 * Whether an input, or a part of one, may be called so: `L['d']['a']` is the placeholder `d_a`. A pass may have renamed
 * placeholders; torch goes by the names of the arguments.
 */
function isInput({ inputs, document }: Program, root: string): boolean {
  if (root === "flat_args" || root === "self") return true;
  const call = document.root.graph_module.module_call_graph[0]?.signature;
  if (call?.in_spec.includes(`"${root}`) || call?.in_spec.includes(`\\"${root}\\"`)) return true;
  const name = root.replace(/[^\p{L}\p{N}]+/gu, "_").toLowerCase();
  const names = call?.forward_arg_names?.length ? call.forward_arg_names : inputs.map((input) => input.name);
  return names.some((one) => one.toLowerCase().startsWith(name));
}

/** What the number was when the program was exported; undefined when the document does not say. */
function numberOf({ inputs, main }: Program, { input, dim }: GuardedNumber): number | Fault | undefined {
  const name = inputs[input]?.name;
  const meta = main.value(name ?? "")?.meta;
  if (dim === null || !meta) return undefined;
  const size = meta.sizes[dim];
  if (size === undefined) return { message: "dimension", dim, name: name!, rank: meta.sizes.length };
  return sizeIn(0, size);
}
