/** Faults in what graphs say of their values: metadata, symbols, ranges; and in what they take and return. */
import { OperatorRegistry } from "../../ops/registry.ts";
import type { Fault, Place } from "./fault.ts";
import { type AnyJson, graphsOf, nodesOf } from "./json.ts";

const registry = new OperatorRegistry();

/** The metadata of the tensors of all graphs, each with the path that it has. */
function metas(document: AnyJson): { name: string; meta: AnyJson; table: AnyJson; at: string }[] {
  return graphsOf(document).flatMap(({ graph, path }) =>
    Object.entries(graph.tensor_values).map(([name, meta]) => ({
      name,
      meta,
      table: graph.tensor_values,
      at: `${path}.tensor_values`,
    })),
  );
}

const metaFault = (name: string, rule: string, edit: (meta: AnyJson) => (() => void) | undefined): Fault => ({
  name,
  rules: [rule],
  places: (document) =>
    metas(document).flatMap(({ meta, at }): Place[] => {
      const broken = edit(meta);
      return broken ? [{ at, break: broken }] : [];
    }),
});

/** A fault in the metadata of what a pointwise operator makes. */
function resultFault(name: string, rule: string, edit: (meta: AnyJson) => (() => void) | undefined): Fault {
  return {
    name,
    rules: [rule],
    places: (document) =>
      nodesOf(document).flatMap(({ graph, node, path }): Place[] => {
        const operator = registry.find(node.target);
        if (!operator?.has("pointwise") || !operator.has("core") || node.outputs[0]?.as_tensor === undefined)
          return [];
        const meta = graph.tensor_values[node.outputs[0].as_tensor.name];
        const broken = edit(meta);
        return broken ? [{ at: path, break: broken }] : [];
      }),
  };
}

