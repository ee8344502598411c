import { expect, it } from "vitest";
import { findingsIn } from "../../src/lint/examples.ts";
import { metadataMismatch } from "./metadata-mismatch.ts";

// What torch's own kernels refuse when they run, in the words of pt2lint's.
const INPUTS = `x: "f32[4, 3]", w: "f32[5, 3]", b: "f32[4]", i: "i64[3]", t: "i64[4]", m: "b8[4, 3]"`;
const CALLS: readonly (readonly [result: string, call: string, problem: RegExp])[] = [
  ["f32[4, 5]", "aten.linear.default(x, w, b)", /cannot be expanded|expand/],
  ["f32[4, 4]", "aten.mm.default(x, i)", /dtype/],
  [
    "f32[4, 3]",
    'aten.div.Tensor_mode(x, x, rounding_mode="up")',
    /rounding_mode is None, "trunc" or "floor"/,
  ],
  ["f32[4, 3]", "aten._softmax.default(x, 1, True)", /half precision, not for float32/],
  ["i64[]", "aten.argmax.default(m)", /expected numbers to compare/],
  ["f32[]", "aten.nll_loss_nd.default(x, i)", /expected targets of sizes \[4\], got \[3\]/],
  ["f32[]", "aten.nll_loss_nd.default(x, b)", /expected classes in int64, got float32/],
  ["f32[]", "aten.nll_loss_nd.default(x, t, b)", /expected a weight for each of 3 classes, got 4/],
  [
    "f32[4, 7]",
    'aten.pad.default(x, [2, 2], mode="mirror")',
    /the padding mode is constant, .*, not "mirror"/,
  ],
  ["f32[4, 3]", "aten.index.Tensor(x, [])", /expected an index at least/],
  ["i64[4]", "aten.add_.Tensor(t, b)", /result type float32 can't be cast to the desired output type int64/],
  ["i64[4]", "aten.sin_.default(t)", /result type float32 can't be cast/],
  ["f32[4, 3]", "aten.squeeze.dims(x, [0, 0])", /dimension 0 is given twice/],
  [
    "f32[4, 1, 5]",
    "aten.gru.input(y, h, [u, v], True, 1, 0.0, False, False, False)",
    /expected 4 parameters, got 2/,
  ],
  [
    "f32[4, 1, 5]",
    "aten.gru.input(y, z, [u, v], False, 1, 0.0, False, False, False)",
    /expected a state for each of 1 layers and directions/,
  ],
];
const RECURRENT = `y: "f32[4, 1, 3]", h: "f32[1, 1, 5]", z: "f32[2, 1, 5]", u: "f32[15, 3]", v: "f32[15, 5]"`;

it.each(CALLS)("refuses %s = %s", (result, call, problem) => {
  const outputs = call.includes("gru") ? `("${result}", "f32[1, 1, 5]")` : `"${result}"`;
  const value = call.includes("gru") ? "r[0]" : "r";
  const program = `
def forward(${INPUTS}, ${RECURRENT}):
    r: ${outputs} = torch.ops.${call}
    return (${value},)
`;
  expect(findingsIn(metadataMismatch, program).map(({ message }) => message)).toEqual([
    expect.stringMatching(problem),
  ]);
});
