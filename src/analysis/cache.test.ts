import { describe, expect, it } from "vitest";
import { programFromText } from "../lint/program-text.ts";
import { cacheAnalysis } from "./cache.ts";
import { StorageAnalysis } from "./storage.ts";

function analyse(text: string) {
  const { program, registry } = programFromText(text);
  const storage = new StorageAnalysis(program, registry);
  const caches = cacheAnalysis({ program, storage, registry });
  const nodes = program.graphs.flatMap((graph) => graph.nodes);
  const names = (roots: readonly number[]) => roots.map((root) => storage.origin(root).name);
  const value = (name: string) => program.main.value(name)!;
  const node = (name: string) => nodes.find(({ outputs }) => outputs.some((o) => o.name === name))!;
  return { caches, names, value, node, nodes };
}

const COND = `
def forward(p: "b8[]", v: "f32[1, 1, 2, 2]", b_k: "f32[1, 1, 4, 2]" = buffer("k"), b_v: "f32[1, 1, 4, 2]" = buffer("v")):
    k: "f32[1, 1, 4, 2]", w: "f32[1, 1, 4, 2]" = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_k, b_v, v))
    view: "f32[1, 4, 2]" = torch.ops.aten.view.default(k, [1, 4, 2])
    sum_1: "f32[]" = torch.ops.aten.sum.default(view)
    sin: "f32[1, 1, 4, 2]" = torch.ops.aten.sin.default(b_k)
    return (sum_1, w)

def true_graph_0(a: "f32[1, 1, 4, 2]", b: "f32[1, 1, 4, 2]", v: "f32[1, 1, 2, 2]"):
    x: "f32[1, 1, 4, 2]", y: "f32[1, 1, 4, 2]" = torch.ops.executorch.alias.default(a, b)
    return (x, y)

def false_graph_0(a: "f32[1, 1, 4, 2]", b: "f32[1, 1, 4, 2]", v: "f32[1, 1, 2, 2]"):
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, a)
    cos: "f32[1, 1, 4, 2]" = torch.ops.aten.cos.default(b)
    return (update, cos)
`;

describe("CacheAnalysis", () => {
  it("follows a cache into the branches and out again", () => {
    const { caches, names, value, node } = analyse(COND);
    expect(caches.updates.map(({ node: { name }, memory }) => [name, names(memory.roots)])).toEqual([
      ["update", ["b_k"]],
    ]);
    expect(names(caches.memoryOf(value("k")).roots)).toEqual(["b_k"]);
    expect(caches.memoryOf(value("view"))).toMatchObject({ updates: [0], via: ["alias", "update"] });
    expect(names(caches.memoryOf(value("w")).roots)).toEqual(["b_v", "w"]);
    expect(caches.reads.map((read) => read.node.name)).toEqual(["sum_1"]);
    expect(caches.areAlternatives(node("update"), node("x"))).toBe(true);
    expect(caches.areAlternatives(node("update"), node("sum_1"))).toBe(false);
  });

  it("drops what nothing needs", () => {
    const { caches, nodes } = analyse(COND);
    expect(nodes.filter((n) => !caches.isLive(n)).map(({ name }) => name)).toEqual(["sin"]);
  });

  it("drops the nodes of a cond with it, and keeps what checks or writes", () => {
    const { caches, nodes } = analyse(`
def forward(p: "b8[]", x: "f32[2]", b_seen: "f32[2]" = buffer("seen")):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    lt: "b8[2]" = torch.ops.aten.lt.Scalar(x, 3)
    all_1: "b8[]" = torch.ops.aten.all.default(lt)
    check: () = torch.ops.aten._assert_async.msg(all_1, "x is large")
    neg: "f32[2]" = torch.ops.aten.neg.default(x)
    copy_: "f32[2]" = torch.ops.aten.copy_.default(b_seen, neg)
    exp: "f32[2]" = torch.ops.aten.exp.default(x)
    tan: "f32[2]" = torch.ops.aten.tan.default(x)
    add_: "f32[2]" = torch.ops.aten.add_.Tensor(tan, exp)
    return (x,)

def true_graph_0(a: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(a)
    return (sin,)

def false_graph_0(a: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(a)
    return (cos,)
`);
    const live = nodes.filter((n) => caches.isLive(n)).map(({ target }) => target.split(".").at(-2));
    expect(live).toEqual(["lt", "all", "_assert_async", "neg", "copy_"]);
  });

  it("sees through a copy that a compiler may drop, unless the graph returns it", () => {
    const { caches, names, value } = analyse(`
def forward(b_k: "f32[2, 3]" = buffer("k")):
    same: "f32[2, 3]" = torch.ops.aten.clone.default(b_k)
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(same)
    turned: "f32[2, 3][1, 2]" = torch.ops.aten.clone.default(b_k)
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(turned)
    returned: "f32[2, 3]" = torch.ops.aten.clone.default(b_k)
    return (sin, cos, returned)
`);
    expect(["same", "turned", "returned"].map((name) => names(caches.memoryOf(value(name)).roots))).toEqual([
      ["b_k"],
      ["turned"],
      ["returned"],
    ]);
  });

  it("knows which nodes data keep behind others, also out of a branch", () => {
    const { caches, node } = analyse(COND);
    expect(caches.dependsOn(node("sum_1"), node("update"))).toBe(true);
    expect(caches.dependsOn(node("sin"), node("update"))).toBe(false);
    expect(caches.dependsOn(node("update"), node("sum_1"))).toBe(false);
  });
});
