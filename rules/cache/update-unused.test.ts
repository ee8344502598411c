import { describe, expect, it } from "vitest";
import { findingsIn, testRule } from "../../src/lint/rule-tester.ts";
import { updateUnused } from "./update-unused.ts";

const update = (name: string, value: string, cache: string) =>
  `    ${name}: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(${value}, ${cache})`;
const program = (...lines: string[]) => `
def forward(v: "f32[1, 1, 2, 2]", w: "f32[1, 1, 1, 2]", b_c: "f32[1, 1, 4, 2]" = buffer("c")):
${lines.join("\n")}
`;
const lost = {
  message: "nothing uses the result of updating buffer 'c', so the write is lost when the program is lowered",
};
const read = '    sum_1: "f32[]" = torch.ops.aten.sum.default(b_c)';
const slice = '    slice_1: "f32[1, 1, 2, 2][8, 8, 2, 1]" = torch.ops.aten.slice.Tensor(b_c, 2, 0, 2)';

testRule(updateUnused, {
  valid: [
    {
      title: "a cache that is emptied before anything reads it",
      program: program(
        update("a", "v", "b_c"),
        '    zero_: "f32[1, 1, 4, 2]" = torch.ops.aten.zero_.default(b_c)',
        "    return (v,)",
      ),
    },
    {
      title: "a temporary, which is for cache/update-on-temporary",
      program: program(
        '    mul: "f32[1, 1, 4, 2]" = torch.ops.aten.mul.Tensor(b_c, 0.5)',
        update("a", "v", "mul"),
        "    return (v,)",
      ),
    },
  ],
  invalid: [
    {
      title: "a later update that is shorter",
      program: program(update("a", "v", "b_c"), update("b", "w", "b_c"), "    return (b,)"),
      diagnostics: [lost],
    },
    {
      title: "a read before the cache is written again",
      program: program(update("a", "v", "b_c"), read, update("b", "v", "b_c"), "    return (b, sum_1)"),
      diagnostics: [lost],
    },
    {
      title: "a later write that builds on the first",
      program: program(
        update("a", "v", "b_c"),
        '    add_: "f32[1, 1, 4, 2]" = torch.ops.aten.add_.Tensor(b_c, 1.0)',
        "    return (v,)",
      ),
      diagnostics: [lost],
    },
  ],
});

describe("cache/update-unused", () => {
  const severities = (text: string) => findingsIn(updateUnused, text).map(({ severity }) => severity);

  it("only warns of a cache that is written to itself, and of one that is partly written again", () => {
    expect(severities(program(slice, update("a", "slice_1", "b_c"), "    return (v,)"))).toEqual(["warning"]);
    const fill = '    fill_: "f32[1, 1, 2, 2][8, 8, 2, 1]" = torch.ops.aten.fill_.Scalar(slice_1, 0)';
    expect(severities(program(slice, update("a", "v", "b_c"), fill, "    return (v,)"))).toEqual(["warning"]);
    expect(severities(program(update("a", "v", "b_c"), "    return (v,)"))).toEqual(["error"]);
  });
});
