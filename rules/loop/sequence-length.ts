import { defineRule } from "../../src/lint/rule.ts";
import { type HopCall, operandsAt } from "../../src/ops/hop/hop.ts";
import type { Value } from "../../src/program/program.ts";
import { asLoop, type Loop } from "../_shared/loops.ts";
import { isFromTorch } from "../_shared/torch-version.ts";

export const sequenceLength = defineRule({
  id: "loop/sequence-length",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the tensors that a loop goes along differ in length",
  description: `
\`map\`, \`scan\` and \`associative_scan\` go along the first dimension of their tensors, all at once, and take the number
of rounds from the first tensor. It must be the same for all, and at least one: but \`scan\` and \`associative_scan\` of
torch 2.14 and newer take none for an answer, so in a program of theirs this is not reported. \`map\` refuses it still
("Leading dimensions of mapped xs cannot be 0").

\`torch.export\` of torch 2.13 does not compare them, and \`run_decompositions\` passes. Running a \`map\` then ends in
"Leaves of xs must have same leading dimension size", and a \`scan\` with a tensor shorter than the first in an
IndexError. A \`scan\` leaves out what a longer tensor has more, and \`associative_scan\` runs on: warnings.
`,
  data: {
    operand: "position among the tensors that the loop goes along, from 0",
    expected: "the length of the first",
    actual: "the length of this one",
  },
  messages: {
    differs: "{loop} goes along {name} of length {actual} and takes {expected} rounds",
    empty: "{loop} goes along {name} of length {actual}",
  },
  examples: {
    valid: [
      {
        title: "tensors of one length",
        program: `
def forward(a: "f32[5, 3]", b: "f32[5, 3]"):
    map: ("f32[5, 3]",) = torch.ops.higher_order.map_impl(body, (a, b), ())
    return (map[0],)

def body(a: "f32[3]", b: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
      },
      {
        title: "no rounds, in a program of torch 2.14",
        program: `
torch "2.14.1"
def forward(x: "f32[0, 3]", c: "f32[3]"):
    scan: ("f32[3]", "f32[0, 3]") = torch.ops.higher_order.scan(body, (c,), (x,), ())
    return (scan[0], scan[1])

def body(c: "f32[3]", x: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(c, x)
    mul: "f32[3]" = torch.ops.aten.mul.Tensor(c, x)
    return (add, mul)
`,
      },
    ],
    invalid: [
      {
        title: "no rounds, in a program of torch 2.13",
        program: `
torch "2.13.0"
def forward(x: "f32[0, 3]", c: "f32[3]"):
    scan: ("f32[3]", "f32[0, 3]") = torch.ops.higher_order.scan(body, (c,), (x,), ())
    return (scan[0], scan[1])

def body(c: "f32[3]", x: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(c, x)
    mul: "f32[3]" = torch.ops.aten.mul.Tensor(c, x)
    return (add, mul)
`,
        diagnostics: [
          {
            message: "scan goes along input 'x' of length 0",
            data: { operand: 0, expected: 0, actual: 0 },
          },
        ],
      },
      {
        title: "a tensor that is shorter",
        program: `
def forward(a: "f32[5, 3]", b: "f32[4, 3]"):
    map: ("f32[5, 3]",) = torch.ops.higher_order.map_impl(body, (a, b), ())
    return (map[0],)

def body(a: "f32[3]", b: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(a, b)
    return (add,)
`,
        diagnostics: [
          {
            message: "map goes along input 'b' of length 4 and takes 5 rounds",
            data: { operand: 1, expected: 5, actual: 4 },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const takesNone = isFromTorch(ctx.program, 2, 14);
    const check = (call: HopCall): void => {
      const loop = asLoop(call);
      if (loop === undefined || loop.name === "while_loop") return;
      const along = operandsAt(loop.node, loop.name === "scan" ? 2 : 1);
      const expected = lengthOf(along[0]);
      if (expected === undefined) return;
      for (const [operand, value] of along.entries()) {
        const actual = lengthOf(value);
        if (!value || actual === undefined) continue;
        if (actual === expected && (actual > 0 || (takesNone && loop.name !== "map"))) continue;
        ctx.report({
          at: loop.node,
          message: actual === expected ? "empty" : "differs",
          data: { operand, expected, actual },
          words: { loop: loop.name, name: ctx.nameOf(value) },
          severity: runs(loop, expected, actual) ? "warning" : undefined,
          help: "cut the tensors to one length before the loop",
        });
      }
    };
    return { hop: check };
  },
});

function runs({ name }: Loop, expected: number, actual: number): boolean {
  return name === "associative_scan" ? actual !== 0 : name === "scan" && actual > expected;
}

/** undefined for a length that is not known before the program runs. */
function lengthOf(value: Value | null | undefined): number | undefined {
  const size = value?.meta?.sizes[0];
  return size && "as_int" in size ? Number(size.as_int) : undefined;
}
