import { readFileSync } from "node:fs";
import { alg } from "@dagrejs/graphlib";
import { describe, expect, it } from "vitest";
import { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { clusterId, inputId, nodeId, outputId, toGraphlib } from "./graphlib.ts";

const read = (name: string): string =>
  readFileSync(new URL(`../../fixtures/print/${name}.json`, import.meta.url), "utf8");
const load = (text: string): Program => new Program(decodeDocument(Buffer.from(text)));

/** A chain of `sin`, whose values have the names given. */
function chain(names: readonly string[]): Program {
  const document = JSON.parse(read("single_output"));
  const { graph } = document.graph_module;
  const [node] = graph.nodes;
  graph.nodes = names.map((name, i) => ({
    ...node,
    name,
    inputs: [{ ...node.inputs[0], arg: { as_tensor: { name: names[i - 1] ?? "x" } } }],
    outputs: [{ as_tensor: { name } }],
  }));
  graph.outputs = [{ as_tensor: { name: names.at(-1) } }];
  return load(JSON.stringify(document));
}

describe("toGraphlib", () => {
  it("has a node for each placeholder, call and the output, and an edge for each use", () => {
    const { main } = load(read("outputs"));
    const view = toGraphlib(main);
    expect(view.nodeCount()).toBe(main.inputs.length + main.nodes.length + 1);
    const split = main.nodes.find((node) => node.target === "torch.ops.aten.split.Tensor")!;
    const [first, , third] = split.outputs;
    expect(view.node(nodeId(split))).toEqual({ kind: "call", graph: main, node: split });
    expect(view.edge(nodeId(split), outputId(main), first!.name)).toEqual({ value: first });
    expect(view.edge(nodeId(split), outputId(main), third!.name)).toEqual({ value: third });
    expect(view.inEdges(nodeId(split))).toEqual([
      { v: inputId(main, 0), w: nodeId(split), name: main.inputs[0]!.name },
    ]);
    expect(view.graph()).toBe(main);
  });

  it("leaves subgraphs out unless asked", () => {
    const program = load(read("branches"));
    const { nodes } = program.main;
    expect(toGraphlib(program.main).nodeCount()).toBe(program.main.inputs.length + nodes.length + 1);
  });

  it("holds subgraphs as clusters within clusters", () => {
    const program = load(read("branches"));
    const view = toGraphlib(program.main, { subgraphs: true });
    const inner = program.graphs.find((graph) => graph.owner !== null && graph.owner.graph !== program.main)!;
    const outer = inner.owner!.graph;
    expect(view.parent(nodeId(inner.nodes[0]!))).toBe(clusterId(inner));
    expect(view.parent(clusterId(inner))).toBe(clusterId(outer));
    expect(view.parent(clusterId(outer))).toBeUndefined();
    expect(view.children(clusterId(inner))).toContain(outputId(inner));
    const expected = program.graphs.reduce(
      (sum, graph) => sum + graph.inputs.length + graph.nodes.length + 2,
      -1,
    );
    expect(view.nodeCount()).toBe(expected);
  });

  it("keeps hostile names apart", () => {
    const names = ["constructor", "__proto__", "1", "toString", "0:out", "a\u0001b", "\u0000"];
    const { main } = chain(names);
    const view = toGraphlib(main);
    expect(view.nodeCount()).toBe(names.length + 2);
    expect(view.edgeCount()).toBe(names.length + 1);
    names.forEach((name, i) => {
      const user = i + 1 < names.length ? nodeId(main.nodes[i + 1]!) : outputId(main);
      expect(view.edge(nodeId(main.nodes[i]!), user, name)?.value.name).toBe(name);
    });
    expect(alg.topsort(view)).toEqual([inputId(main, 0), ...main.nodes.map(nodeId), outputId(main)]);
  });

  it("leaves out the edge of a name that nothing defines", () => {
    const text = read("single_output").replace(/("arg": \{"as_tensor": \{"name": )"x"/, '$1"gone"');
    const { main } = load(text);
    expect(main.undefinedUses.length).toBe(1);
    expect(toGraphlib(main).inEdges(nodeId(main.nodes[0]!))).toEqual([]);
  });

  it("builds 100,000 nodes in linear time", () => {
    const time = (length: number): number => {
      const { main } = chain(Array.from({ length }, (_, i) => `n${i}`));
      const start = performance.now();
      expect(toGraphlib(main).edgeCount()).toBe(length + 1);
      return performance.now() - start;
    };
    time(10_000);
    expect(time(100_000)).toBeLessThan(10 * Math.max(time(10_000), 20) * 4);
  }, 60_000);
});
