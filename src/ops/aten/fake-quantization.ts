/** Values rounded to the steps of a quantized type, and still floating point numbers. */
import { dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel } from "../kernel.ts";

/** The result, and whether each element lies in the range (at::native::fake_quantize_tensor_cachemask_kernel). */
function fakeQuantize(self: Tensor, scale: Tensor, zero: Tensor, min: number, max: number): [Tensor, Tensor] {
  const inverse = call("aten::reciprocal", scale);
  const steps = call("aten::round", call("aten::mul.Tensor", self, inverse));
  const shifted = call("aten::add.Tensor", steps, zero);
  const inside = call(
    "aten::logical_and",
    call("aten::ge.Scalar", shifted, Scalar.int(min)),
    call("aten::le.Scalar", shifted, Scalar.int(max)),
  );
  const clamped = call("aten::clamp", shifted, Scalar.int(min), Scalar.int(max));
  return [call("aten::mul.Tensor", call("aten::sub.Tensor", clamped, zero), scale), inside];
}

const number = (value: number): Tensor => call("aten::full", [], Scalar.float(value), dtypes.float32);

/** One parameter for each index of a dimension, with sizes that broadcast to the input. */
function along(self: Tensor, axis: number, parameters: Tensor): Tensor {
  const sizes = new Array<number>(self.rank).fill(1);
  sizes[axis] = parameters.size(0);
  return call("aten::view", parameters, sizes);
}

export const fakeQuantization: readonly Kernel[] = [
  defineOp(
    "aten::fake_quantize_per_tensor_affine_cachemask(Tensor self, float scale, int zero_point, int quant_min, int quant_max) -> (Tensor output, Tensor mask)",
    {
      composite: ({ self, scale, zero_point, quant_min, quant_max }) =>
        fakeQuantize(self, number(scale), number(zero_point), quant_min, quant_max),
    },
  ),
  defineOp(
    "aten::fake_quantize_per_tensor_affine(Tensor self, float scale, int zero_point, int quant_min, int quant_max) -> Tensor",
    {
      composite: ({ self, scale, zero_point, quant_min, quant_max }) =>
        fakeQuantize(self, number(scale), number(zero_point), quant_min, quant_max)[0],
    },
  ),
  defineOp(
    "aten::fake_quantize_per_tensor_affine.tensor_qparams(Tensor self, Tensor scale, Tensor zero_point, int quant_min, int quant_max) -> Tensor",
    {
      composite: ({ self, scale, zero_point, quant_min, quant_max }) =>
        fakeQuantize(self, scale, zero_point, quant_min, quant_max)[0],
    },
  ),
  defineOp(
    "aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams(Tensor self, Tensor scale, Tensor zero_point, Tensor fake_quant_enabled, int quant_min, int quant_max) -> (Tensor output, Tensor mask)",
    {
      composite: ({ self, scale, zero_point, fake_quant_enabled, quant_min, quant_max }) => {
        const [out, mask] = fakeQuantize(self, scale, zero_point, quant_min, quant_max);
        const off = call("aten::eq.Scalar", fake_quant_enabled, Scalar.int(0));
        return [call("aten::where.self", off, self, out), call("aten::logical_or", mask, off)];
      },
    },
  ),
  defineOp(
    "aten::fake_quantize_per_channel_affine_cachemask(Tensor self, Tensor scale, Tensor zero_point, int axis, int quant_min, int quant_max) -> (Tensor output, Tensor mask)",
    {
      composite: ({ self, scale, zero_point, axis, quant_min, quant_max }) =>
        fakeQuantize(self, along(self, axis, scale), along(self, axis, zero_point), quant_min, quant_max),
    },
  ),
  defineOp(
    "aten::fake_quantize_per_channel_affine(Tensor self, Tensor scale, Tensor zero_point, int axis, int quant_min, int quant_max) -> Tensor",
    {
      composite: ({ self, scale, zero_point, axis, quant_min, quant_max }) =>
        fakeQuantize(self, along(self, axis, scale), along(self, axis, zero_point), quant_min, quant_max)[0],
    },
  ),
];
