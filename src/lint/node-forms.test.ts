import { expect, test } from "vitest";
import { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { NodeForms } from "./node-forms.ts";
import { programTextToDocument } from "./program-text.ts";

/** The forms of all nodes, in the order of the graphs, of a program that is written as torch spaces it. */
function formsOf(text: string): Record<string, number> {
  const document = JSON.parse(Buffer.from(programTextToDocument(text)).toString());
  const program = new Program(decodeDocument(Buffer.from(asPython(document))));
  const forms = new NodeForms(program);
  const nodes = program.graphs.flatMap((graph) => graph.nodes);
  return Object.fromEntries(nodes.map((node) => [`${node.graph.name}.${node.name}`, forms.of(node)]));
}

/** As Python's json.dumps writes it. */
function asPython(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asPython).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${asPython(item)}`);
  return `{${entries.join(", ")}}`;
}

test("layers that repeat have the same forms; another number, shape or operator makes another", () => {
  const forms = formsOf(`
def forward(x: "f32[2, 4]", y: "f32[2, 4]", z: "f32[4]"):
    add: "f32[2, 4]" = torch.ops.aten.add.Tensor(x, y)
    sum: "f32[2]" = torch.ops.aten.sum.dim_IntList(add, [1])
    add_1: "f32[2, 4]" = torch.ops.aten.add.Tensor(add, x)
    sum_1: "f32[2]" = torch.ops.aten.sum.dim_IntList(add_1, [1])
    sum_2: "f32[4]" = torch.ops.aten.sum.dim_IntList(add_1, [0])
    add_2: "f32[2, 4]" = torch.ops.aten.add.Tensor(add, z)
    sub: "f32[2, 4]" = torch.ops.aten.sub.Tensor(add, x)
    wrong: "f32[2, 5]" = torch.ops.aten.add.Tensor(add, x)
    return (sum_1, sum_2, add_2, sub, wrong)
`);
  expect(forms["main.add_1"]).toBe(forms["main.add"]);
  expect(forms["main.sum_1"]).toBe(forms["main.sum"]);
  const others = ["add", "sum", "sum_2", "add_2", "sub", "wrong"].map((name) => forms[`main.${name}`]);
  expect(new Set(others).size).toBe(others.length);
  expect(Math.min(...(others as number[]))).toBeGreaterThanOrEqual(0);
});

test("what stands within other operators has other forms, and what takes a number of the program none", () => {
  const forms = formsOf(`
range s0 [2, 8]
def forward(p: "b8[]", x: "f32[s0]", n: "Sym(s0)"):
    sin: "f32[s0]" = torch.ops.aten.sin.default(x)
    view: "f32[s0]" = torch.ops.aten.view.default(sin, [n])
    cond: ("f32[s0]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (view,))
    return (cond[0],)

def true_graph_0(a: "f32[s0]"):
    sin: "f32[s0]" = torch.ops.aten.sin.default(a)
    return (sin,)

def false_graph_0(a: "f32[s0]"):
    sin: "f32[s0]" = torch.ops.aten.sin.default(a)
    return (sin,)
`);
  expect(forms["true_graph_0.sin"]).toBe(forms["false_graph_0.sin"]);
  expect(forms["true_graph_0.sin"]).not.toBe(forms["main.sin"]);
  expect(forms["main.view"]).toBe(-1);
  expect(forms["main.cond"]).toBe(-1);
});

test("every form is told apart when there are thousands", () => {
  const names = Array.from({ length: 5000 }, (_, i) => `add_${i}`);
  const calls = names.map((name, i) => `    ${name}: "f32[2]" = torch.ops.aten.add.Tensor(x, ${i % 2500})`);
  const forms = formsOf(`def forward(x: "f32[2]"):\n${calls.join("\n")}\n    return (${names.at(-1)},)\n`);
  expect(names.map((name) => forms[`main.${name}`])).toEqual(names.map((_, i) => i % 2500));
});
