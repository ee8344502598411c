import { defineRule, type RuleContext } from "../../src/lint/rule.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { isOverwrite } from "../_shared/overwritten.ts";
import { specPath } from "../_shared/paths.ts";
import { specsOf } from "../_shared/specs.ts";

export const initialState = defineRule({
  id: "portability/initial-state",
  severity: "warning",
  presets: ["executorch"],
  summary:
    "a buffer that the program writes is read before it is written, and ExecuTorch does not store its initial value",
  description: `
ExecuTorch stores the values of weights and constants, not those of buffers that the program writes: memory is set
aside for them, and what it holds at first is up to the runtime. A counter that starts at 1 or a running mean that was
trained is lost, and a cache of zeros need not be zeros. The pass \`InitializedMutableBufferPass\` of ExecuTorch stores
the values of the buffers whose names it is given.

AOTInductor keeps the values of all buffers.
`,
  data: { buffer: "its qualified name", path: "the JSON path of the input's spec" },
  messages: { lost: "the initial value of buffer '{buffer}', which the program writes, is not stored" },
  examples: {
    valid: [
      {
        title: "a buffer that is written in full before it is read, and one that is not written",
        program: `
def forward(x: "f32[2]", b_last: "f32[2]" = buffer("last"), b_scale: "f32[2]" = buffer("scale")):
    copy_: "f32[2]" = torch.ops.aten.copy_.default(b_last, x)
    mul: "f32[2]" = torch.ops.aten.mul.Tensor(copy_, b_scale)
    return (mul,)
`,
      },
    ],
    invalid: [
      {
        title: "a counter",
        program: `
dialect "ATEN"
def forward(x: "f32[2]", b_count: "i64[]" = buffer("count")):
    add: "i64[]" = torch.ops.aten.add.Tensor(b_count, 1)
    mul: "f32[2]" = torch.ops.aten.mul.Tensor(x, add)
    mutates buffer("count") = add
    return (mul,)
`,
        diagnostics: [
          {
            message: "the initial value of buffer 'count', which the program writes, is not stored",
            data: { buffer: "count", path: "graph_module.signature.input_specs[1]" },
          },
        ],
      },
      {
        title: "a cache that is written in part",
        program: `
def forward(x: "f32[1, 2]", i: "i64[1]", b_cache: "f32[4, 2]" = buffer("cache")):
    index_copy_: "f32[4, 2]" = torch.ops.aten.index_copy_.default(b_cache, 0, i, x)
    sum_1: "f32[2]" = torch.ops.aten.sum.dim_IntList(index_copy_, [0])
    return (sum_1,)
`,
        diagnostics: [
          {
            message: "the initial value of buffer 'cache', which the program writes, is not stored",
            data: { buffer: "cache", path: "graph_module.signature.input_specs[2]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    program: () => {
      const { main, inputs } = ctx.program;
      const written = writtenBuffers(ctx);
      for (const [i, { kind, name }] of inputs.entries()) {
        const value = main.inputs[i];
        if (kind !== "buffer" || !value || !written.has(value)) continue;
        const reader = firstReader(main.users(value), value);
        if (reader === undefined) continue;
        ctx.report({
          at: reader,
          message: "lost",
          data: { buffer: name, path: specPath("input", i) },
          help: `lower with InitializedMutableBufferPass(["${name}"]), or set it in the first call`,
        });
      }
    },
  }),
});

/** The buffers that the signature lists as written, or that an operator writes which says so. */
function writtenBuffers({ program, storage }: RuleContext): Set<Value> {
  const { main, inputs } = program;
  const listed = new Set(
    specsOf(program, "output").flatMap(({ kind, target }) =>
      kind === "buffer_mutation" ? (target ?? []) : [],
    ),
  );
  const written = new Set<Value>();
  for (const [i, { kind, name }] of inputs.entries()) {
    const value = main.inputs[i];
    if (value && kind === "buffer" && listed.has(name)) written.add(value);
  }
  for (const { value } of storage.writes(main)) {
    for (const root of storage.storages(value)) written.add(storage.origin(root));
  }
  return written;
}

/** Operators that ask for the shape of their first argument only. */
const SHAPE = /^torch\.ops\.aten\.(sym_\w+|\w+_like|new_\w+|copy)\.|^_operator\./;

function firstReader(users: readonly Node[], value: Value): Node | undefined {
  const reader = users.find((node) => !(SHAPE.test(node.target) && !node.operands.slice(1).includes(value)));
  return reader && isOverwrite(reader) && reader.operands.indexOf(value) === 0 ? undefined : reader;
}
