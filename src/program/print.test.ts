import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../lint/diagnostic.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { printProgram } from "./print.ts";
import { Program } from "./program.ts";

const folder = new URL("../../fixtures/print/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".txt"))
  .map((file) => file.slice(0, -".txt".length));

const read = (file: string): string => readFileSync(new URL(file, folder), "utf8");
const load = (text: string): Program => new Program(decodeDocument(Buffer.from(text)));

function finding(parts: Partial<Diagnostic>): Diagnostic {
  return {
    rule: "cond/branch-aliases-input",
    severity: "error",
    message: "the true branch returns its own input",
    help: "",
    graph: "main",
    node: null,
    target: null,
    source: null,
    detail: [],
    module: "",
    jsonPath: "",
    data: {},
    ...parts,
  };
}

describe("printProgram", () => {
  it("has programs to compare with", () => {
    expect(names.length).toBeGreaterThanOrEqual(19);
  });

  it.each(names)("prints %s as torch does", (name) => {
    expect(printProgram(load(read(`${name}.json`)))).toBe(read(`${name}.txt`));
  });

  it("prints files without argument kinds by the operators' schemas", () => {
    const older = read("literals.json").replace(/, "kind": [12]/g, "");
    const printed = printProgram(load(older));
    expect(printed).toContain("torch.ops.aten.gelu.default(x, approximate = 'tanh')");
    expect(printed).toContain("torch.ops.aten.mul.Tensor(add_1, 1e-07)");
  });
});

describe("findings", () => {
  const program = load(read("branches.json"));
  const lines = (findings: Diagnostic[]): string[] => printProgram(program, { findings }).split("\n");

  it("stand under their node, above its getitems", () => {
    const shown = lines([finding({ node: "cond_1" })]);
    const at = shown.indexOf(
      "            # error cond/branch-aliases-input: the true branch returns its own input",
    );
    expect(shown[at - 1]).toContain("cond_1 = torch.ops.higher_order.cond(");
    expect(shown[at + 1]).toContain("= cond_1[0]");
  });

  it("stand in the graph they name", () => {
    const shown = lines([finding({ graph: "main/cond/true_graph_0", node: "cond", severity: "warning" })]);
    const at = shown.findIndex((line) => line.includes("# warning cond/"));
    expect(shown[at]).toMatch(/^ {16}# warning /);
    expect(shown.slice(0, at).findLast((line) => line.includes("class "))).toContain("class true_graph_0");
  });

  it("stand at the head of a graph when they name no node, and at the end when they name nothing there is", () => {
    const shown = lines([
      finding({ message: "of the graph" }),
      finding({ message: "of nowhere", node: "no_such_node" }),
    ]);
    expect(shown[3]).toContain(": of the graph");
    const end = shown.findIndex((line) => line.endsWith(": of nowhere"));
    expect(shown[end + 1]).toBe("Graph signature: ");
  });

  it("change nothing else", () => {
    const plain = printProgram(program).split("\n");
    const shown = lines([finding({ node: "cond_1", message: "one\nline" })]);
    expect(shown.filter((line) => !line.includes("# error "))).toEqual(plain);
  });
});

interface RawNode {
  name: string | null;
  target: string;
  inputs: { arg: unknown }[];
  outputs: unknown[];
  metadata: Record<string, string>;
}

/** The program `x.sin()` with its one node replaced. */
function withNodes(change: (node: RawNode) => RawNode[]): Program {
  const document = JSON.parse(read("single_output.json"));
  const { graph } = document.graph_module;
  graph.nodes = change(graph.nodes[0]);
  return load(JSON.stringify(document));
}

describe("size and hostility", () => {
  it("prints 100,000 nodes in a chain, in linear time", () => {
    const chain = (length: number): Program =>
      withNodes((node) =>
        Array.from({ length }, (_, i) => ({
          ...node,
          name: `n${i}`,
          inputs: [{ ...node.inputs[0]!, arg: { as_tensor: { name: i === 0 ? "x" : `n${i - 1}` } } }],
          outputs: [{ as_tensor: { name: `n${i}` } }],
        })),
      );
    const time = (program: Program): number => {
      const start = performance.now();
      expect(printProgram(program)).toContain("return (");
      return performance.now() - start;
    };
    const [small, large] = [chain(10_000), chain(100_000)];
    time(small);
    expect(time(large)).toBeLessThan(10 * Math.max(time(small), 20) * 4);
  }, 60_000);

  it("shows names that nothing defines, and no control character", () => {
    const printed = printProgram(
      withNodes((node) => [
        {
          ...node,
          target: "torch.ops.ns.\u001b[2Jop.default",
          inputs: [{ ...node.inputs[0]!, arg: { as_tensors: [{ name: "gone" }, { name: "\u001b]0;" }] } }],
          outputs: [{ as_tensor: { name: "constructor" } }, { as_tensor: { name: "1 bad\nname" } }],
          metadata: { stack_trace: 'File "a.py", line 1, in f\n    \u001b[31mred' },
        },
      ]),
    );
    expect(printed).toContain("[gone, ?]0;]");
    expect(printed).toContain("constructor");
    expect(printed).toContain("_1_bad_name");
    expect(printed.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});
