import { describe, expect, it } from "vitest";
import {
  elementBytes,
  parsePayloadConfig,
  requiredBytes,
  scalarTypeName,
  type TensorMeta,
} from "./payload.ts";
import { makeConfig, ruleOf } from "./testing.ts";

function meta(dtype: number, sizes: number[], strides: number[], offset = 0): TensorMeta {
  const ints = (values: number[]) => values.map((value) => ({ as_int: value }));
  const device = { type: "cpu", index: null };
  return {
    dtype,
    sizes: ints(sizes),
    strides: ints(strides),
    storage_offset: { as_int: offset },
    requires_grad: false,
    device,
    layout: 7,
  };
}

describe("requiredBytes", () => {
  it("is the last element that the strides reach", () => {
    expect(requiredBytes(meta(7, [3, 4], [4, 1]))).toBe(48);
    expect(requiredBytes(meta(7, [3, 4], [4, 1], 8))).toBe(80);
    expect(requiredBytes(meta(7, [4, 6], [1, 4]))).toBe(96);
    expect(requiredBytes(meta(5, [], []))).toBe(8);
    expect(requiredBytes(meta(13, [], [], 3))).toBe(8);
  });

  it("counts a broadcast dimension once and an empty tensor not at all", () => {
    expect(requiredBytes(meta(7, [1000, 2], [0, 1]))).toBe(8);
    expect(requiredBytes(meta(7, [0, 300], [300, 1], 9))).toBe(0);
  });

  it("does not overflow", () => {
    expect(requiredBytes(meta(7, [2 ** 40, 2 ** 40], [2 ** 40, 1]))).toBeGreaterThan(2 ** 80);
  });

  it("is unknown where a size or the dtype is", () => {
    expect(requiredBytes(meta(14, [1], [1]))).toBeNull();
    expect(requiredBytes({ ...meta(7, [1], [1]), sizes: [{ as_expr: {} }] })).toBeNull();
    expect(requiredBytes({ ...meta(7, [1], [1]), strides: [] })).toBeNull();
  });
});

it("knows the scalar types of the schema", () => {
  expect([1, 7, 11, 13, 33, 35].map(scalarTypeName)).toEqual([
    "uint8",
    "float32",
    "complex128",
    "bfloat16",
    "float8_e8m0fnu",
    "uint64",
  ]);
  expect([1, 7, 11, 13, 33, 35].map(elementBytes)).toEqual([1, 4, 16, 2, 1, 8]);
  expect([scalarTypeName(0), elementBytes(99)]).toEqual([undefined, undefined]);
});

describe("parsePayloadConfig", () => {
  const parse = (text: string) => parsePayloadConfig(Buffer.from(text), "c.json");
  const one = (change: object, payload: object = {}) => {
    const config = JSON.parse(makeConfig({ w: ["weight_0", [2, 2]] })) as {
      config: { w: { tensor_meta: object } };
    };
    Object.assign(config.config.w.tensor_meta, change);
    Object.assign(config.config.w, payload);
    return parse(JSON.stringify(config));
  };

  it("reads what torch writes, and what it leaves out", () => {
    expect([...one({}).payloads.keys()]).toEqual(["w"]);
    const pickled = parse('{"config":{"o":{"path_name":"custom_obj_0","is_param":false,"use_pickle":true}}}');
    expect(pickled.payloads.get("o")!.tensor_meta).toBeNull();
    expect(pickled.problems).toEqual([]);
  });

  it("refuses what is no config", async () => {
    for (const text of ["", "{", "[]", "null", "{}", '{"config": []}', "\xff"]) {
      expect(await ruleOf(() => parse(text)), text).toBe("archive/invalid-config");
    }
    expect(await ruleOf(() => parsePayloadConfig(new Uint8Array([0xff]), "c"))).toBe(
      "archive/invalid-config",
    );
  });

  it.each([
    ["a negative stride", { strides: [{ as_int: -1 }, { as_int: 1 }] }, {}],
    ["too few strides", { strides: [{ as_int: 1 }] }, {}],
    ["a fractional size", { sizes: [{ as_int: 1.5 }, { as_int: 1 }] }, {}],
    ["a negative offset", { storage_offset: { as_int: -1 } }, {}],
    ["no device", { device: null }, {}],
    ["no dtype", { dtype: "float32" }, {}],
    ["no layout", { layout: null }, {}],
    ["no requires_grad", { requires_grad: 1 }, {}],
    ["no tensor_meta", {}, { tensor_meta: null }],
    ["no path", {}, { path_name: 1 }],
    ["no is_param", {}, { is_param: null }],
    ["no use_pickle", {}, { use_pickle: 0 }],
  ])("reports %s and keeps the rest", (_, change, payload) => {
    const { payloads, problems } = one(change, payload);
    expect([...payloads.keys()]).toEqual([]);
    expect(problems.map((problem) => problem.name)).toEqual(["w"]);
  });
});
