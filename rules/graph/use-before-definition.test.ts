import { testRule } from "../../src/lint/rule-tester.ts";
import { useBeforeDefinition } from "./use-before-definition.ts";

testRule(useBeforeDefinition, {
  invalid: [
    {
      title: "a node that uses one name twice, once",
      program: `
def forward(x: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(nobody, nobody)
    return (add,)
`,
      diagnostics: [{ message: "'nobody' is used but nothing defines it" }],
    },
    {
      title: "a node that uses its own result",
      program: `
def forward(x: "f32[2]"):
    add: "f32[2]" = torch.ops.aten.add.Tensor(x, add)
    return (add,)
`,
      diagnostics: [{ message: "'add' is used before it is defined" }],
    },
  ],
});
