/** How bad findings are, where torch was asked: inductor's results against eager's, torch 2.13 on a CPU. */
import { describe, expect, it } from "vitest";
import { findingsIn } from "../../src/lint/examples.ts";
import type { Rule } from "../../src/lint/rule.ts";
import { aliasOutputMutated } from "./alias-output-mutated.ts";
import { overlappingTarget } from "./overlapping-target.ts";
import { readAfterUpdate } from "./read-after-update.ts";
import { resultMutated } from "./result-mutated.ts";
import { updateDuplicate } from "./update-duplicate.ts";

const T = '"f32[1, 1, 4, 2]"';
const update = (name: string, value: string, cache: string) =>
  `    ${name}: ${T} = torch.ops.executorch.update_cross_attn_cache.default(${value}, ${cache})`;
const call = (name: string, target: string, args: string, type = T) =>
  `    ${name}: ${type} = torch.ops.aten.${target}(${args})`;

const straight = (...lines: string[]) =>
  `
def forward(v: "f32[1, 1, 2, 2]", w: "f32[1, 1, 2, 2]", x: ${T}, b_c: ${T} = buffer("c")):
${lines.join("\n")}
`;
const behindCond = (...lines: string[]) => `
def forward(p: "b8[]", v: "f32[1, 1, 2, 2]", b_c: ${T} = buffer("c")):
    cond: (${T},) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_c))
${lines.join("\n")}

def true_graph_0(v: "f32[1, 1, 2, 2]", c: ${T}):
${call("clone", "clone.default", "c")}
    return (clone,)

def false_graph_0(v: "f32[1, 1, 2, 2]", c: ${T}):
${update("update", "v", "c")}
    return (update,)
`;
const tail = call("tail", "slice.Tensor", "cond[0], 2, 2, 4", '"f32[1, 1, 2, 2][8, 8, 2, 1]+4"');
const attention = (type: string) => call("y", "scaled_dot_product_attention.default", "v, b_c, b_c", type);

const cases: readonly (readonly [what: string, rule: Rule, program: string, severity: string])[] = [
  [
    "attention over the buffer: 11.55 in eager, 12 in inductor",
    readAfterUpdate,
    straight(update("a", "v", "b_c"), attention('"f32[1, 1, 2, 2]"'), "    return (a, y)"),
    "error",
  ],
  [
    "the norm of a layer over the buffer: 0 in eager, not in inductor",
    readAfterUpdate,
    straight(update("a", "v", "b_c"), call("y", "layer_norm.default", "b_c, [2]"), "    return (a, y)"),
    "error",
  ],
  [
    "a product of the buffer with itself: the same",
    readAfterUpdate,
    straight(update("a", "v", "b_c"), call("y", "mul.Tensor", "b_c, 2"), "    return (a, y)"),
    "warning",
  ],
  [
    "attention over the buffer, behind a cond: the same",
    readAfterUpdate,
    behindCond(attention('"f32[1, 1, 2, 2]"'), "    return (cond[0], y)"),
    "warning",
  ],
  [
    "the result added to: the same",
    resultMutated,
    straight(update("a", "v", "b_c"), call("add_", "add_.Tensor", "a, 100"), "    return (add_,)"),
    "warning",
  ],
  [
    "the result copied over: the same",
    resultMutated,
    straight(update("a", "v", "b_c"), call("copy_", "copy_.default", "a, x"), "    return (copy_,)"),
    "warning",
  ],
  [
    "the result zeroed: the cache stays as it was in inductor",
    resultMutated,
    straight(update("a", "v", "b_c"), call("zero_", "zero_.default", "a"), "    return (zero_,)"),
    "error",
  ],
  [
    "a part of what a cond returns zeroed: the cache too in inductor",
    resultMutated,
    behindCond(
      tail,
      call("zero_", "zero_.default", "tail", '"f32[1, 1, 2, 2][8, 8, 2, 1]+4"'),
      "    return (cond[0],)",
    ),
    "error",
  ],
  [
    "a result of alias added to: the same",
    aliasOutputMutated,
    straight(
      `    alias: (${T}, ${T}) = torch.ops.executorch.alias.default(b_c, x)`,
      call("add_", "add_.Tensor", "alias[0], 100"),
      "    return (add_, alias[1])",
    ),
    "warning",
  ],
  [
    "a value that lies one position behind, of one head: refused by eager",
    overlappingTarget,
    straight(
      call("part", "slice.Tensor", "b_c, 2, 1, 3", '"f32[1, 1, 2, 2][8, 8, 2, 1]+2"'),
      update("a", "part", "b_c"),
      "    return (a,)",
    ),
    "error",
  ],
  [
    "the same update again: the same",
    updateDuplicate,
    straight(update("a", "v", "b_c"), update("b", "v", "b_c"), "    return (a, b)"),
    "info",
  ],
  [
    "the same update again around another: the same in inductor, which merges nothing",
    updateDuplicate,
    straight(
      update("a", "v", "b_c"),
      call("s", "sum.default", "a", '"f32[]"'),
      update("b", "w", "b_c"),
      call("t", "sum.default", "b", '"f32[]"'),
      update("d", "v", "b_c"),
      "    return (s, t, d)",
    ),
    "warning",
  ],
];

describe("the severity of a finding", () => {
  it.each(cases)("%s", (_, rule, program, severity) => {
    expect(findingsIn(rule, program).map((one) => one.severity)).toEqual([severity]);
  });
});
