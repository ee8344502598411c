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

  it.each<[NestedNumbers, DTypeName, number]>([
    [[255], "uint8", 255],
    [[-255], "uint8", 1],
    [[-1], "uint32", 2 ** 32 - 1],
    [[-128], "int8", -128],
    [[3.7], "uint8", 3],
    [[-127.5], "int8", -127],
    [[Number.NaN], "bool", 1],
    [[Scalar.complex(0, 1)], "bool", 1],
    [[1e300], "float32", Number.POSITIVE_INFINITY],
    [[70000], "float16", Number.POSITIVE_INFINITY],
  ])("of %s as %s is what torch makes of it", (data, dtype, expected) => {
    expect(Number(toTypedArray(tensor(data, { dtype }))[0])).toBe(expected);
  });

  it.each<[NestedNumbers, DTypeName, string]>([
    [[1, 300], "uint8", "300"],
    [[-256], "uint8", "-256"],
    [[255.9], "uint8", "255.9"],
    [[-0.5], "uint8", "-0.5"],
    [[128], "int8", "128"],
    [[-128.5], "int8", "-128.5"],
    [[2 ** 31], "int32", "2147483648"],
    [[2n ** 63n], "int64", "9223372036854775808"],
    [[Scalar.float(2 ** 63)], "int64", "9223372036854775808.0"],
    [[-1], "uint64", "-1"],
    [[2n ** 64n], "uint64", "18446744073709551616"],
    [[Number.NaN], "int32", "NaN"],
    [[Number.POSITIVE_INFINITY], "int64", "Infinity"],
    [[Scalar.complex(3, 0)], "float32", "(3+0j)"],
  ])("refuses %s as %s, as torch does", (data, dtype, number) => {
    expect(() => tensor(data, { dtype })).toThrow(`${number} does not fit in ${dtype}`);
  });

  it("wraps the numbers of a typed array", () => {
    expect([...toTypedArray(tensor(new Int32Array([300, -1]), { dtype: "uint8" }))]).toEqual([44, 255]);
  });

  it("says what it cannot make", () => {
    expect(() => tensor([[1], [2, 3]])).toThrow("the lists are not of one length");
    expect(() => tensor([1, 2], { sizes: [3] })).toThrow("2 numbers do not make a tensor of sizes [3]");
    expect(() => tensor(new Float32Array(3), { dtype: "complex64" })).toThrow(RangeError);
    expect(() => tensor([1], { dtype: "float31" as DTypeName })).toThrow("there is no dtype 'float31'");
  });
});
