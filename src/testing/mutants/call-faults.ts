/** Faults in the calls of nodes. */
import { callPlan, type Parameter } from "../../ops/call-check.ts";
import { OperatorRegistry } from "../../ops/registry.ts";
import type { Fault, Place } from "./fault.ts";
import { type AnyJson, type JsonNode, nodesOf } from "./json.ts";

const registry = new OperatorRegistry();

/** The nodes that call one of torch's operators, with its parameters. */
function calls(document: AnyJson): (JsonNode & { readonly parameters: readonly Parameter[] })[] {
  return nodesOf(document).flatMap((found) => {
    const operator = found.node.target.startsWith("torch.ops.aten.") && registry.find(found.node.target);
    return operator ? [{ ...found, parameters: callPlan(operator).parameters }] : [];
  });
}

/** One place for each argument of each call. */
function eachInput(
  document: AnyJson,
  make: (input: AnyJson, parameter: Parameter, index: number, node: AnyJson) => (() => void) | undefined,
): Place[] {
  return calls(document).flatMap(({ node, at, parameters }) =>
    node.inputs.flatMap((input: AnyJson, index: number): Place[] => {
      const parameter = parameters.find(({ name }) => name === input.name);
      const broken = parameter && make(input, parameter, index, node);
      return broken ? [{ at, break: broken }] : [];
    }),
  );
}

const eachCall = (document: AnyJson, make: (node: AnyJson) => (() => void) | undefined): Place[] =>
  calls(document).flatMap(({ node, at }): Place[] => {
    const broken = make(node);
    return broken ? [{ at, break: broken }] : [];
  });

/** A value of each kind that needs no other part of the document. */
const VALUES: Readonly<Record<string, unknown>> = {
  as_none: true,
  as_int: 3,
  as_ints: [1, 2],
  as_float: 0.5,
  as_floats: [0.5],
  as_string: "two",
  as_strings: ["a"],
  as_bool: true,
  as_bools: [true],
  as_scalar_type: 7,
  as_memory_format: 1,
  as_layout: 7,
  as_device: { type: "cpu", index: null },
  as_operator: "torch.ops.aten.add.Tensor",
  as_complex: { real: 0, imag: 1 },
  as_int_lists: [[1]],
};

/** An argument of every kind that its parameter does not take. */
const wrongKinds: readonly Fault[] = Object.entries(VALUES).map(([kind, value]) => ({
  name: `an argument becomes ${kind}`,
  rules: ["arguments/kind"],
  places: (document) =>
    eachInput(document, (input, { kinds }) =>
      kinds !== undefined && !kinds.has(kind) ? () => (input.arg = { [kind]: value }) : undefined,
    ),
}));