export const valueFaults: readonly Fault[] = [
  {
    name: "a value without metadata",
    rules: ["graph/missing-metadata"],
    places: (document) =>
      metas(document).map(({ name, table, at }) => ({ at, break: () => delete table[name] })),
  },
  metaFault("a stride too few", "graph/invalid-metadata", ({ strides }) =>
    strides.length > 0 ? () => strides.pop() : undefined,
  ),
  metaFault("a negative size", "graph/invalid-metadata", ({ sizes }) =>
    sizes[0]?.as_int !== undefined ? () => (sizes[0].as_int = -2) : undefined,
  ),
  metaFault(
    "a negative offset",
    "graph/invalid-metadata",
    (meta) => () => (meta.storage_offset = { as_int: -1 }),
  ),
  metaFault("no dtype", "graph/invalid-metadata", (meta) => () => (meta.dtype = 0)),
  metaFault("no layout", "graph/invalid-metadata", (meta) => () => (meta.layout = 0)),
  metaFault("a size that is no expression", "graph/invalid-metadata", ({ sizes }) =>
    sizes.length > 0
      ? () => (sizes[0] = { as_expr: { expr_str: "Add(Symbol('s0'", hint: null } })
      : undefined,
  ),
  {
    name: "a symbol that no input has",
    rules: ["graph/unbound-symbol"],
    places: (document) =>
      metas(document)
        .filter(({ name, meta }) => meta.sizes.length > 0 && isNoInput(document, name))
        .map(({ meta, at }) => ({
          at,
          break: () =>
            (meta.sizes[0] = {
              as_expr: { expr_str: "Symbol('s999', positive=True, integer=True)", hint: null },
            }),
        })),
  },
  resultFault("a result of another dtype", "graph/metadata-mismatch", (meta) => () => {
    meta.dtype = meta.dtype === 12 ? 7 : 12;
  }),
  resultFault("a result of another size", "graph/metadata-mismatch", ({ sizes, strides }) => () => {
    sizes.push({ as_int: 5 });
    strides.push({ as_int: 1 });
  }),
  resultFault("a result with other strides", "graph/metadata-mismatch", ({ sizes, strides }) =>
    sizes.length > 0 && sizes.every(({ as_int }: AnyJson) => as_int > 1)
      ? () => (strides[0] = { as_int: 12345 })
      : undefined,
  ),
  resultFault("a result on another device", "graph/device", (meta) => () => {
    meta.device = { type: "cuda", index: 0 };
  }),
  {
    name: "a symbolic number that is another",
    rules: ["graph/metadata-mismatch"],
    places: (document) =>
      nodesOf(document).flatMap(({ graph, node, path }): Place[] => {
        const name =
          node.target.startsWith("torch.ops.aten.sym_size.") && node.outputs[0]?.as_sym_int?.as_name;
        const value = name && graph.sym_int_values[name]?.as_expr;
        if (!value) return [];
        const at = `${path}.sym_int_values.${name}`;
        return [{ at, break: () => (value.expr_str = `Add(${value.expr_str}, Integer(1))`) }];
      }),
  },
  {
    name: "no range for the size of an input",
    rules: ["graph/range-constraint"],
    places: (document) =>
      Object.keys(document.range_constraints).flatMap((symbol): Place[] =>
        /^s\d+$/.test(symbol)
          ? [{ at: "range_constraints", break: () => delete document.range_constraints[symbol] }]
          : [],
      ),
  },
  {
    name: "a program that returns no tuple",
    rules: ["graph/interface"],
    places: ({ graph_module }) => [
      { at: "graph_module.graph", break: () => (graph_module.graph.is_single_tensor_return = true) },
    ],
  },
  {
    name: "an empty range",
    rules: ["graph/range-constraint"],
    places: ({ range_constraints }) =>
      Object.entries(range_constraints as Record<string, AnyJson>).map(([symbol, range]) => ({
        at: `range_constraints.${symbol}`,
        break: () => Object.assign(range, { min_val: 9, max_val: 2 }),
      })),
  },
  {
    name: "a graph that returns a string",
    rules: ["graph/interface"],
    places: (document) =>
      graphsOf(document)
        .filter(({ graph }) => graph.outputs.length > 0)
        .map(({ graph, path }) => ({ at: path, break: () => (graph.outputs[0] = { as_string: "done" }) })),
  },
  {
    name: "a graph that returns a list",
    rules: ["graph/interface"],
    places: (document) =>
      graphsOf(document)
        .filter(({ graph }) => graph.outputs[0]?.as_tensor)
        .map(({ graph, path }) => ({
          at: path,
          break: () => (graph.outputs[0] = { as_tensors: [graph.outputs[0].as_tensor] }),
        })),
  },
  ...(["sym_int_values", "sym_bool_values", "sym_float_values"] as const).map(
    (table): Fault => ({
      name: `no expression among ${table}`,
      rules: ["graph/invalid-metadata"],
      places: (document) =>
        graphsOf(document).flatMap(({ graph, path }) =>
          Object.entries<AnyJson>(graph[table]).flatMap(([name, value]): Place[] =>
            value.as_expr
              ? [{ at: `${path}.${table}.${name}`, break: () => (value.as_expr.expr_str += "_x") }]
              : [],
          ),
        ),
    }),
  ),
  metaFault("a size whose hint is a float", "graph/invalid-metadata", ({ sizes }) => {
    const symbolic = sizes.find(({ as_expr }: AnyJson) => as_expr?.hint);
    return symbolic && (() => (symbolic.as_expr.hint = { as_float: 3.0 }));
  }),
  ...(
    [
      ["a function that torch does not know", (text) => `Foo(${text})`],
      ["a truth value in a sum", (text) => `Add(LessThan(${text}, Integer(4)), Integer(1))`],
      ["a truth value for a size", (text) => `LessThan(${text}, Integer(4))`],
      ["a constant that the hint contradicts", () => "Integer(999)"],
      ["a symbol declared in two ways", (text) => redeclared(text)],
    ] as const satisfies readonly (readonly [string, (text: string) => string | undefined])[]
  ).map(([name, change]) =>
    metaFault(name, "graph/invalid-metadata", ({ sizes }) => {
      const expr = sizes.find(({ as_expr }: AnyJson) => as_expr?.hint)?.as_expr;
      const text = expr && change(expr.expr_str);
      return text && (() => (expr.expr_str = text));
    }),
  ),
  {
    name: "a hint that is not finite",
    rules: ["graph/invalid-metadata"],
    places: (document) =>
      graphsOf(document).flatMap(({ graph, path }) =>
        Object.entries<AnyJson>(graph.sym_float_values).flatMap(([name, value]): Place[] =>
          value.as_expr
            ? [
                {
                  at: `${path}.sym_float_values.${name}`,
                  break: () => (value.as_expr.hint = { as_float: "NaN" }),
                },
              ]
            : [],
        ),
      ),
  },
  {
    name: "a range without its end",
    rules: ["schema/invalid-document"],
    places: (document) =>
      Object.entries<AnyJson>(document.range_constraints).map(([symbol, range]) => ({
        at: `range_constraints.${symbol}`,
        break: () => delete range.max_val,
      })),
  },
  {
    name: "a number of the data that nothing gives",
    rules: ["graph/unbound-symbol"],
    places: (document) => {
      const values = JSON.stringify(graphsOf(document).map(({ graph }) => graph));
      return Object.entries<AnyJson>(document.graph_module.graph.sym_int_values).flatMap(
        ([, { as_expr: expr }]): Place[] => {
          const uses = values.split(`"${expr?.expr_str}"`).length - 1;
          return /^Symbol\('u\d+'/.test(expr?.expr_str) && uses === 1
            ? [
                {
                  at: "graph_module.graph",
                  break: () => (expr.expr_str = `Add(${expr.expr_str}, Integer(1))`),
                },
              ]
            : [];
        },
      );
    },
  },
  {
    name: "a size of an input outside of its range",
    rules: ["graph/hint-out-of-range"],
    places: ({ graph_module, range_constraints }) =>
      Object.entries<AnyJson>(range_constraints).flatMap(([symbol, range]): Place[] => {
        const text = JSON.stringify(
          graph_module.graph.inputs.map(
            ({ as_tensor }: AnyJson) => graph_module.graph.tensor_values[as_tensor?.name]?.sizes,
          ),
        );
        const hint = new RegExp(`"Symbol\\('${symbol}'[^"]*\\)","hint":\\{"as_int":(\\d+)`).exec(text)?.[1];
        const break_ = () => Object.assign(range, { min_val: 2, max_val: Number(hint) - 1 });
        return hint && Number(hint) > 3 ? [{ at: `range_constraints.${symbol}`, break: break_ }] : [];
      }),
  },
  metaFault("a device that torch does not know", "graph/invalid-metadata", ({ device }) => () => {
    device.type = "gpu";
  }),
  metaFault(
    "a device without a type",
    "graph/invalid-metadata",
    ({ device }) =>
      () =>
        (device.type = ""),
  ),
];

function isNoInput(document: AnyJson, name: string): boolean {
  return !document.graph_module.graph.inputs.some(({ as_tensor }: AnyJson) => as_tensor?.name === name);
}

/** The symbol, as one of another declaration in a sum. */
function redeclared(text: string): string | undefined {
  const other = text.replace("positive=True, ", "");
  return other === text ? undefined : `Add(${other}, Integer(1))`;
}
