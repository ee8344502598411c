import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decodeDocument } from "../schema/decoder.ts";
import { describeValue, shortTarget } from "./describe.ts";
import { Program } from "./program.ts";

const load = (name: string): Program =>
  new Program(decodeDocument(readFileSync(new URL(`../../fixtures/print/${name}.json`, import.meta.url))));

it("names an input of the program by its parameter, buffer, constant or placeholder", () => {
  const describeInputs = (name: string) =>
    load(name).main.inputs.map((value) => value && describeValue(value));
  expect(describeInputs("mutation")).toEqual([
    "parameter 'weight'",
    "buffer 'count'",
    "buffer 'scale'",
    "input 'x'",
    "input 'y'",
  ]);
  expect(describeInputs("loops")[0]).toBe("constant 'lifted_tensor_0'");
});

it("names other values by their node, and those a branch is given by their position", () => {
  const program = load("branches");
  expect(describeValue(program.main.value("sum_1")!)).toBe("aten.sum 'sum_1'");
  expect(describeValue(program.main.value("getitem")!)).toBe("cond 'getitem'");
  expect(describeValue(program.graphs[1]!.value("p_weight")!)).toBe("operand 1 'p_weight'");
});

it.each([
  ["torch.ops.aten.view.default", "aten.view"],
  ["torch.ops.higher_order.while_loop", "while_loop"],
  ["torch.sym_max", "sym_max"],
  ["_operator.mul", "_operator.mul"],
  ["#ns:op", "ns.op"],
])("shortens %s to %s", (target, short) => {
  expect(shortTarget(target)).toBe(short);
});