export const callFaults: readonly Fault[] = [
  ...wrongKinds,
  {
    name: "an argument has another name",
    rules: ["arguments/names"],
    places: (document) => eachInput(document, (input) => () => (input.name = `${input.name}_x`)),
  },
  {
    name: "a required argument is gone",
    rules: ["arguments/names"],
    places: (document) =>
      eachInput(document, (_, { required }, index, node) =>
        required ? () => node.inputs.splice(index, 1) : undefined,
      ),
  },
  {
    name: "an argument stands twice",
    rules: ["arguments/names"],
    places: (document) =>
      eachInput(document, (input, _, __, node) => () => node.inputs.push(structuredClone(input))),
  },
  {
    name: "an argument nobody asked for",
    rules: ["arguments/names"],
    places: (document) =>
      eachCall(document, (node) => () => node.inputs.push({ name: "bogus", arg: { as_int: 1 }, kind: 2 })),
  },
  {
    name: "one tensor for a list",
    rules: ["arguments/kind"],
    places: (document) =>
      eachInput(document, ({ arg }, { kinds }, index, node) =>
        arg.as_tensors?.length > 0 && kinds?.has("as_tensor") === false
          ? () => (node.inputs[index].arg = { as_tensor: arg.as_tensors[0] })
          : undefined,
      ),
  },
  {
    name: "a list for one tensor",
    rules: ["arguments/kind"],
    places: (document) =>
      eachInput(document, ({ arg }, _, index, node) =>
        arg.as_tensor ? () => (node.inputs[index].arg = { as_tensors: [arg.as_tensor] }) : undefined,
      ),
  },
  {
    name: "a symbolic number for a tensor",
    rules: ["arguments/kind"],
    places: (document) =>
      calls(document).flatMap(({ node, at, graph }): Place[] => {
        const earlier = graph.nodes.slice(0, graph.nodes.indexOf(node));
        const symbol = earlier.flatMap(({ outputs }: AnyJson) =>
          outputs.flatMap((o: AnyJson) => o.as_sym_int?.as_name ?? []),
        )[0];
        const input = node.inputs.find(({ arg }: AnyJson) => arg.as_tensor);
        return symbol && input ? [{ at, break: () => (input.arg = { as_tensor: { name: symbol } }) }] : [];
      }),
  },
  {
    name: "a list of another length than its parameter's",
    rules: ["arguments/kind"],
    places: (document) =>
      eachInput(document, ({ arg }, { length }) =>
        length > 1 && arg.as_ints?.length === length ? () => arg.as_ints.push(1) : undefined,
      ),
  },
  {
    name: "a dimension that is not there",
    rules: ["graph/metadata-mismatch"],
    places: (document) =>
      calls(document).flatMap(({ node, at, graph }): Place[] => {
        // Where a size depends on data, nothing is known for certain; under autocast, nothing is inferred.
        if (JSON.stringify(document).includes("wrap_with_autocast")) return [];
        if (JSON.stringify(graph.tensor_values).includes("Symbol('u")) return [];
        const dim = /\.(sym_size|select|slice|unsqueeze|cat|softmax|transpose)\./.test(node.target)
          ? node.inputs.find(({ name, arg }: AnyJson) => /^dim0?$/.test(name) && arg.as_int !== undefined)
          : undefined;
        return dim ? [{ at, break: () => (dim.arg.as_int = 17) }] : [];
      }),
  },
  {
    name: "a keyword-only argument by position",
    rules: ["arguments/position"],
    places: (document) =>
      eachInput(document, (input, { kwargOnly }) => (kwargOnly ? () => (input.kind = 1) : undefined)),
  },
  {
    name: "a positional argument before others by keyword",
    rules: ["arguments/position"],
    places: (document) =>
      eachInput(document, (input, _, index, node) =>
        input.kind === 1 && node.inputs[index + 1]?.kind === 1 ? () => (input.kind = 2) : undefined,
      ),
  },
  {
    name: "a result too many",
    rules: ["arguments/results"],
    places: (document) =>
      eachCall(document, (node) =>
        node.outputs.length > 0 ? () => node.outputs.push({ as_none: true }) : undefined,
      ),
  },
  {
    name: "a result too few",
    rules: ["arguments/results"],
    places: (document) =>
      eachCall(document, (node) => (node.outputs.length > 0 ? () => node.outputs.pop() : undefined)),
  },
  {
    name: "a result of another kind",
    rules: ["arguments/results"],
    places: (document) =>
      eachCall(document, (node) =>
        node.outputs[0]?.as_tensor
          ? () => (node.outputs[0] = { as_tensors: [node.outputs[0].as_tensor] })
          : undefined,
      ),
  },
  {
    name: "an operator that torch does not have",
    rules: ["schema/unknown-operator"],
    places: (document) =>
      nodesOf(document)
        .filter(({ node }) =>
          /^torch\.ops\.(aten|higher_order)\.|^_operator|^math|^torch\.sym/.test(node.target),
        )
        .map(({ node, at }) => ({ at, break: () => (node.target = `${node.target}_x`) })),
  },
  {
    name: "a function of two numbers gets one",
    rules: ["arguments/function"],
    places: (document) =>
      nodesOf(document)
        .filter(({ node }) => node.target.startsWith("_operator.") && node.inputs.length === 2)
        .map(({ node, at }) => ({ at, break: () => node.inputs.pop() })),
  },
  {
    name: "a function of numbers gets a string",
    rules: ["arguments/function"],
    places: (document) =>
      nodesOf(document)
        .filter(({ node }) => node.target.startsWith("_operator."))
        .map(({ node, at }) => ({ at, break: () => (node.inputs[0].arg = { as_string: "two" }) })),
  },
];
