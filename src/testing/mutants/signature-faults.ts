/** Faults in the signature, the module call graph and the document's frame. */
import type { Fault, Place } from "./fault.ts";
import type { AnyJson } from "./json.ts";

type Side = "input" | "output";

const specsOf = (document: AnyJson, side: Side): AnyJson[] =>
  document.graph_module.signature[`${side}_specs`];
const bodyOf = (spec: AnyJson): AnyJson => Object.values(spec)[0];
const SIGNATURE = "graph_module.signature";

/** One place for each spec of a side. */
function specFault(
  name: string,
  side: Side,
  rule: string,
  edit: (spec: AnyJson, index: number, specs: AnyJson[], document: AnyJson) => (() => void) | undefined,
): Fault {
  return {
    name,
    rules: [rule],
    places: (document) =>
      specsOf(document, side).flatMap((spec, index, specs): Place[] => {
        const broken = edit(spec, index, specs, document);
        return broken ? [{ at: SIGNATURE, break: broken }] : [];
      }),
  };
}

const sides: readonly Fault[] = (["input", "output"] as const).flatMap((side) => [
  specFault(`an ${side} spec is gone`, side, `signature/${side}s`, (_, i, specs) => () => specs.splice(i, 1)),
  specFault(`an ${side} spec stands twice`, side, `signature/${side}s`, (spec, i, specs) => () => {
    specs.splice(i, 0, structuredClone(spec));
  }),
  specFault(`two ${side} specs change places`, side, `signature/${side}s`, (spec, i, specs) => {
    const next = specs[i + 1];
    if (next === undefined || JSON.stringify(bodyOf(next).arg) === JSON.stringify(bodyOf(spec).arg))
      return undefined;
    return () => specs.splice(i, 2, next, spec);
  }),
  specFault(`an ${side} spec without a name`, side, `signature/${side}s`, (spec) => {
    const { arg } = bodyOf(spec);
    const named = arg?.as_tensor ?? arg;
    return named?.name ? () => (named.name = "") : undefined;
  }),
  specFault(`an ${side} spec of another name`, side, `signature/${side}s`, (spec) => {
    const { arg } = bodyOf(spec);
    const named = arg?.as_tensor ?? (arg?.name === undefined ? undefined : arg);
    return named && (() => (named.name = "nobody"));
  }),
  specFault(`a user's ${side} of another kind`, side, `signature/${side}s`, (spec) => {
    const body = spec[`user_${side}`];
    return body?.arg.as_tensor && (() => (body.arg = { as_int: 5 }));
  }),
]);

const isMutation = (spec: AnyJson): boolean => Object.keys(spec)[0]!.endsWith("_mutation");
const TARGETS = ["buffer_name", "parameter_name", "user_input_name"];
const targetKey = (spec: AnyJson): string => TARGETS.find((key) => key in bodyOf(spec))!;

const mutations: readonly Fault[] = [
  specFault("a mutation of what does not exist", "output", "signature/mutation", (spec) =>
    isMutation(spec) ? () => (bodyOf(spec)[targetKey(spec)] = "nobody") : undefined,
  ),
  specFault("two mutations of one target", "output", "signature/mutation", (spec, i, specs) => {
    const next = specs[i + 1];
    if (!isMutation(spec) || !next || Object.keys(next)[0] !== Object.keys(spec)[0]) return undefined;
    return () => (bodyOf(next)[targetKey(next)] = bodyOf(spec)[targetKey(spec)]);
  }),
  ...(["dtype", "shape"] as const).map((property) =>
    specFault(
      `a mutation with another ${property}`,
      "output",
      "signature/mutation",
      (spec, _, __, document) => {
        const meta = isMutation(spec) && document.graph_module.graph.tensor_values[bodyOf(spec).arg.name];
        if (!meta) return undefined;
        if (property === "dtype") return () => (meta.dtype = meta.dtype === 8 ? 7 : 8);
        return () => {
          meta.sizes.push({ as_int: 5 });
          meta.strides.push({ as_int: 1 });
        };
      },
    ),
  ),
  specFault(
    "a mutation behind the results",
    "output",
    "signature/output-order",
    (spec, i, specs, document) => {
      if (!isMutation(spec) || isMutation(specs.at(-1))) return undefined;
      const { outputs } = document.graph_module.graph;
      return () => {
        specs.push(...specs.splice(i, 1));
        outputs.push(...outputs.splice(i, 1));
      };
    },
  ),
];

/** A tree with one leaf more, at its root. */
function withLeaf(tree: AnyJson): AnyJson {
  const leaf = { type: null, context: null, children_spec: [] };
  const root = { type: "builtins.tuple", context: "null" };
  if (tree.type === null) return { ...root, children_spec: [tree, leaf] };
  return { ...tree, children_spec: [...tree.children_spec, leaf] };
}

const tokens: readonly Fault[] = [
  specFault("a token that comes in and does not go out", "input", "signature/inputs", (spec, i, specs) => {
    const { arg } = bodyOf(spec);
    return "parameter" in spec ? () => (specs[i] = { token: { arg } }) : undefined;
  }),
];

