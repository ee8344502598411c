import { describe, expect, it } from "vitest";
import { dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { callAny } from "../dispatch.ts";
import "../kernels.ts";

const { bool, complex64, float16, float64, int32, int64, uint8, uint32 } = dtypes;

describe("what dtypes and tensors are asked for", () => {
  // What torch.can_cast says.
  it.each([
    [float16, int64, false],
    [int64, float16, true],
    [float64, float16, true],
    [complex64, float64, false],
    [uint8, bool, false],
    [bool, uint8, true],
  ])("can_cast of %o", (from, to, expected) => {
    expect(callAny("aten::can_cast", from, to)).toEqual(Scalar.bool(expected));
  });

  it("promote_types and result_type give nothing that a program can name, and refuse what torch refuses", () => {
    expect(callAny("aten::promote_types", int32, float16)).toBeNull();
    const [a, b] = [Tensor.zeros([2], uint32), Tensor.zeros([2], int32)];
    expect(callAny("aten::result_type.Scalar", a, Scalar.float(2))).toBeNull();
    expect(() => callAny("aten::result_type.Tensor", a, b)).toThrow("promotion");
    expect(() => callAny("aten::promote_types", uint32, int32)).toThrow("promotion");
  });

  it("is_set_to is true of the same view of the same memory", () => {
    const base = Tensor.zeros([2, 3], float64);
    const other = (tensor: Tensor) => callAny("aten::is_set_to", base, tensor);
    expect(other(base.view([2, 3], [3, 1]))).toEqual(Scalar.bool(true));
    expect(other(base.view([3, 2], [1, 3]))).toEqual(Scalar.bool(false));
    expect(other(Tensor.zeros([2, 3], float64))).toEqual(Scalar.bool(false));
  });
});
