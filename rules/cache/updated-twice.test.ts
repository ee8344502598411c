import { testRule } from "../../src/lint/rule-tester.ts";
import { updatedTwice } from "./updated-twice.ts";

const update = (name: string, value: string, cache: string) =>
  `    ${name}: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(${value}, ${cache})`;
const inMain = (...lines: string[]) => `
def forward(p: "b8[]", q: "b8[]", v: "f32[1, 1, 2, 2]", w: "f32[1, 1, 2, 2]", b_c: "f32[1, 1, 4, 2]" = buffer("c")):
${lines.join("\n")}
`;
/** A branch that updates its cache, and one that does not. */
const branches = (n: number) => `
def update_${n}(v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
${update("u", "v", "c")}
    return (u,)

def clone_${n}(v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
    clone: "f32[1, 1, 4, 2]" = torch.ops.aten.clone.default(c)
    return (clone,)
`;
const cond = (name: string, predicate: string, yes: string, no: string, value: string) =>
  `    ${name}: "f32[1, 1, 4, 2]" = torch.ops.higher_order.cond(${predicate}, ${yes}, ${no}, (${value}, b_c))`;

const becomes = (how: string) => ({
  message: `buffer 'c' is updated twice, and ${how}`,
});
const returned = becomes("the returned result of the first update becomes that of the second");

testRule(updatedTwice, {
  valid: [
    {
      title: "the same value twice",
      program: inMain(update("a", "v", "b_c"), update("b", "v", "b_c"), "    return (a, b)"),
    },
    {
      title: "a first update that nothing uses, which is for cache/update-unused",
      program: inMain(update("a", "v", "b_c"), update("b", "w", "b_c"), "    return (b,)"),
    },
    {
      title: "opposite branches of two conds on one predicate",
      program:
        inMain(
          cond("a", "p", "update_0", "clone_0", "v"),
          cond("b", "p", "clone_1", "update_1", "w"),
          "    return (a, b)",
        ) +
        branches(0) +
        branches(1),
    },
    {
      title: "a temporary that is updated on and on",
      program: inMain(
        '    zeros: "f32[1, 1, 4, 2]" = torch.ops.aten.zeros.default([1, 1, 4, 2])',
        update("a", "v", "zeros"),
        update("b", "w", "a"),
        "    return (a, b)",
      ),
    },
  ],
  invalid: [
    {
      title: "the same branches of two conds on one predicate",
      program:
        inMain(
          cond("a", "p", "update_0", "clone_0", "v"),
          cond("b", "p", "update_1", "clone_1", "w"),
          "    return (a, b)",
        ) +
        branches(0) +
        branches(1),
      diagnostics: [returned],
    },
    {
      title: "a branch and what follows",
      program:
        inMain(cond("a", "p", "update_0", "clone_0", "v"), update("b", "w", "b_c"), "    return (a, b)") +
        branches(0),
      diagnostics: [returned],
    },
    {
      title: "a clone of the first result, which a compiler drops",
      program: inMain(
        update("a", "v", "b_c"),
        '    clone: "f32[1, 1, 4, 2]" = torch.ops.aten.clone.default(a)',
        update("b", "w", "b_c"),
        "    return (clone, b)",
      ),
      diagnostics: [returned],
    },
    {
      title: "an update of what a cond returns, which may be the cache",
      program:
        inMain(cond("a", "p", "update_0", "clone_0", "v"), update("b", "w", "a"), "    return (b,)") +
        branches(0),
      diagnostics: [
        {
          message:
            "the updated buffer 'c' is updated again: eager writes a copy, the lowered program writes the cache",
        },
      ],
    },
  ],
});
