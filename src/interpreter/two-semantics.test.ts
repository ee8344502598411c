/** The divergences that torch 2.13 was first measured on, and the programs that were found safe, to the number. */
import { describe, expect, it } from "vitest";
import { divergenceAnalysis } from "../analysis/divergence.ts";
import { StorageAnalysis } from "../analysis/storage.ts";
import { programFromText } from "../lint/program-text.ts";
import { tensor } from "../tensor/create.ts";
import { reals } from "../tensor/elements.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runAsInductor } from "../testing/as-inductor.ts";
import { LoweredProgram } from "./lowered/semantics.ts";
import { prepareProgram } from "./prepare.ts";
import { type Inputs, Session } from "./session.ts";
import type { RuntimeValue } from "./value.ts";

const CACHE = "f32[1, 1, 4, 2]";
const update = (value: string, cache: string) =>
  `torch.ops.executorch.update_cross_attn_cache.default(${value}, ${cache})`;
const copied = `
def copied(v: "f32[1, 1, 2, 2]", c: "${CACHE}"):
    clone: "${CACHE}" = torch.ops.aten.clone.default(c)
    return (clone,)
`;
const updated = `
def updated(v: "f32[1, 1, 2, 2]", c: "${CACHE}"):
    u: "${CACHE}" = ${update("v", "c")}
    return (u,)
`;
const aliased = `
def aliased(v: "f32[1, 1, 2, 2]", c: "${CACHE}"):
    alias: ("${CACHE}", "f32[1, 1, 2, 2]") = torch.ops.executorch.alias.default(c, v)
    return (alias[0],)
`;
const cond = (yes: string, no: string) =>
  `r: ("${CACHE}",) = torch.ops.higher_order.cond(p, ${yes}, ${no}, (v, c))`;

/** U is the update, v ones, c a cache of zeros (of ones for the last row); figures are sums. */
const rows: readonly {
  readonly program: string;
  readonly lines: readonly string[];
  readonly graphs?: string;
  readonly cache?: 0 | 1;
  readonly eager: Readonly<Record<string, number>>;
  readonly inductor: Readonly<Record<string, number>>;
}[] = [
  {
    program: "a=U(v,c); b=U(5v,c); return a,b",
    lines: [
      `a: "${CACHE}" = ${update("v", "c")}`,
      `w: "f32[1, 1, 2, 2]" = torch.ops.aten.mul.Tensor(v, 5)`,
      `b: "${CACHE}" = ${update("w", "c")}`,
      "return (a, b)",
    ],
    eager: { "output.0": 4, "output.1": 20 },
    inductor: { "output.0": 20, "output.1": 20 },
  },
  {
    program: "a=U(v,c); c.add_(1); return a",
    lines: [
      `a: "${CACHE}" = ${update("v", "c")}`,
      `b: "${CACHE}" = torch.ops.aten.add_.Tensor(c, 1)`,
      "return (a,)",
    ],
    eager: { "output.0": 4 },
    inductor: { "output.0": 12 },
  },
  {
    program: "old=c.clone(); a=U(v,c); return a-old",
    lines: [
      `old: "${CACHE}" = torch.ops.aten.clone.default(c)`,
      `a: "${CACHE}" = ${update("v", "c")}`,
      `b: "${CACHE}" = torch.ops.aten.sub.Tensor(a, old)`,
      "return (b,)",
    ],
    eager: { "output.0": 4 },
    inductor: { "output.0": 0 },
  },
  {
    program: "x=c*1.0; a=U(v,x); return x*2",
    lines: [
      `x: "${CACHE}" = torch.ops.aten.mul.Tensor(c, 1.0)`,
      `a: "${CACHE}" = ${update("v", "x")}`,
      `b: "${CACHE}" = torch.ops.aten.mul.Tensor(x, 2)`,
      "return (b,)",
    ],
    eager: { "output.0": 8 },
    inductor: { "output.0": 0 },
  },
  {
    program: "U(v,c); return v+1, then c",
    lines: [
      `a: "${CACHE}" = ${update("v", "c")}`,
      `b: "f32[1, 1, 2, 2]" = torch.ops.aten.add.Tensor(v, 1)`,
      "return (b,)",
    ],
    eager: { "buffer.c": 4 },
    inductor: { "buffer.c": 0 },
  },
  {
    program: "r=cond(p,U,clone); r.add_(100), then c",
    lines: [
      cond("updated", "copied"),
      `b: "${CACHE}" = torch.ops.aten.add_.Tensor(r[0], 100)`,
      "return (b,)",
    ],
    graphs: updated + copied,
    eager: { "buffer.c": 4 },
    inductor: { "buffer.c": 804 },
  },
  {
    program: "cond(p, alias, U) * 2, then c",
    lines: [cond("aliased", "updated"), `b: "${CACHE}" = torch.ops.aten.mul.Tensor(r[0], 2)`, "return (b,)"],
    graphs: aliased + updated,
    cache: 1,
    eager: { "buffer.c": 8 },
    inductor: { "buffer.c": 16 },
  },
];

