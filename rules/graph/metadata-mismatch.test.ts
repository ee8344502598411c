import { testRule } from "../../src/lint/rule-tester.ts";
import { metadataMismatch } from "./metadata-mismatch.ts";

/** layer_norm of bfloat16 with weights of float32, which a CPU computes with wider statistics than torch says. */
const layerNorm = (device: string, statistics: string) => `
def forward(x: "bf16[2, 4]${device}", w: "f32[4]${device}"):
    norm: ("bf16[2, 4]${device}", "${statistics}[2, 1]${device}", "${statistics}[2, 1]${device}") = torch.ops.aten.native_layer_norm.default(x, [4], w, w, 1e-05)
    return (norm[0],)
`;

testRule(metadataMismatch, {
  valid: [
    { title: "statistics in the input's dtype", program: layerNorm("", "bf16") },
    { title: "statistics of another device in their own", program: layerNorm("cuda:0", "f32") },
  ],
  invalid: [
    {
      title: "statistics as wide as the weights",
      program: layerNorm("", "f32"),
      diagnostics: [1, 2].map((i) => ({
        message: `'norm_unused_${i}' is float32[2, 1] by its metadata, but its operator makes it bfloat16[2, 1]`,
      })),
    },
  ],
});
