import { cacheAnalysis } from "../../src/analysis/cache.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { isFromTorch } from "../_shared/torch-version.ts";

export const aliasEagerAbort = defineRule({
  id: "cache/alias-eager-abort",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "torch 2.13 and newer refuse to execute executorch::alias eagerly",
  description: `
\`executorch::alias\` returns its two inputs although its schema says that they are new tensors. From 2.13 on, torch
checks that when a custom operator runs, and raises "the output of this custom operator must not also be an input". So
\`ep.module()\`, and with it every comparison against eager, fails; lowering the program is not affected, for there
the operator is replaced and never runs.

There is one finding a program, at the first call. In a program of an older torch it is for information: there the
operator runs.
`,
  data: { calls: "how often the program calls the operator" },
  messages: {
    aborts:
      "executorch::alias, which the program calls {times}, does not run eagerly in torch 2.13 and newer",
  },
  examples: {
    valid: [
      {
        title: "copies instead",
        program: `
def forward(x: "f32[1, 2, 4, 8]", y: "f32[1, 2, 4, 8]"):
    clone: "f32[1, 2, 4, 8]" = torch.ops.aten.clone.default(x)
    clone_1: "f32[1, 2, 4, 8]" = torch.ops.aten.clone.default(y)
    return (clone, clone_1)
`,
      },
    ],
    invalid: [
      {
        title: "the operator itself",
        program: `
def forward(x: "f32[1, 2, 4, 8]", y: "f32[1, 2, 4, 8]"):
    alias: ("f32[1, 2, 4, 8]", "f32[1, 2, 4, 8]") = torch.ops.executorch.alias.default(x, y)
    return (alias[0], alias[1])
`,
        diagnostics: [
          {
            message:
              "executorch::alias, which the program calls once, does not run eagerly in torch 2.13 and newer",
            data: { calls: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    let reported = false;
    return {
      targets: {
        "torch.ops.executorch.alias.default": (node) => {
          if (reported) return;
          reported = true;
          const calls = cacheAnalysis(ctx).aliases.length;
          ctx.report({
            at: node,
            message: "aborts",
            data: { calls },
            words: { times: calls === 1 ? "once" : `${calls} times` },
            severity: isFromTorch(ctx.program, 2, 13) ? undefined : "info",
            help: "lower the program instead of running it eagerly, or return clones while you test in eager",
          });
        },
      },
    };
  },
});
