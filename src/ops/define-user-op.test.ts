import { expect, it } from "vitest";
import { defineUserOp } from "./define-user-op.ts";
import type { Definition } from "./kernel.ts";

const composite = () => [];

it("gives a kernel with its schema", () => {
  expect(defineUserOp("mylib::f(Tensor x) -> ()", { composite }).schema.args).toHaveLength(1);
  expect(defineUserOp("aten::sin", { composite }).schema.name).toBe("sin");
});

it.each([
  [
    "mylib::f(Tensor x -> Tensor",
    /^defineOp: schema string, column 19: .*\nmylib::f\(Tensor x -> Tensor\n {18}\^$/,
  ],
  ["f(Tensor x) -> Tensor", /^defineOp: schema string, column 2: expected :: after the namespace "f"/],
  ["mylib::f", /^defineOp: the operator table has no mylib::f$/],
  ["", /^defineOp: the operator table has no $/],
])("refuses the schema %j at once", (schema, message) => {
  expect(() => defineUserOp(schema, { composite })).toThrow(message);
  expect(() => defineUserOp(schema, { composite })).toThrow(TypeError);
});

it.each([[undefined], [{}], [{ meta: composite }], [{ composite: 3 }], [{ composite, view: composite }]])(
  "refuses the definition %j",
  (definition) => {
    expect(() =>
      defineUserOp("mylib::f(Tensor x) -> Tensor", definition as unknown as Definition<unknown>),
    ).toThrow(
      "defineOp: mylib::f: a definition has the functions 'meta' and 'run', or 'view', or 'composite', or 'update', and only these",
    );
  },
);
