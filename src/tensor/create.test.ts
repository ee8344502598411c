import { describe, expect, it } from "vitest";
import { type NestedNumbers, tensor, toTypedArray } from "./create.ts";
import { type DTypeName, dtypes } from "./dtype.ts";
import { Scalar } from "./scalar.ts";

const names = Object.keys(dtypes) as DTypeName[];

describe("tensor", () => {
  it.each(names)("makes %s again of what toTypedArray gives", (dtype) => {
    const data = dtypes[dtype].signed ? [1, -2, 0] : [1, 0, 1];
    const made = tensor(data, { dtype });
    const again = tensor(toTypedArray(made), { dtype, sizes: [3] });
    expect(again.toString()).toBe(`${dtype}[3]`);
    expect(toTypedArray(again)).toEqual(toTypedArray(made));
  });

  it("takes real and imaginary parts in turn from a typed array, and complex numbers from a list", () => {
    const pairs = tensor(new Float32Array([1, 2, 3, -4]), { dtype: "complex64" });
    expect(pairs.toString()).toBe("complex64[2]");
    expect([...toTypedArray(pairs)]).toEqual([1, 2, 3, -4]);
    const list = tensor([[Scalar.complex(1, 2)], [3.5]]);
    expect(list.toString()).toBe("complex64[2, 1]");
    expect([...toTypedArray(list)]).toEqual([1, 2, 3.5, 0]);
    expect([...toTypedArray(tensor([1, 2], { dtype: "complex128" }))]).toEqual([1, 0, 2, 0]);
  });

  it("keeps integers exact and the sign of zero", () => {
    const large = 2n ** 62n + 1n;
    expect([...toTypedArray(tensor([large, 3]))]).toEqual([large, 3n]);
    expect([...toTypedArray(tensor([2n ** 64n - 1n], { dtype: "uint64" }))]).toEqual([2n ** 64n - 1n]);
    expect([...toTypedArray(tensor(new BigInt64Array([-large]), { dtype: "int64" }))]).toEqual([-large]);
    expect([...toTypedArray(tensor([-0, 1], { dtype: "float32" }))]).toEqual([-0, 1]);
  });

  it.each<[NestedNumbers, string]>([
    [[1, 2], "int64[2]"],
    [[1, 2.5], "float32[2]"],
    [[true, false], "bool[2]"],
    [[true, 2], "int64[2]"],
    [3, "int64[]"],
    [[], "float32[0]"],
    [[[], []], "float32[2, 0]"],
    [[Scalar.float(1)], "float32[1]"],
  ])("of %j is %s", (data, text) => {
    expect(tensor(data).toString()).toBe(text);
  });

  it("says what it cannot make", () => {
    expect(() => tensor([[1], [2, 3]])).toThrow("the lists are not of one length");
    expect(() => tensor([1, 2], { sizes: [3] })).toThrow("2 numbers do not make a tensor of sizes [3]");
    expect(() => tensor(new Float32Array(3), { dtype: "complex64" })).toThrow(RangeError);
    expect(() => tensor([1], { dtype: "float31" as DTypeName })).toThrow("there is no dtype 'float31'");
  });
});
