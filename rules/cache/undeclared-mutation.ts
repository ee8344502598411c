import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Value } from "../../src/program/program.ts";
import { whereCachesAreUpdated } from "../_shared/cache.ts";

export const undeclaredMutation = defineRule({
  id: "cache/undeclared-mutation",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "update_cross_attn_cache writes a buffer or an input that the signature does not list as mutated",
  description: `
The schema of \`update_cross_attn_cache\` declares no mutation, so neither torch nor a backend knows that the call
writes its cache. The graph signature does not list the buffer as mutated, and a buffer that is not mutated is a
constant.

ExecuTorch may fold such a buffer, freeze it into the program's constant segment, where it cannot be written, or
evaluate at compile time what is made of it; its memory planner gives a long life only to buffers that the signature
lists. For an input, the caller does not expect it to change.

Where the same memory is written by an operator that says so (\`copy_\`, \`fill_\`), or the signature lists it, there
is nothing to report. There is one finding for each buffer or input, at the first update.
`,
  data: {
    cache: "what is written, as the messages name it",
    kind: "`buffer`, `user_input`, `parameter`, `tensor_constant`, ...: what the signature says that it is",
    name: "its name: for a buffer the path in the state dict",
  },
  messages: {
    undeclared: "update_cross_attn_cache writes {cache}, which the program does not declare as mutated",
  },
  examples: {
    valid: [
      {
        title: "a buffer that the program also writes openly",
        program: `
def forward(value: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    mul_: "f32[1, 2, 6, 8]" = torch.ops.aten.mul_.Tensor(b_cache, 0.5)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    return (sum_1,)
`,
      },
      {
        title: "a buffer that the signature lists",
        program: `
dialect "ATEN"
def forward(value: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    mutates buffer("cache") = update
    return (sum_1,)
`,
      },
    ],
    invalid: [
      {
        title: "a buffer",
        program: `
def forward(value: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("decoder.cross_key_cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    return (sum_1,)
`,
        diagnostics: [
          {
            message:
              "update_cross_attn_cache writes buffer 'decoder.cross_key_cache', which the program does not declare as mutated",
            data: {
              cache: "buffer 'decoder.cross_key_cache'",
              kind: "buffer",
              name: "decoder.cross_key_cache",
            },
          },
        ],
      },
      {
        title: "an input, through a view and in a branch",
        program: `
def forward(p: "b8[]", value: "f32[1, 2, 4, 8]", caches: "f32[2, 1, 2, 6, 8]"):
    select: "f32[1, 2, 6, 8]" = torch.ops.aten.select.int(caches, 0, 0)
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (value, select))
    return (cond[0],)

def true_graph_0(value: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, cache)
    return (update,)

def false_graph_0(value: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)
`,
        diagnostics: [
          {
            message:
              "update_cross_attn_cache writes input 'caches', which the program does not declare as mutated",
            data: { cache: "input 'caches'", kind: "user_input", name: "caches" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      const done = new Set<Value>(declared(ctx));
      for (const update of caches.updates) {
        for (const root of caches.lasting([...update.memory.roots, ...caches.eagerRoots(update)])) {
          const written = ctx.storage.origin(root);
          const input = ctx.program.inputs[written.index];
          if (done.has(written) || input === undefined) continue;
          done.add(written);
          ctx.report({
            at: update.node,
            message: "undeclared",
            data: { cache: ctx.nameOf(written), kind: input.kind, name: input.name },
            help:
              HELP[input.kind] ??
              "pass the cache as a registered buffer, and have the backend keep it mutable",
            detail: update.cache === written ? [] : [`cache ${update.cache!.name} is ${written.name}`],
          });
        }
      }
    }),
});

const HELP: Readonly<Record<string, string>> = {
  buffer:
    "make sure that the backend keeps the buffer mutable; ExecuTorch treats it as a constant that it may freeze",
  user_input: "register the cache as a buffer, or tell the caller that the input changes",
};

/** The placeholders that the signature lists as mutated, or that an operator writes which says so. */
function declared({ program, storage }: RuleContext): Value[] {
  const { output_specs: specs } = program.document.root.graph_module.signature;
  const names = new Set<string>();
  for (const spec of specs) {
    if ("buffer_mutation" in spec) names.add(`buffer ${spec.buffer_mutation.buffer_name}`);
    if ("parameter_mutation" in spec) names.add(`parameter ${spec.parameter_mutation.parameter_name}`);
    if ("user_input_mutation" in spec) names.add(`user_input ${spec.user_input_mutation.user_input_name}`);
  }
  const listed = program.main.inputs.filter((value, i) => {
    const input = program.inputs[i];
    return value !== null && input !== undefined && names.has(`${input.kind} ${input.name}`);
  });
  const written = storage
    .writes(program.main)
    .flatMap(({ value }) => storage.storages(value).map((root) => storage.origin(root)));
  return [...(listed as Value[]), ...written];
}
