import { describe, expect, it } from "vitest";
import type { Argument } from "../schema/types.generated.ts";
import { formatArgument, pythonJson, pythonString } from "./print-literals.ts";

const names = {
  value: (name: string) => name,
  graph: () => "branch",
  operator: (target: string) => target,
};

describe("formatArgument", () => {
  it.each<[Argument, string]>([
    [{ as_none: true }, "None"],
    [{ as_int: 9223372036854775807n }, "9223372036854775807"],
    [{ as_float: -0 }, "-0.0"],
    [{ as_float: 1e-7 }, "1e-07"],
    [{ as_float: Number.NEGATIVE_INFINITY }, "-inf"],
    [{ as_floats: [1, Number.NaN] }, "[1.0, nan]"],
    [{ as_bools: [true, false] }, "[True, False]"],
    [{ as_complex: { real: 0, imag: 2 } }, "2j"],
    [{ as_complex: { real: -0, imag: -0.5 } }, "(-0-0.5j)"],
    [{ as_scalar_type: 13 }, "torch.bfloat16"],
    [{ as_memory_format: 2 }, "torch.channels_last"],
    [{ as_layout: 7 }, "torch.strided"],
    [{ as_device: { type: "cuda", index: 1 } }, "device(type='cuda', index=1)"],
    [{ as_optional_tensors: [{ as_none: true }, { as_tensor: { name: "x" } }] }, "[None, x]"],
    [{ as_sym_ints: [{ as_name: "s" }, { as_int: 2 }] }, "[s, 2]"],
    [{ as_int_lists: [[1], [1, 2]] }, "[(1,), (1, 2)]"],
    [{ as_nested_tensors: [[{ name: "x" }], []] }, "[[x], []]"],
    [{ as_string_to_argument: new Map([["a", { as_float: 1 }]]) }, "{'a': 1.0}"],
  ])("writes %o as Python does", (arg, text) => {
    expect(formatArgument(arg, names)).toBe(text);
  });
});

describe("pythonString", () => {
  it.each([
    ["it's", `"it's"`],
    [`"`, `'"'`],
    [`a"b'`, `'a"b\\''`],
    ["a\n\t\\", "'a\\n\\t\\\\'"],
    ["\x1b[2J", "'\\x1b[2J'"],
    ["é\u00a0\u2028\u{e000}", "'é\\xa0\\u2028\\ue000'"],
  ])("quotes %j", (text, quoted) => {
    expect(pythonString(text)).toBe(quoted);
  });
});

it("does not follow hostile nesting in an annotation", () => {
  const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`);
  expect(pythonJson(deep)).toContain("...");
});
