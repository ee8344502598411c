import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { lintProgram, open, Program } from "../../src/index.ts";
import { exampleFaults } from "../../src/lint/rule-check.ts";
import { decodeDocument } from "../../src/schema/decoder.ts";
import { position } from "./position.ts";

const file = await open(readFileSync(new URL("../../fixtures/safe/topk.pt2", import.meta.url)));
const text = Buffer.from(await file.archive.models[0]!.document()).toString();

interface Call {
  readonly target: string;
  inputs: { name: string; arg: object; kind: number }[];
}

/** Lints the fixture after its topk(x, 2) has been given other arguments. */
function lintTopk(inputs: (from: Call["inputs"]) => Call["inputs"]) {
  const document = JSON.parse(text);
  const branches = document.graph_module.graph.nodes.flatMap((node: Call) =>
    node.inputs.flatMap(({ arg }) => ("as_graph" in arg ? [(arg.as_graph as { graph: unknown }).graph] : [])),
  );
  const topk = branches
    .flatMap(({ nodes }: { nodes: Call[] }) => nodes)
    .find((node: Call) => node.target.includes("topk"));
  topk.inputs = inputs(topk.inputs);
  return lintProgram(new Program(decodeDocument(Buffer.from(JSON.stringify(document)))))
    .filter(({ rule }) => rule.startsWith("arguments/"))
    .map(({ message, data }) => [message, data.gets, data.path]);
}

const branchNode =
  /^graph_module\.graph\.nodes\[\d+\]\.inputs\[\d\]\.arg\.as_graph\.graph\.nodes\[\d+\]\.inputs\[1\]$/;

describe("arguments/position", () => {
  it("is quiet about its example", () => {
    for (const example of position.examples.valid) expect(exampleFaults(position, example, [])).toEqual([]);
  });

  it("finds a positional argument behind a keyword of an operator that is not declared", () => {
    const document = JSON.parse(
      text.replaceAll("torch.ops.aten.topk.default", "torch.ops.mylib.best.default"),
    );
    const kinds = (second: number) => {
      const edited = JSON.stringify(document, (key, value) =>
        key === "inputs" && JSON.stringify(value).includes('"name":"k"')
          ? value.map((input: object, i: number) => ({ ...input, kind: i === 0 ? 2 : second }))
          : value,
      );
      return lintProgram(new Program(decodeDocument(Buffer.from(edited))))
        .filter(({ rule }) => rule === "arguments/position")
        .map(({ message }) => message);
    };
    expect(kinds(2)).toEqual([]);
    expect([...new Set(kinds(1))]).toEqual([
      "'k' of torch.ops.mylib.best.default is given by position, behind one that is given by keyword",
    ]);
  });

  it("is quiet about the call as torch wrote it", () => expect(lintTopk((inputs) => inputs)).toEqual([]));

  it("finds a positional argument behind one that was left out", () => {
    const found = lintTopk(([self, k]) => [
      self!,
      { name: "dim", arg: { as_int: 0 }, kind: 1 },
      { ...k!, kind: 2 },
    ]);
    expect(found).toEqual([
      [
        "'dim' of aten::topk is given by position, and torch passes it as 'k'",
        "k",
        expect.stringMatching(branchNode),
      ],
    ]);
  });

  it("finds one behind a keyword", () => {
    const found = lintTopk(([self, k]) => [
      self!,
      { ...k!, kind: 2 },
      { name: "sorted", arg: { as_bool: true }, kind: 1 },
    ]);
    expect(found.map(([message]) => message)).toEqual([
      "'sorted' of aten::topk is given by position, and torch passes it as 'k'",
    ]);
  });
});
