import type { Graph, Node, Value } from "../../program/program.ts";
import type { StorageAnalysis } from "../storage.ts";

/** The operand whose memory an output of the node lies in; null where the output has memory of its own. */
export function viewedBy(node: Node, output: Value, storage: StorageAnalysis): Value | null {
  if (output.kind !== "tensor" || storage.originOf(output).node === node) return null;
  return node.operands.find((operand) => operand !== null && storage.shareStorage(operand, output)) ?? null;
}

/** The outputs of the main graph that the signature copies into inputs, after the call. */
export function mutatedInputs(graph: Graph): ReadonlyMap<number, Value> {
  const found = new Map<number, Value>();
  if (graph.owner !== null) return found;
  const { program } = graph;
  const { output_specs } = program.document.root.graph_module.signature;
  for (const [i, spec] of output_specs.entries()) {
    const [kind, name] =
      "buffer_mutation" in spec
        ? ["buffer", spec.buffer_mutation.buffer_name]
        : "parameter_mutation" in spec
          ? ["parameter", spec.parameter_mutation.parameter_name]
          : "user_input_mutation" in spec
            ? ["user_input", spec.user_input_mutation.user_input_name]
            : [];
    const input = program.inputs.findIndex((one) => one.kind === kind && one.name === name);
    const value = graph.inputs[input];
    if (value) found.set(i, value);
  }
  return found;
}
