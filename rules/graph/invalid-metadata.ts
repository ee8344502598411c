import { defineRule } from "../../src/lint/rule.ts";
import type { Graph } from "../../src/program/program.ts";
import { type Expr, parseExpr } from "../../src/program/symbolic.ts";
import { declarations, exprFault } from "../../src/program/symbolic-faults.ts";
import {
  Layout,
  ScalarType,
  type SymBool,
  type SymExpr,
  type SymFloat,
  type SymInt,
  type TensorMeta,
} from "../../src/schema/types.generated.ts";
import { isDeviceType } from "../../src/tensor/device.ts";
import { graphPath } from "../_shared/paths.ts";
import { plural } from "../_shared/plural.ts";

export const invalidMetadata = defineRule({
  id: "graph/invalid-metadata",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the metadata of a tensor describes none",
  description: `
A tensor has one stride for each size, no negative size, a dtype, a layout, a device, and an offset into its storage that
is not negative; only floats and complex numbers have gradients; a size, and a symbolic number, that is not
a literal is an expression over symbols that torch can evaluate: functions that it knows, of numbers, over symbols that
are declared alike wherever an expression has them (\`positive=True\`); its hint is of its kind, finite, and what the
expression is where that has no symbol. \`torch.export.load\` makes a FakeTensor of the
metadata when it is first asked for, which is often long after loading: the error then names no value.
`,
  data: {
    name: "the name of the value",
    problem: "what is wrong",
    path: "the JSON path of the metadata",
  },
  messages: { invalid: "the metadata of '{name}' has {problem}" },
  examples: {
    valid: [
      {
        title: "a view with strides, and one without elements",
        program: `
range s0 [2, 8]
def forward(x: "f32[2, 3]", y: "f32[s0, 0]"):
    t: "f32[3, 2][1, 3]" = torch.ops.aten.t.default(x)
    return (t, y)
`,
      },
    ],
    invalid: [
      {
        title: "a stride too few, a negative size",
        program: `
def forward(x: "f32[2, 3][1]"):
    sin: "f32[2, -3]" = torch.ops.aten.sin.default(x)
    return (sin,)
`,
        diagnostics: [
          {
            message: "the metadata of 'x' has 2 sizes and 1 stride",
            data: {
              name: "x",
              problem: "2 sizes and 1 stride",
              path: "graph_module.graph.tensor_values.x",
            },
          },
          {
            message: "the metadata of 'sin' has a negative size",
            data: {
              name: "sin",
              problem: "a negative size",
              path: "graph_module.graph.tensor_values.sin",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    // Equal metadata is one object.
    const problems = new Map<TensorMeta, string | undefined>();
    const declared: Declared = new Map();
    const problemWith = (meta: TensorMeta): string | undefined => {
      if (!problems.has(meta)) problems.set(meta, problemOf(meta, declared));
      return problems.get(meta);
    };
    return {
      graph: (graph) => {
        for (const { name, problem, table } of numberProblems(graph, declared)) {
          ctx.report({
            at: graph.value(name)?.node ?? graph,
            message: "invalid",
            data: { name, problem, path: `${graphPath(graph)}.${table}.${name}` },
            help: "correct the expression in the pass that wrote it, or export again",
          });
        }
        let isInvalid = false;
        for (const meta of graph.tensorMetas.keys()) isInvalid ||= problemWith(meta) !== undefined;
        for (const [name, meta] of isInvalid ? graph.source.tensor_values : []) {
          const problem = problemWith(meta);
          if (problem === undefined) continue;
          ctx.report({
            at: graph.value(name)?.node ?? graph,
            message: "invalid",
            data: { name, problem, path: `${graphPath(graph)}.tensor_values.${name}` },
            help: "run FakeTensorProp over the graph after the pass that made the value, or export again",
          });
        }
      },
    };
  },
});

/** Integers and booleans. */
const WITHOUT_GRADIENT = new Set<number>([
  ...[ScalarType.BYTE, ScalarType.CHAR, ScalarType.SHORT, ScalarType.INT, ScalarType.LONG, ScalarType.BOOL],
  ...[ScalarType.UINT16, ScalarType.UINT32, ScalarType.UINT64],
]);

/** How each symbol was declared where it was met first: `integer=True, positive=True`. */
type Declared = Map<string, string>;

function problemOf(meta: TensorMeta, declared: Declared): string | undefined {
  const { dtype, sizes, strides, storage_offset, layout, device } = meta;
  if (dtype === ScalarType.UNKNOWN) return "no dtype";
  if (layout === Layout.Unknown) return "no layout";
  if (!isDeviceType(device.type)) return `a device that torch does not know, ${JSON.stringify(device.type)}`;
  if ((device.index ?? 0) < 0) return `a device without a place, ${device.type}:${device.index}`;
  if (sizes.length !== strides.length && layout === Layout.Strided) {
    return `${plural(sizes.length, "size")} and ${plural(strides.length, "stride")}`;
  }
  if (sizes.some(isNegative)) return "a negative size";
  if (strides.some(isNegative)) return "a negative stride";
  if (isNegative(storage_offset)) return "a negative storage offset";
  if (meta.requires_grad && WITHOUT_GRADIENT.has(dtype)) return "requires_grad, which only floats can have";
  if ([...sizes, ...strides, storage_offset].some(isTooLarge)) return "a number of more than 64 bits";
  for (const size of sizes) {
    const problem = problemOfSize(size, declared);
    if (problem !== undefined) return problem;
    if (constantOf(size)! < 0n) return "a negative size";
  }
  for (const size of [...strides, storage_offset]) {
    const problem = problemOfSize(size, declared);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOfSize(size: SymInt, declared: Declared): string | undefined {
  if (!("as_expr" in size)) return undefined;
  const { expr_str: text, hint } = size.as_expr;
  // torch takes the hint of a size for what it was.
  if (hint && !("as_int" in hint)) return "a size whose hint is no int";
  const expr = parseExpr(text);
  if (expr === undefined) return `a size that is no expression: ${text.slice(0, 60)}`;
  return exprFault(expr, "number") ?? otherDeclaration(expr, declared) ?? otherConstant(expr, hint?.as_int);
}

/** ShapeEnv.create_symintnode compares a number with its hint. */
function otherConstant(expr: Expr, hint: number | bigint | undefined): string | undefined {
  if (expr.kind !== "integer" || hint === undefined || BigInt(hint) === expr.value) return undefined;
  return `the hint ${hint} for what is always ${expr.value}`;
}

function constantOf(size: SymInt): bigint | undefined {
  const expr = "as_expr" in size ? parseExpr(size.as_expr.expr_str) : undefined;
  return expr?.kind === "integer" ? expr.value : undefined;
}

/**
 * To sympy, symbols of one name that are declared otherwise are two. torch gives a lone one that it has met before the
 * first's meaning (_parse_sym_expr), but not one within an expression.
 */
function otherDeclaration(expr: Expr, declared: Declared): string | undefined {
  for (const { name, assumptions } of declarations(expr)) {
    const first = declared.get(name) ?? assumptions;
    declared.set(name, first);
    if (first === assumptions || expr.kind === "symbol") continue;
    return `the symbol ${name} declared with ${assumptions || "nothing"}, and elsewhere with ${first || "nothing"}`;
  }
  return undefined;
}

function isNegative(size: SymInt): boolean {
  return "as_int" in size && size.as_int < 0;
}

interface NumberProblem {
  readonly name: string;
  readonly table: string;
  readonly problem: string;
}

/** What is wrong with the expressions of symbolic numbers, and with their hints. */
function numberProblems({ source }: Graph, declared: Declared): NumberProblem[] {
  return [
    ...problemsOfTable("sym_int_values", source.sym_int_values, "as_int", declared),
    ...problemsOfTable("sym_bool_values", source.sym_bool_values, "as_bool", declared),
    ...problemsOfTable("sym_float_values", source.sym_float_values, "as_float", declared),
  ];
}

function problemsOfTable(
  table: string,
  values: ReadonlyMap<string, SymInt | SymBool | SymFloat>,
  kind: string,
  declared: Declared,
): NumberProblem[] {
  return [...values].flatMap(([name, value]) => {
    const problem = "as_expr" in value ? problemOfNumber(value.as_expr, kind, declared) : undefined;
    return problem === undefined ? [] : [{ name, table, problem }];
  });
}

function problemOfNumber({ expr_str: text, hint }: SymExpr, kind: string, declared: Declared) {
  const expr = parseExpr(text);
  if (expr === undefined) return `no expression: ${JSON.stringify(text.slice(0, 60))}`;
  if (hint && !(kind in hint)) return "a hint of another kind";
  const fault = exprFault(expr, kind === "as_bool" ? "truth" : "number") ?? otherDeclaration(expr, declared);
  if (fault !== undefined || !hint) return fault;
  if ("as_float" in hint && !Number.isFinite(hint.as_float)) return "a hint that is not finite";
  return "as_int" in hint ? otherConstant(expr, hint.as_int) : undefined;
}

function isTooLarge(size: SymInt): boolean {
  return (
    "as_int" in size && typeof size.as_int === "bigint" && BigInt.asIntN(64, size.as_int) !== size.as_int
  );
}
