import { expect, test } from "vitest";
import { decodeDocument } from "../schema/decoder.ts";
import { Program } from "./program.ts";

const LONG = "b_".padEnd(90, "layer_");
const META =
  '{"dtype": 7, "sizes": [], "requires_grad": false, "device": {"type": "cpu", "index": null}, "strides": [], ' +
  '"storage_offset": {"as_int": 0}, "layout": 7}';

/** A chain of `count` nodes from `x`, with more entries of `tensor_values` behind those of the values. */
function chain(count: number, more = ""): Program {
  const names = Array.from({ length: count }, (_, i) => (i === 5 ? LONG : i === 9 ? "größe" : `sin_${i}`));
  const nodes = names.map((name, i) => {
    const of = i === 0 ? "x" : i === 20 ? "nowhere" : names[i - 1];
    return (
      `{"target": "torch.ops.aten.sin.default", "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "${of}"}}, ` +
      `"kind": 1}], "outputs": [{"as_tensor": {"name": "${i === 30 ? "sin_3" : name}"}}], "metadata": {}, ` +
      `"is_hop_single_tensor_return": null, "name": "${name}"}`
    );
  });
  const values = ["x", ...names].map((name) => `"${name}": ${META}`).join(", ");
  const text =
    `{"graph_module": {"graph": {"inputs": [{"as_tensor": {"name": "x"}}], "outputs": [], "nodes": [${nodes.join(", ")}], ` +
    `"tensor_values": {${values}${more}}, ` +
    '"sym_int_values": {}, "sym_bool_values": {}, "is_single_tensor_return": false, "custom_obj_values": {}, ' +
    '"sym_float_values": {}}, "signature": {"input_specs": [], "output_specs": []}, "module_call_graph": [], ' +
    '"metadata": {}, "treespec_namedtuple_fields": {}}, "opset_version": {}, "range_constraints": {}, ' +
    '"schema_version": {"major": 8, "minor": 20}, "verifiers": [], "torch_version": "2.13.0", "guards_code": []}';
  return new Program(decodeDocument(Buffer.from(text)));
}

test.each([100, 2000])("a graph of %i nodes finds its values, whatever their names", (count) => {
  const { main } = chain(count);
  for (const value of main.values) if (value.name !== "sin_3") expect(main.value(value.name)).toBe(value);
  expect(main.value(LONG)?.node?.index).toBe(5);
  expect(main.value("größe")?.node?.index).toBe(9);
  expect(main.value("sin_3")?.node?.index).toBe(3);
  expect(main.duplicates.map(({ node }) => node?.index)).toEqual([30]);
  expect(main.value("cos")).toBeUndefined();
  expect(main.value("torch.ops.aten.sin.default")).toBeUndefined();
  expect(main.undefinedUses.map(({ name, node }) => [name, node?.index])).toEqual([
    ["nowhere", 20],
    ["sin_30", 31],
  ]);
  expect(main.nodes[6]!.operands).toEqual([main.value(LONG)]);
});

test("metadata that is given twice is the last, and values find theirs in any order", () => {
  const { main, document } = chain(
    50,
    `, "sin_4": ${META.replace("7,", "6,")}, "${LONG}": ${META.replace("7,", "5,")}`,
  );
  expect(main.value("sin_4")?.meta?.dtype).toBe(6);
  expect(main.value(LONG)?.meta?.dtype).toBe(5);
  expect(main.value("sin_40")?.meta?.dtype).toBe(7);
  expect(document.oddities.map(({ kind, key }) => [kind, key])).toEqual([
    ["duplicate-key", "sin_4"],
    ["duplicate-key", LONG],
  ]);
  expect([...main.source.tensor_values].length).toBe(main.source.tensor_values.size);
});