const calls: readonly Fault[] = [
  {
    name: "the module call graph names nobody",
    rules: ["signature/module-call-graph"],
    places: ({ graph_module }) => {
      const calls = graph_module.module_call_graph;
      const signature = { ...calls[0].signature, inputs: [{ as_tensor: { name: "nobody" } }], outputs: [] };
      const path = `graph_module.module_call_graph[${calls.length}].signature.inputs[0]`;
      return [{ at: path, break: () => calls.push({ fqn: "nobody", signature }) }];
    },
  },
  ...(["in_spec", "out_spec"] as const).flatMap((spec): Fault[] => {
    const fault = (name: string, text: (tree: string) => string): Fault => ({
      name: `${name} as ${spec}`,
      rules: ["signature/module-call-graph"],
      places: ({ graph_module }) => {
        const [{ signature }] = graph_module.module_call_graph;
        const at = `graph_module.module_call_graph[0].signature.${spec}`;
        return [{ at, break: () => (signature[spec] = text(signature[spec])) }];
      },
    });
    return [
      fault("no JSON", (tree) => `${tree}_x`),
      fault("a leaf too many", (tree) => JSON.stringify([1, withLeaf(JSON.parse(tree)[1])])),
    ];
  }),
  {
    name: "two arguments of one name",
    rules: ["signature/module-call-graph"],
    places: ({ graph_module }) => {
      const names = graph_module.module_call_graph[0].signature.forward_arg_names ?? [];
      const at = "graph_module.module_call_graph[0].signature.forward_arg_names";
      return names.length > 0 ? [{ at, break: () => names.push(names[0]) }] : [];
    },
  },
  {
    name: "an argument without a name",
    rules: ["signature/module-call-graph"],
    places: ({ graph_module }) => {
      const names = graph_module.module_call_graph[0].signature.forward_arg_names ?? [];
      const at = "graph_module.module_call_graph[0].signature.forward_arg_names[0]";
      return names.length > 0 ? [{ at, break: () => (names[0] = "") }] : [];
    },
  },
  {
    name: "a leaf with a context among the arguments",
    rules: ["signature/module-call-graph"],
    places: ({ graph_module }) => {
      const call = graph_module.module_call_graph[0].signature;
      const leaf = '{"type": null, "context": null';
      const at = "graph_module.module_call_graph[0].signature.in_spec";
      const break_ = () => (call.in_spec = call.in_spec.replace(leaf, '{"type": null, "context": "[]"'));
      return call.in_spec.includes(leaf) ? [{ at, break: break_ }] : [];
    },
  },
  {
    name: "the keywords of the model before its other arguments",
    rules: ["signature/module-call-graph"],
    places: ({ graph_module }) => {
      const { forward_arg_names: names, in_spec } = graph_module.module_call_graph[0].signature;
      const at = "graph_module.module_call_graph[0].signature.forward_arg_names";
      const keywords = JSON.parse(in_spec)[1].children_spec[1].context;
      return names?.length > 1 && keywords !== "[]" && keywords !== `["${names[0]}"]`
        ? [{ at, break: () => names.reverse() }]
        : [];
    },
  },
  {
    name: "an input of another's name that is no tensor",
    rules: ["graph/duplicate-definition"],
    places: ({ graph_module: { graph, signature } }) =>
      signature.input_specs.flatMap(({ constant_input }: AnyJson, i: number): Place[] => {
        const other = graph.inputs.find(({ as_tensor }: AnyJson) => as_tensor)?.as_tensor.name;
        const at = `graph_module.signature.input_specs[${i}]`;
        return constant_input && other ? [{ at, break: () => (constant_input.name = other) }] : [];
      }),
  },
  {
    name: "no module call graph",
    rules: ["signature/module-call-graph"],
    places: ({ graph_module }) => [
      { at: "graph_module.module_call_graph", break: () => (graph_module.module_call_graph = []) },
    ],
  },
];

const frame: readonly Fault[] = [
  {
    name: "another major version",
    rules: ["schema/unsupported-version"],
    places: ({ schema_version }) => [{ at: "", break: () => (schema_version.major = 9) }],
  },
  {
    name: "a later minor version",
    rules: ["schema/newer-version"],
    severity: "info",
    places: ({ schema_version }) => [{ at: "", break: () => (schema_version.minor = 999) }],
  },
  {
    name: "a key nobody knows",
    rules: ["schema/unknown-key"],
    severity: "warning",
    places: (document) => [{ at: "nodez", break: () => (document.nodez = 1) }],
  },
  ...["graph_module", "schema_version"].map(
    (key): Fault => ({
      name: `no ${key}`,
      rules: ["schema/invalid-document"],
      places: (document) => [{ at: "", break: () => delete document[key] }],
    }),
  ),
  {
    name: "an argument with two kinds",
    rules: ["schema/invalid-document"],
    places: ({ graph_module }) =>
      graph_module.graph.nodes.flatMap(({ inputs }: AnyJson, i: number): Place[] =>
        inputs.length === 0
          ? []
          : [
              {
                at: `graph_module.graph.nodes[${i}]`,
                break: () => (inputs[0].arg.as_nothing = inputs[0].arg.as_int = 1),
              },
            ],
      ),
  },
  {
    name: "a number for a name",
    rules: ["schema/invalid-document"],
    places: ({ graph_module }) =>
      graph_module.graph.nodes.map((node: AnyJson, i: number) => ({
        at: `graph_module.graph.nodes[${i}]`,
        break: () => (node.target = 5),
      })),
  },
];

export const signatureFaults: readonly Fault[] = [...sides, ...mutations, ...tokens, ...calls, ...frame];
