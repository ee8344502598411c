import { testRule } from "../../src/lint/rule-tester.ts";
import { updateOnTemporary } from "./update-on-temporary.ts";

const lost = {
  message: "update_cross_attn_cache writes the result of aten.mul, which does not outlive the call",
};
const stale = {
  message:
    "update_cross_attn_cache writes the result of aten.mul, and what reads that result does not see the write when lowered",
};

/** `body` between a temporary `mul` and the return. Whether lowered results change was measured with torch 2.13's inductor. */
const temporary = (body: string) => `
def forward(v: "f32[1, 1, 2, 2]", w: "f32[1, 1, 1, 2]", x: "f32[1, 1, 4, 2]"):
    mul: "f32[1, 1, 4, 2]" = torch.ops.aten.mul.Tensor(x, 0.5)
${body}
`;
const update = (name: string, value: string, cache: string) =>
  `    ${name}: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(${value}, ${cache})`;
const sum = (name: string, of: string) => `    ${name}: "f32[]" = torch.ops.aten.sum.default(${of})`;

testRule(updateOnTemporary, {
  valid: [
    {
      title: "swapped arguments, which have a rule of their own",
      program: `
def forward(x: "f32[1, 1, 4, 2]", b_cache: "f32[1, 1, 4, 2]" = buffer("cache")):
    mul: "f32[1, 1, 4, 2]" = torch.ops.aten.mul.Tensor(x, 0.5)
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(b_cache, mul)
    return (update,)
`,
    },
    {
      title: "the result of an update of a buffer, which is for cache/updated-twice",
      program: `
def forward(v: "f32[1, 1, 2, 2]", b_cache: "f32[1, 1, 4, 2]" = buffer("cache")):
${update("a", "v", "b_cache")}
${update("b", "v", "a")}
    return (b,)
`,
    },
  ],
  invalid: [
    {
      title: "an update after another on the same temporary, both results read: no reason for an error",
      program: temporary(
        [
          update("a", "v", "mul"),
          update("b", "w", "mul"),
          sum("s", "a"),
          sum("t", "b"),
          "    return (s, t)",
        ].join("\n"),
      ),
      diagnostics: [lost, lost],
    },
    {
      title: "a temporary that is read before, and one that is returned",
      program: temporary([sum("s", "mul"), update("a", "v", "mul"), "    return (s, a, mul)"].join("\n")),
      diagnostics: [lost],
    },
    {
      title: "a temporary that is returned, when the result of the update is not used",
      program: temporary([update("a", "v", "mul"), "    return (mul,)"].join("\n")),
      diagnostics: [stale],
    },
    {
      title: "a temporary that another update goes on with, when the result of the first is not used",
      program: temporary([update("a", "v", "mul"), update("b", "w", "mul"), "    return (b,)"].join("\n")),
      diagnostics: [stale, lost],
    },
    {
      title: "a copy from before the update that waits for it",
      program: temporary(
        [
          '    clone: "f32[1, 1, 4, 2]" = torch.ops.aten.clone.default(mul)',
          update("a", "v", "mul"),
          '    add: "f32[1, 1, 4, 2]" = torch.ops.aten.add.Tensor(clone, a)',
          "    return (add,)",
        ].join("\n"),
      ),
      diagnostics: [stale],
    },
    {
      title: "what executorch::alias returns",
      program: `
def forward(v: "f32[1, 1, 2, 2]", b_keys: "f32[1, 1, 4, 2]" = buffer("keys"), b_values: "f32[1, 1, 4, 2]" = buffer("values")):
    k: "f32[1, 1, 4, 2]", w: "f32[1, 1, 4, 2]" = torch.ops.executorch.alias.default(b_keys, b_values)
${update("a", "v", "w")}
    return (a,)
`,
      diagnostics: [
        {
          message:
            "update_cross_attn_cache writes a copy of buffer 'values'; lowered, the copy may be dropped, and it writes buffer 'values' itself",
        },
      ],
    },
  ],
});