const result = (what: string, sizes: string, call: string) => ({
  program: `cond's result read by ${what}`,
  lines: [cond("updated", "copied"), `b: "f32[${sizes}]" = torch.ops.aten.${call}`, "return (b,)"],
  graphs: updated + copied,
});

const safe: readonly {
  readonly program: string;
  readonly lines: readonly string[];
  readonly graphs?: string;
}[] = [
  {
    program: "one update whose result alone is read",
    lines: [
      `a: "${CACHE}" = ${update("v", "c")}`,
      `b: "f32[]" = torch.ops.aten.sum.default(a)`,
      "return (b,)",
    ],
  },
  {
    program: "different caches",
    lines: [`a: "${CACHE}" = ${update("v", "c")}`, `b: "${CACHE}" = ${update("v", "d")}`, "return (a, b)"],
  },
  {
    program: "value that is a view of the cache",
    lines: [
      `s: "f32[1, 1, 2, 2][8, 8, 2, 1]+4" = torch.ops.aten.slice.Tensor(c, 2, 2, 4)`,
      `a: "${CACHE}" = ${update("s", "c")}`,
      "return (a,)",
    ],
  },
  result("sum", "", "sum.default(r[0])"),
  result("matmul", "1, 1, 4, 2", "matmul.default(r[0], m)"),
  result("sdpa", "1, 1, 1, 2", "scaled_dot_product_attention.default(q, r[0], r[0])"),
  result("softmax", "1, 1, 4, 2", "softmax.int(r[0], -1)"),
  result("layer_norm", "1, 1, 4, 2", "layer_norm.default(r[0], [2])"),
  {
    program: "cond's result returned",
    lines: [cond("updated", "copied"), "return (r[0],)"],
    graphs: updated + copied,
  },
];

function textOf(lines: readonly string[], graphs = ""): string {
  const inputs = `p: "b8[]", q: "f32[1, 1, 1, 2]", m: "f32[2, 2]", v: "f32[1, 1, 2, 2]", c: "${CACHE}" = buffer("c"), d: "${CACHE}" = buffer("d")`;
  return `def forward(${inputs}):\n${lines.map((line) => `    ${line}`).join("\n")}\n${graphs}`;
}

function opened(
  text: string,
  cache: 0 | 1 = 0,
): { session: Session; inputs: Inputs; calledDiverging: boolean } {
  const { program, registry } = programFromText(text);
  const storage = new StorageAnalysis(program, registry);
  const calledDiverging = divergenceAnalysis({ program, registry, storage }).inductor.length > 0;
  const state = new Map<number, RuntimeValue>();
  for (const [index, { kind, name }] of program.inputs.entries()) {
    if (kind === "buffer") state.set(index, filled([1, 1, 4, 2], name === "c" ? cache : 0));
  }
  const inputs = new Map<string, RuntimeValue>([
    ["p", tensor([1], { dtype: "bool", sizes: [] })],
    ["q", filled([1, 1, 1, 2], 1)],
    ["m", filled([2, 2], 1)],
    ["v", filled([1, 1, 2, 2], 1)],
  ]);
  return {
    session: new Session(prepareProgram(program, registry), state, registry),
    inputs,
    calledDiverging,
  };
}

function filled(sizes: readonly number[], by: number): Tensor {
  const count = sizes.reduce((product, size) => product * size, 1);
  return tensor(new Array<number>(count).fill(by), { dtype: "float32", sizes });
}

function sums(tensors: ReadonlyMap<string, Tensor>): Record<string, number> {
  return Object.fromEntries(
    [...tensors].map(([name, value]) => [name, [...reals(value)].reduce((sum, one) => sum + one, 0)]),
  );
}

/** Eager's sums and inductor's, from the same state. */
function figures(text: string, cache?: 0 | 1): [Record<string, number>, Record<string, number>] {
  const [eager, lowered] = [opened(text, cache), opened(text, cache)];
  const { session, inputs } = lowered;
  const program = new LoweredProgram(session.program, session.registry);
  return [
    sums(eager.session.call(eager.inputs, { all: true }).tensors),
    sums(runAsInductor(session, inputs, program)),
  ];
}

describe("divergences", () => {
  it.each(rows)("$program", ({ lines, graphs, cache, eager, inductor }) => {
    const text = textOf(lines, graphs);
    expect(opened(text).calledDiverging).toBe(true);
    const [expected, actual] = figures(text, cache);
    expect(expected).toMatchObject(eager);
    expect(actual).toMatchObject(inductor);
  });
});

describe("safe programs", () => {
  it.each(safe)("$program", ({ lines, graphs }) => {
    const text = textOf(lines, graphs);
    expect(opened(text).calledDiverging).toBe(false);
    const [expected, actual] = figures(text);
    for (const [name, sum] of Object.entries(expected)) expect(actual[name], name).toBeCloseTo(sum, 5);
  });
});
