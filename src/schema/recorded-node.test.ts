import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { open } from "../open.ts";
import { decodeDocument } from "./decoder.ts";
import { RecordedNode } from "./recorded-node.ts";

const FIXTURE = new URL("../../fixtures/whisper_decoder_flag.pt2", import.meta.url);

/** The document as torch wrote it, and parsed. */
async function read() {
  const file = await open(readFileSync(FIXTURE));
  const bytes = await file.archive.models[0]!.document();
  await file.close();
  return { bytes, json: JSON.parse(Buffer.from(bytes).toString()) };
}

test("what the scanner has recorded of a node is what the document says", async () => {
  const { bytes, json } = await read();
  const { nodes } = decodeDocument(bytes).root.graph_module.graph;
  const recorded = nodes.filter((node) => node instanceof RecordedNode);
  expect(recorded.length).toBeGreaterThan(nodes.length / 2);
  for (const [i, node] of nodes.entries()) {
    if (!(node instanceof RecordedNode)) continue;
    const { metadata, ...said } = json.graph_module.graph.nodes[i];
    expect({ ...said, inputs: node.inputs, outputs: node.outputs }).toEqual(said);
    expect([node.target, node.name, node.is_hop_single_tensor_return]).toEqual([
      said.target,
      said.name,
      said.is_hop_single_tensor_return,
    ]);
    const text = Buffer.from(bytes.subarray(node.metadata.start, node.metadata.end)).toString();
    expect(JSON.parse(text)).toEqual(metadata);
    expect(inspect(node)).toContain("inputs");
  }
});

/** The shapes of nodes that torch's JSON says. */
function shapesOf(nodes: readonly string[]): number[] {
  const text =
    `{"graph_module": {"graph": {"inputs": [], "outputs": [], "nodes": [${nodes.join(", ")}], "tensor_values": {}, ` +
    '"sym_int_values": {}, "sym_bool_values": {}, "is_single_tensor_return": false, "custom_obj_values": {}, ' +
    '"sym_float_values": {}}, "signature": {"input_specs": [], "output_specs": []}, "module_call_graph": [], ' +
    '"metadata": {}, "treespec_namedtuple_fields": {}}, "opset_version": {}, "range_constraints": {}, ' +
    '"schema_version": {"major": 8, "minor": 20}, "verifiers": [], "torch_version": "2.13.0", "guards_code": []}';
  return decodeDocument(Buffer.from(text)).root.graph_module.graph.nodes.map((node) => {
    expect(node).toBeInstanceOf(RecordedNode);
    return (node as RecordedNode).shape;
  });
}

const node = (name: string, ...inputs: string[]): string =>
  `{"target": "torch.ops.aten.add.Tensor", "inputs": [${inputs.join(", ")}], ` +
  `"outputs": [{"as_tensor": {"name": "${name}"}}], "metadata": {"by": "${name}"}, ` +
  `"is_hop_single_tensor_return": null, "name": "${name}"}`;
const argument = (name: string, arg: string): string => `{"name": "${name}", "arg": {${arg}}, "kind": 1}`;
const tensor = (value: string, name = "self"): string => argument(name, `"as_tensor": {"name": "${value}"}`);

test("nodes have one shape when they differ in tensors, name and metadata only", () => {
  const shapes = shapesOf([
    node("a", tensor("x"), argument("other", '"as_int": 2')),
    node("b", tensor("a"), argument("other", '"as_int": 2')),
    node("c", tensor("x"), argument("other", '"as_int": 3')),
    node("d", tensor("x", "input"), argument("other", '"as_int": 2')),
    node("e", tensor("x"), tensor("x", "other")),
    node("f", tensor("x"), argument("other", '"as_sym_int": {"as_name": "s"}')),
    node("g", tensor("x"), argument("other", '"as_tensors": [{"name": "x"}]')),
  ]);
  expect(shapes[1]).toBe(shapes[0]);
  expect(new Set(shapes.slice(1, 5)).size).toBe(4);
  expect(Math.min(...shapes.slice(0, 5))).toBeGreaterThanOrEqual(0);
  expect(shapes.slice(5)).toEqual([-1, -1]);
});
