import { tensorArgument } from "../../src/analysis/cache.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Program } from "../../src/program/program.ts";
import type { TensorMeta } from "../../src/schema/types.generated.ts";
import { argumentFaults, mustDiffer, mustExceed, resultDifference } from "../_shared/operator-arguments.ts";
import { formatSize } from "../_shared/sizes.ts";
import { type Difference, kindDifferences } from "../_shared/tensor-difference.ts";

export const updateSchema = defineRule({
  id: "cache/update-schema",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a call of update_cross_attn_cache does not follow the operator's schema",
  description: `
\`executorch::update_cross_attn_cache(Tensor value, Tensor cache) -> Tensor\` copies \`value\`, of shape (batch, heads,
S, head size), into the first S positions of \`cache\`, of shape (batch, heads, S_max, head size). Both have four
dimensions and agree in all but the third, in dtype and in device; S is at most S_max; and the result is like the
cache.

\`torch.export.load\` accepts a program in which this does not hold. The kernel then raises, broadcasts, or writes
beyond the cache. Sizes that are symbols count only when the program's range constraints leave no values that fit.
`,
  data: {
    property:
      "`arguments`, `results`, `rank`, `batch size`, `number of heads`, `head size`, `length`, `dtype`, `device`, or of the result `shape`, `layout` and the like",
    problem: "what is wrong with the arguments, or the two values that do not fit, as `1 and 2`",
  },
  messages: {
    arguments: "update_cross_attn_cache takes the tensors value and cache, but {problem}",
    results: "update_cross_attn_cache returns one tensor, but {problem}",
    rank: "value and cache of update_cross_attn_cache must have 4 dimensions, but have {problem}",
    differ: "the value for {name} differs from it in {property} ({problem})",
    length: "the value for {name} is longer than the cache ({problem} positions)",
    result: "the result of updating {name} differs from it in {property} ({problem})",
  },
  examples: {
    valid: [
      {
        title: "a value that is shorter than the cache",
        program: `
def forward(value: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    return (update,)
`,
      },
      {
        title: "a length that is not known, and may fit",
        program: `
range s0 [2, 8]
def forward(value: "f32[1, 2, s0, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    return (update,)
`,
      },
    ],
    invalid: [
      {
        title: "a value of another layout",
        program: `
def forward(value: "f16[1, 7, 2, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "the value for buffer 'cache' differs from it in dtype (torch.float16 and torch.float32)",
            data: { property: "dtype", problem: "torch.float16 and torch.float32" },
          },
          {
            message: "the value for buffer 'cache' differs from it in number of heads (7 and 2)",
            data: { property: "number of heads", problem: "7 and 2" },
          },
        ],
      },
      {
        title: "a value that never fits",
        program: `
range s0 [7, 9]
def forward(value: "f32[1, 2, s0, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, s0, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    return (update,)
`,
        diagnostics: [
          {
            message: "the value for buffer 'cache' is longer than the cache (s0 and 6 positions)",
            data: { property: "length", problem: "s0 and 6" },
          },
          {
            message:
              "the result of updating buffer 'cache' differs from it in shape ([1, 2, s0, 8] and [1, 2, 6, 8])",
            data: { property: "shape", problem: "[1, 2, s0, 8] and [1, 2, 6, 8]" },
          },
        ],
      },
      {
        title: "three dimensions",
        program: `
def forward(value: "f32[2, 4, 8]", b_cache: "f32[2, 6, 8]" = buffer("cache")):
    update: "f32[2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(value, b_cache)
    return (update,)
`,
        diagnostics: [
          {
            message: "value and cache of update_cross_attn_cache must have 4 dimensions, but have 3 and 3",
            data: { property: "rank", problem: "3 and 3" },
          },
        ],
      },
      {
        title: "a cache that is no tensor, and no result",
        program: `
def forward(value: "f32[1, 2, 4, 8]"):
    update: () = torch.ops.executorch.update_cross_attn_cache.default(value, 3)
    return (value,)
`,
        diagnostics: [
          {
            message:
              "update_cross_attn_cache takes the tensors value and cache, but 'cache' is a number, not a tensor",
            data: { property: "arguments", problem: "'cache' is a number, not a tensor" },
          },
          {
            message: "update_cross_attn_cache returns one tensor, but there are 0",
            data: { property: "results", problem: "there are 0" },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    targets: {
      "torch.ops.executorch.update_cross_attn_cache.default": (node) => {
        const value = tensorArgument(node, "value", 0);
        const cache = tensorArgument(node, "cache", 1);
        const report = (message: Message, property: string, problem: string) =>
          ctx.report({
            at: node,
            message,
            data: { property, problem },
            words: { name: cache ? ctx.nameOf(cache) : "the cache" },
            help: HELP[message],
            detail: value && cache ? [`value ${value.name}, cache ${cache.name}`] : [],
          });
        for (const problem of argumentFaults(node, ["value", "cache"]))
          report("arguments", "arguments", problem);
        const { length } = node.outputs;
        if (length !== 1) report("results", "results", length === 0 ? "there are 0" : `there are ${length}`);
        if (value?.meta && cache?.meta) {
          for (const { message, property, left, right } of misfits(ctx.program, value.meta, cache.meta)) {
            report(message, property, `${left} and ${right}`);
          }
        }
        const different = resultDifference(node.outputs[0], cache);
        if (different) report("result", different.property, `${different.left} and ${different.right}`);
      },
    },
  }),
});

type Message = "arguments" | "results" | "rank" | "differ" | "length" | "result";

const HELP: Readonly<Record<Message, string>> = {
  arguments: "call it as update_cross_attn_cache(value, cache)",
  results: "give the call one result, which stands for the updated cache",
  rank: "view both as (batch, heads, positions, head size)",
  differ:
    "bring the value to the cache's form: (batch, heads, positions, head size), its dtype and its device",
  length: "make the cache as long as the longest value, or cut the value",
  result: "the pass that made the call left old metadata behind; run FakeTensorProp over the graph",
};

const DIMENSIONS: readonly (readonly [number, string])[] = [
  [0, "batch size"],
  [1, "number of heads"],
  [3, "head size"],
];

interface Misfit extends Difference {
  readonly message: Message;
}

function misfits(program: Program, value: TensorMeta, cache: TensorMeta): Misfit[] {
  const found: Misfit[] = kindDifferences(value, cache)
    .filter(({ property }) => property === "dtype" || property === "device")
    .map((difference) => ({ ...difference, message: "differ" }));
  const [s, c] = [value.sizes, cache.sizes];
  if (s.length !== 4 || c.length !== 4) {
    return [...found, { message: "rank", property: "rank", left: String(s.length), right: String(c.length) }];
  }
  for (const [dim, property] of DIMENSIONS) {
    if (!mustDiffer(program, s[dim]!, c[dim]!)) continue;
    found.push({ message: "differ", property, left: formatSize(s[dim]!), right: formatSize(c[dim]!) });
  }
  if (mustExceed(program, s[2]!, c[2]!)) {
    found.push({ message: "length", property: "length", left: formatSize(s[2]!), right: formatSize(c[2]!) });
  }
  return found;
}
