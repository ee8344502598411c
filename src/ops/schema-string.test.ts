import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { allOperators } from "./operator-table.ts";
import { parseSchema, type SchemaDefault, typeText } from "./schema-string.ts";

const alias = (text: string) => {
  const { args, returns } = parseSchema(text);
  return { args: args.map((a) => a.alias), returns: returns.map((r) => r.alias) };
};

describe("parseSchema", () => {
  it("reads names, kinds and defaults", () => {
    const schema = parseSchema(
      'aten::sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1, int[2] pad=0, str s="a\\"b\\n", float e=1e-05, float lo=-inf, bool b=True, ScalarType? t=None, int[] l=[1, -2], int m=contiguous_format) -> Tensor',
    );
    expect([schema.namespace, schema.name, schema.overload]).toEqual(["aten", "sub", "Tensor"]);
    expect(schema.args.map((a) => a.kwargOnly)).toEqual([false, false, ...Array(9).fill(true)]);
    const defaults: (SchemaDefault | undefined)[] = schema.args.map((a) => a.default);
    expect(defaults).toEqual([
      undefined,
      undefined,
      1,
      [0, 0],
      'a"b\n',
      1e-5,
      -Infinity,
      true,
      null,
      [1, -2],
      "contiguous_format",
    ]);
  });

  it("keeps an integer that a double cannot hold", () => {
    expect(parseSchema("a::b(int x=9223372036854775807) -> ()").args[0]?.default).toBe(9223372036854775807n);
  });

  it("reads alias annotations", () => {
    expect(alias("aten::split.Tensor(Tensor(a -> *) self, SymInt n, int dim=0) -> Tensor(a)[]")).toEqual({
      args: [{ before: ["a"], after: ["*"], write: false }, null, null],
      returns: [{ before: ["a"], after: ["a"], write: false }],
    });
    expect(alias("a::b(Tensor(a!)[] x, Tensor(b|c)? y) -> (Tensor(a!) first, Tensor(b|c))")).toEqual({
      args: [
        { before: ["a"], after: ["a"], write: true },
        { before: ["b", "c"], after: ["b", "c"], write: false },
      ],
      returns: [
        { before: ["a"], after: ["a"], write: true },
        { before: ["b", "c"], after: ["b", "c"], write: false },
      ],
    });
  });

  it("reads every type torch has", () => {
    const types = [
      "Tensor?[]",
      "Tensor[][]",
      "int[2]?",
      "Dict(str, Tensor[])",
      "(Tensor, int)[]",
      "Future(t)",
      "__torch__.torch.classes.quantized.Conv2dPackedParamsBase",
      "SymInt[1]?",
      "bool[3]",
      "Scalar?[]",
    ];
    const schema = parseSchema(
      `a::b(${types.map((t, i) => `${t} x${i}`).join(", ")}) -> (${types.join(", ")})`,
    );
    expect(schema.args.map((a) => typeText(a.type))).toEqual(types);
    expect(schema.returns.map((r) => typeText(r.type))).toEqual(types);
  });

  it("reads results: none, one, named, any number", () => {
    expect(parseSchema("a::b() -> ()").returns).toEqual([]);
    expect(parseSchema("a::b.default(Tensor x) -> Tensor Y").returns[0]?.name).toBe("Y");
    expect(parseSchema("a::b(Tensor x) -> (Tensor values, Tensor)").returns.map((r) => r.name)).toEqual([
      "values",
      null,
    ]);
    expect(parseSchema("prim::x(...) -> ...")).toMatchObject({ variadicArgs: true, variadicReturns: true });
    expect(parseSchema("a::b.default(Tensor x) -> Tensor").overload).toBe("");
  });

  it("reads every schema that torch registers", () => {
    for (const { schema } of allOperators()) {
      const parsed = parseSchema(schema);
      const written = schema.slice(0, schema.indexOf("("));
      expect(`${parsed.namespace}::${parsed.name}${parsed.overload && `.${parsed.overload}`}`).toBe(written);
      const writes = (schema.match(/!/g) ?? []).length;
      const read = [...parsed.args, ...parsed.returns].filter((v) => v.alias?.write).length;
      expect(read, schema).toBe(writes);
    }
  });

  it.each([
    ["my_op(Tensor x) -> Tensor", 5, "expected ::"],
    ["a::b(Tensor x -> Tensor", 14, "expected , or ) after an argument"],
    ["a::b(Tensor) -> Tensor", 11, "expected the argument's name"],
    ["a::b(Tensor x)", 14, "expected ->, found the end"],
    ["a::b(Tensor x) -> Tensor Tensor y", 32, "expected the end of the schema"],
    ["a::b(Tensor(a! x) -> Tensor", 15, "expected ) to close the alias annotation"],
    ["a::b(int[] x=1) -> Tensor", 14, "must be a list or None"],
    ["a::b(Tensor x, Tensor x) -> Tensor", 34, 'two arguments are named "x"'],
    ["a::b(Tensor x) -> Tensor(a!)", 28, 'no argument belongs to the written alias set "a"'],
    ["a::b(int x=) -> Tensor", 11, "expected a default value"],
  ])("says what is wrong with %s", (text, offset, message) => {
    const error = (() => {
      try {
        parseSchema(text);
      } catch (e) {
        return e as InputError;
      }
    })();
    expect(error).toBeInstanceOf(InputError);
    expect(error?.message).toContain(message);
    expect(error?.data.offset).toBe(offset);
    expect(error?.rule).toBe("config/operator-schema");
  });
});
