import { testRule } from "../../src/lint/rule-tester.ts";
import { device } from "./device.ts";

const typeAs = (result: string) => `
def forward(x: "f32[2]", y: "f16[2]cuda:0"):
    type_as: "f16[2]${result}" = torch.ops.aten.type_as.default(x, y)
    return (type_as,)
`;

const quantized = (result: string) => `
def forward(x: "f32[2]cuda:0"):
    q: "i8[2]${result}" = torch.ops.quantized_decomposed.quantize_per_tensor.default(x, 0.1, 0, -128, 127, torch.int8)
    return (q,)
`;

testRule(device, {
  valid: [
    { title: "what another tensor is, and where it is", program: typeAs("cuda:0") },
    { title: "quantized where it is", program: quantized("cuda:0") },
  ],
  invalid: [
    {
      title: "what another tensor is, and not where it is",
      program: typeAs(""),
      diagnostics: [
        {
          message:
            "'type_as' is on cpu by its metadata, but torch.ops.aten.type_as.default makes it on cuda:0",
        },
      ],
    },
    {
      title: "quantized elsewhere",
      program: quantized(""),
      diagnostics: [
        {
          message:
            "'q' is on cpu by its metadata, but torch.ops.quantized_decomposed.quantize_per_tensor.default makes it on cuda:0",
        },
      ],
    },
  ],
});
