/** Faults in the calls of higher-order operators and in the graphs that they call. */
import type { Fault, Place } from "./fault.ts";
import { type AnyJson, type JsonNode, nodesOf } from "./json.ts";

const hops = (document: AnyJson, name: string): JsonNode[] =>
  nodesOf(document).filter(({ node }) => node.target === `torch.ops.higher_order.${name}`);

const hopFault = (
  name: string,
  hop: string,
  rules: readonly string[],
  edit: (node: AnyJson) => (() => void) | undefined,
): Fault => ({
  name,
  rules,
  places: (document) =>
    hops(document, hop).flatMap(({ node, at }): Place[] => {
      const broken = edit(node);
      return broken ? [{ at, break: broken }] : [];
    }),
});

const branches = (node: AnyJson): AnyJson[] =>
  node.inputs.flatMap(({ arg }: AnyJson) => arg.as_graph?.graph ?? []);

const names = (node: AnyJson): AnyJson[] => node.inputs.flatMap(({ arg }: AnyJson) => arg.as_graph ?? []);

export const higherOrderFaults: readonly Fault[] = [
  hopFault("a cond with three arguments", "cond", ["cond/arity"], (node) => () => node.inputs.pop()),
  hopFault(
    "an int for a predicate",
    "cond",
    ["cond/predicate-type"],
    (node) => () => (node.inputs[0].arg = { as_int: 1 }),
  ),
  hopFault("operands that are no list", "cond", ["arguments/higher-order"], (node) => {
    const [operand] = node.inputs[3]?.arg.as_tensors ?? [];
    return operand && (() => (node.inputs[3].arg = { as_tensor: operand }));
  }),
  hopFault("a branch with an input too few", "cond", ["cond/arity"], (node) => {
    const [first] = branches(node);
    return first.inputs.length > 0 ? () => first.inputs.pop() : undefined;
  }),
  hopFault("a branch with an output too few", "cond", ["cond/arity"], (node) => {
    const [first] = branches(node);
    return first.outputs.length > 0 ? () => first.outputs.pop() : undefined;
  }),
  hopFault("a branch that returns its operand", "cond", ["cond/branch-aliases-input"], (node) => {
    const [first] = branches(node);
    const [operand] = first.inputs;
    return operand?.as_tensor && first.outputs[0]?.as_tensor ? () => (first.outputs[0] = operand) : undefined;
  }),
  hopFault("an operand of another dtype than inside", "cond", ["graph/subgraph-metadata"], (node) => {
    const [first] = branches(node);
    const name = first.inputs.find(({ as_tensor }: AnyJson) => as_tensor)?.as_tensor.name;
    const meta = name && first.tensor_values[name];
    return meta && (() => (meta.dtype = meta.dtype === 8 ? 7 : 8));
  }),
  hopFault("branches of two dtypes", "cond", ["cond/output-metadata"], (node) => {
    const [first] = branches(node);
    const name = first.outputs[0]?.as_tensor?.name;
    const meta = first.tensor_values[name];
    const isOperand = first.inputs.some(({ as_tensor }: AnyJson) => as_tensor?.name === name);
    return meta && !isOperand ? () => (meta.dtype = meta.dtype === 8 ? 7 : 8) : undefined;
  }),
  ...["while_loop", "scan", "map_impl"].map((hop) =>
    hopFault(`a ${hop} with an argument too few`, hop, ["loop/arity"], (node) => () => node.inputs.pop()),
  ),
  hopFault(
    "a flag that is a string",
    "wrap_with_set_grad_enabled",
    ["arguments/higher-order"],
    (node) => () => {
      node.inputs[0].arg = { as_string: "no" };
    },
  ),
  hopFault("an operand too few", "wrap_with_set_grad_enabled", ["arguments/higher-order"], (node) =>
    node.inputs.length > 2 ? () => node.inputs.pop() : undefined,
  ),
  hopFault("a graph and a predicate that change places", "cond", ["arguments/higher-order"], (node) => {
    const [pred, first] = node.inputs;
    return () => {
      [pred.arg, first.arg] = [first.arg, pred.arg];
    };
  }),
  hopFault("a tensor out of branches that return tuples", "cond", ["arguments/higher-order"], (node) =>
    node.outputs.length === 1 ? () => (node.is_hop_single_tensor_return = true) : undefined,
  ),
  hopFault(
    "a result that is a string",
    "auto_functionalized_v2",
    ["arguments/higher-order"],
    (node) => () => {
      node.outputs[0] = { as_string: "done" };
    },
  ),
  hopFault("a base that is not there", "auto_functionalized_v2", ["arguments/higher-order"], (node) => {
    const base = node.inputs.find(({ name }: AnyJson) => name.endsWith("_base_index"));
    return base && (() => (base.arg = { as_int: 17 }));
  }),
  hopFault("a number for the string of an effect", "with_effects", ["arguments/higher-order"], (node) => {
    const text = node.inputs.find(({ arg }: AnyJson) => arg.as_string);
    return text && (() => (text.arg = { as_int: 3 }));
  }),
  hopFault(
    "a device that autocast does not know",
    "wrap_with_autocast",
    ["arguments/higher-order"],
    (node) => () => {
      node.inputs[0].arg = { as_string: "cpuu" };
    },
  ),
  hopFault("a branch without a name", "cond", ["graph/subgraph-name"], (node) => {
    const [first] = names(node);
    return () => (first.name = "");
  }),
  hopFault("two branches of one name", "cond", ["graph/subgraph-name"], (node) => {
    const [first, second] = names(node);
    return JSON.stringify(first.graph) === JSON.stringify(second.graph)
      ? undefined
      : () => (second.name = first.name);
  }),
];
