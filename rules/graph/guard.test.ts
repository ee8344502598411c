import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { lintProgram, open, Program } from "../../src/index.ts";
import { decodeDocument } from "../../src/schema/decoder.ts";

const file = readFileSync(new URL("../../fixtures/run/resize_dynamic.training.pt2", import.meta.url));
const text = Buffer.from(await (await open(file)).archive.models[0]!.document()).toString();
const recorded: string[] = JSON.parse(text).guards_code;

function found(guards: readonly string[]): string[] {
  const document = JSON.stringify({ ...JSON.parse(text), guards_code: guards });
  const diagnostics = lintProgram(new Program(decodeDocument(Buffer.from(document))));
  return diagnostics.filter(({ rule }) => rule === "graph/guard").map(({ message }) => message);
}

it.each([
  ["what the tracer wrote", recorded],
  ["a size that may be another", ["L['args'][0].size()[0] >= 1"]],
  ["what a function gives", ["max(1, L['args'][0].size()[0]) > 0", "not (L['args'][0].size()[0] == 77)"]],
])("takes %s", (_, guards) => expect(found(guards)).toEqual([]));

it.each([
  ["L['args'][0].size()[0] =>", "is no expression of Python"],
  ["s77 > 2", "reads 's77', which is nothing that guards know"],
  ["L['nobody'].size()[0] > 2", "reads L['nobody'], and the program has no such input"],
  ["L['args'][0].size()[9] > 2", "reads dimension 9 of 'args_0', which has 4"],
  ["L['args'][0].size()[0] == 77", "does not hold: args_0.size()[0] is 1"],
  ["False", "does not hold: it is a contradiction"],
])("%s", (code, message) => expect(found([code])).toEqual([`the guard '${code}' ${message}`]));

it("goes by the names of the arguments, which a pass may have changed", () => {
  const document = JSON.parse(text);
  document.graph_module.module_call_graph[0].signature.forward_arg_names = ["image"];
  const diagnostics = lintProgram(new Program(decodeDocument(Buffer.from(JSON.stringify(document)))));
  const guards = diagnostics.filter(({ rule }) => rule === "graph/guard").map(({ data }) => data.guard);
  expect(guards).toEqual(recorded);
});
