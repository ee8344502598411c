import { defineRule } from "../../src/lint/rule.ts";
import { whereCachesAreUpdated } from "../_shared/cache.ts";
import { undeclaredWrites } from "../_shared/undeclared.ts";

export const undeclaredMutation = defineRule({
  id: "cache/undeclared-mutation",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "update_cross_attn_cache writes a buffer or an input that the signature does not list as mutated",
  description: `
The schema of \`update_cross_attn_cache\` declares no mutation, so neither torch nor a backend knows that the call
writes its cache. The graph signature does not list the buffer as mutated, and a buffer that is not mutated is a
constant.

What ExecuTorch does with such a buffer:

- its values go to the program's constant segment, which is mapped read-only and may be shared between methods; a mutable
  buffer gets planned memory instead, without its first values unless a pass asks for them;
- the constant propagation pass computes at export what is made of constants alone, such as \`(cache != 0).any()\`, and
  writes the result into the program ([cache/constant-foldable-read](constant-foldable-read.md));
- the memory planner keeps only the buffers that the signature lists alive between calls.

For an input, the caller does not expect it to change.

To declare the write, copy the result back in a line of its own: \`self.cache.copy_(keys)\`, with the \`keys\` that the
update or the \`torch.cond\` around it returned. The copy is of memory into itself once the program is lowered, and the
signature lists the buffer. Where the same memory is written by any operator that says so, or the signature lists it,
there is nothing to report. There is one finding for each buffer or input, at the first update.
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
      for (const { written, update } of undeclaredWrites(ctx, caches)) {
        const { kind, name } = ctx.program.inputs[written.index]!;
        ctx.report({
          at: update.node,
          message: "undeclared",
          data: { cache: ctx.nameOf(written), kind, name },
          help: HELP[kind] ?? "pass the cache as a registered buffer, and have the backend keep it mutable",
          detail:
            update.cache!.name === written.name ? [] : [`cache ${update.cache!.name} is ${written.name}`],
        });
      }
    }),
});

const HELP: Readonly<Record<string, string>> = {
  buffer:
    "ExecuTorch takes the buffer for a constant that it may freeze: keep it mutable there, or copy the result back into it with copy_",
  user_input: "register the cache as a buffer, or tell the caller that the input changes",
};
