// The least that any linter in Node must do: read the JSON entry, JSON.parse it, one pass for def-use.
import { openSync, readSync } from "node:fs";

const [path, offset, size] = process.argv.slice(2);
const bytes = Buffer.allocUnsafeSlow(Number(size));
readSync(openSync(path, "r"), bytes, 0, bytes.length, Number(offset));
const { graph } = JSON.parse(bytes.toString()).graph_module;

function visit(arg, use) {
  for (const [key, value] of Object.entries(arg)) {
    if (key === "as_tensor") use(value.name);
    else if (key === "as_tensors") for (const { name } of value) use(name);
    else if (key === "as_graph") defUse(value.graph);
  }
}

function defUse(graph) {
  const users = new Map();
  for (const input of graph.inputs) visit(input, (name) => users.set(name, []));
  for (const [i, node] of graph.nodes.entries()) {
    for (const { arg } of node.inputs) visit(arg, (name) => users.get(name)?.push(i));
    for (const output of node.outputs) visit(output, (name) => users.set(name, []));
  }
  return users;
}
console.log(defUse(graph).size);
