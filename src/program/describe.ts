import type { ProgramInput, Value } from "./program.ts";

const INPUT_WORD: Readonly<Record<ProgramInput["kind"], string>> = {
  parameter: "parameter",
  buffer: "buffer",
  tensor_constant: "constant",
  custom_obj: "custom object",
  token: "token",
  constant_input: "input",
  user_input: "input",
};

const OPERATOR_PREFIXES = ["torch.ops.higher_order.", "torch.ops."];

/**
 * A value by what its user knows of it: `parameter 'decoder.layers.0.k_proj.weight'`, `buffer 'cross_key_cache'`,
 * `input 'x'`, `constant 'lifted_tensor_0'` for the inputs of the program; `operand 0 'arg0_1'` for those of a
 * subgraph; `aten.view 'view_3'` for what a node defines.
 */
export function describeValue(value: Value): string {
  if (value.node !== null) return `${shortTarget(value.node.target)} '${value.name}'`;
  if (value.graph.owner !== null) return `operand ${value.index} '${value.name}'`;
  const input = value.graph.program.inputs[value.index];
  // A signature shorter than the graph's inputs is a finding of its own; here the placeholder's name must do.
  return input === undefined
    ? `input '${value.name}'`
    : `${INPUT_WORD[input.kind]} '${input.name || value.name}'`;
}

/** `aten.view` for `torch.ops.aten.view.default`, `cond` for `torch.ops.higher_order.cond`, `sym_max` for `torch.sym_max`. */
export function shortTarget(target: string): string {
  for (const prefix of OPERATOR_PREFIXES) {
    if (!target.startsWith(prefix)) continue;
    const name = target.slice(prefix.length);
    return prefix === "torch.ops." ? name.split(".").slice(0, 2).join(".") : name;
  }
  if (target.startsWith("#")) return target.slice(1).replace(":", ".");
  return target.startsWith("torch.") ? target.slice(target.lastIndexOf(".") + 1) : target;
}
