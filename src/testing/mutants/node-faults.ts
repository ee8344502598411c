/** Faults in the nodes of graphs: names, order, dialect. */
import { OperatorRegistry } from "../../ops/registry.ts";
import type { Fault, Place } from "./fault.ts";
import { type AnyJson, nodesOf } from "./json.ts";

const registry = new OperatorRegistry();

const firstTensor = (node: AnyJson): AnyJson => node.inputs.find(({ arg }: AnyJson) => arg.as_tensor);

const writes = (node: AnyJson): boolean =>
  registry.find(node.target)?.schema.args.some(({ alias }) => alias?.write) === true;

export const nodeFaults: readonly Fault[] = [
  {
    name: "a use of a name that nothing defines",
    rules: ["graph/use-before-definition"],
    places: (document) =>
      nodesOf(document).flatMap(({ node, at }): Place[] =>
        firstTensor(node)
          ? [{ at, break: () => (firstTensor(node).arg = { as_tensor: { name: "nobody" } }) }]
          : [],
      ),
  },
  {
    name: "a node before the one that it needs",
    rules: ["graph/use-before-definition"],
    places: (document) =>
      nodesOf(document).flatMap(({ graph, node, index, path }): Place[] => {
        const before = graph.nodes[index - 1];
        const needed = before?.outputs[0]?.as_tensor?.name;
        if (!needed || !JSON.stringify(node.inputs).includes(`"name":"${needed}"}`)) return [];
        return [
          { at: `${path}.nodes[${index - 1}]`, break: () => graph.nodes.splice(index - 1, 2, node, before) },
        ];
      }),
  },
  {
    name: "a node twice",
    rules: ["graph/duplicate-definition"],
    places: (document) =>
      nodesOf(document)
        .filter(({ node }) => node.outputs[0]?.as_tensor)
        .map(({ graph, node, index, path }) => ({
          at: `${path}.nodes[${index + 1}]`,
          break: () => graph.nodes.splice(index, 0, structuredClone(node)),
        })),
  },
  {
    name: "a node has the name of another's result",
    rules: ["graph/duplicate-definition"],
    places: (document) =>
      nodesOf(document).flatMap(({ graph, node, index, at }): Place[] => {
        const taken = graph.nodes[index - 1]?.outputs[0]?.as_tensor?.name;
        const [output] = node.outputs;
        return taken && output?.as_tensor ? [{ at, break: () => (output.as_tensor.name = taken) }] : [];
      }),
  },
  {
    name: "a dialect that is functional, with an operator that is not",
    rules: ["graph/dialect"],
    places: (document) =>
      nodesOf(document)
        .filter(({ node }) => writes(node))
        .map(({ at }) => ({ at, break: () => (document.verifiers = ["ATEN"]) })),
  },
  {
    name: "a dialect of nobody's",
    rules: ["graph/dialect"],
    severity: "warning",
    places: (document) => [{ at: "verifiers", break: () => (document.verifiers = ["TRAINNG"]) }],
  },
];
