/** Programs that torch 2.13's inductor was seen to run otherwise than eager, each by a way of its own. */
import { expect, it } from "vitest";
import { programFromText } from "../../lint/program-text.ts";
import { divergenceAnalysis } from "../divergence.ts";
import { StorageAnalysis } from "../storage.ts";

const C = "f32[1, 2, 6, 4]";
const INPUTS = `x: "${C}", q: "f32[1, 2, 3, 4]", p: "b8[]", b_c: "${C}" = buffer("c"), b_d: "${C}" = buffer("d")`;
const update = (value: string, cache: string) =>
  `torch.ops.executorch.update_cross_attn_cache.default(${value}, ${cache})`;
const graphs = `
def true_graph_0(a: "${C}", b: "${C}"):
    clone: "${C}" = torch.ops.aten.clone.default(a)
    return (clone,)

def false_graph_0(a: "${C}", b: "${C}"):
    u: "${C}" = ${update("b", "a")}
    return (u,)
`;

const cases: readonly {
  readonly what: string;
  readonly lines: readonly string[];
  readonly outputs: readonly number[];
}[] = [
  {
    what: "a product reads through a view the temporary that an update becomes",
    lines: [
      `z: "${C}" = torch.ops.aten.zero_.default(b_c)`,
      `t: "f32[1, 2, 4, 6][48, 24, 1, 4]" = torch.ops.aten.transpose.int(z, -2, -1)`,
      `m: "f32[1, 2, 3, 6]" = torch.ops.aten.matmul.default(q, t)`,
      `w: "${C}" = torch.ops.aten.mul.Tensor(x, 1.0)`,
      `u: "${C}" = ${update("w", "z")}`,
      "return (m, u)",
    ],
    outputs: [0],
  },
  {
    what: "arithmetic on zeros is folded, and does not see the update of them",
    lines: [
      `z: "${C}" = torch.ops.aten.zero_.default(b_c)`,
      `u: "${C}" = ${update("x", "z")}`,
      `y: "${C}" = torch.ops.aten.mul.Tensor(z, 1.5)`,
      "return (y, u)",
    ],
    outputs: [0],
  },
  {
    what: "zeros are not added: the update writes what they were added to",
    lines: [
      `z: "${C}" = torch.ops.aten.zeros_like.default(x)`,
      `w: "${C}" = torch.ops.aten.add.Tensor(b_c, z)`,
      `u: "${C}" = ${update("x", "w")}`,
      "return (u,)",
    ],
    outputs: [],
  },
  {
    what: "a sum of an update's result waits for nothing, and comes behind the update of a cond",
    lines: [
      `w: "${C}" = torch.ops.aten.add.Tensor(b_c, 1)`,
      `u: "${C}" = ${update("w", "b_c")}`,
      `e: "f32[4, 4]" = torch.ops.aten.eye.default(4)`,
      `m: "${C}" = torch.ops.aten.matmul.default(u, e)`,
      `r: ("${C}",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_c, m))`,
      `n: "${C}" = torch.ops.aten.add.Tensor(r[0], -3)`,
      `v: "${C}" = ${update("n", "b_c")}`,
      `s: "f32[]" = torch.ops.aten.sum.default(u)`,
      `t: "f32[]" = torch.ops.aten.sum.default(v)`,
      `return (s, t)\n${graphs}`,
    ],
    outputs: [0],
  },
  {
    what: "softmax over few runs as two kernels, before what takes the memory of the cond's result",
    lines: [
      `r: ("${C}",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_c, x))`,
      `t: "f32[1, 2, 4, 6][48, 24, 1, 4]" = torch.ops.aten.transpose.int(r[0], -2, -1)`,
      `m: "f32[1, 2, 3, 6]" = torch.ops.aten.matmul.default(q, t)`,
      `f: "f32[1, 2, 3, 6]" = torch.ops.aten.softmax.int(m, -1)`,
      `o: "f32[1, 2, 3, 4]" = torch.ops.aten.matmul.default(f, r[0])`,
      `w: "${C}" = torch.ops.aten.mul.Tensor(x, 2.0)`,
      `e: ("${C}",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_d, w))`,
      `s: "f32[]" = torch.ops.aten.sum.default(e[0])`,
      `return (o, s)\n${graphs}`,
    ],
    outputs: [],
  },
];

it.each(cases)("$what", ({ lines, outputs }) => {
  const { program, registry } = programFromText(
    `def forward(${INPUTS}):\n${lines.map((line) => `    ${line}`).join("\n")}\n`,
  );
  const storage = new StorageAnalysis(program, registry);
  const { inductor } = divergenceAnalysis({ program, registry, storage });
  expect(inductor.map((one) => one.outputs)).toContainEqual(outputs);
});

it("reads the transpose of what an update put into one of several caches as eager does", () => {
  const { program, registry } = programFromText(`
def forward(x: "${C}", q: "f32[1, 2, 3, 4]", p: "b8[]", b_all: "f32[2, 1, 2, 6, 4]" = buffer("all")):
    c: "${C}[48, 24, 4, 1]+48" = torch.ops.aten.select.int(b_all, 0, 1)
    r: ("${C}",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (c, x))
    t: "f32[1, 2, 4, 6][48, 24, 1, 4]" = torch.ops.aten.transpose.int(r[0], -2, -1)
    m: "f32[1, 2, 3, 6]" = torch.ops.aten.matmul.default(q, t)
    return (m,)
${graphs}`);
  const storage = new StorageAnalysis(program, registry);
  expect(divergenceAnalysis({ program, registry, storage }).inductor).toEqual([]);
});

const safe: readonly { readonly what: string; readonly lines: readonly string[] }[] = [
  {
    what: "updates of one cache by the same value, computed twice, give the same results",
    lines: [
      `w: "${C}" = torch.ops.aten.mul.Tensor(x, 3)`,
      `z: "${C}" = torch.ops.aten.mul.Tensor(x, 3)`,
      `r: ("${C}", "${C}") = torch.ops.higher_order.cond(p, both, none, (b_c, w, z))`,
      `m: "f32[1, 2, 4]" = torch.ops.aten.amax.default(r[0], [2])`,
      `return (m,)

def both(a: "${C}", b: "${C}", c: "${C}"):
    u: "${C}" = ${update("b", "a")}
    v: "${C}" = ${update("c", "a")}
    return (u, v)

def none(a: "${C}", b: "${C}", c: "${C}"):
    u: "${C}" = torch.ops.aten.clone.default(a)
    v: "${C}" = torch.ops.aten.clone.default(a)
    return (u, v)`,
    ],
  },
  {
    what: "cumsum takes memory of its own, and not that of a cond's result",
    lines: [
      `r: ("${C}",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_c, x))`,
      `s: "f32[]" = torch.ops.aten.sum.default(r[0])`,
      `e: ("${C}",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_d, x))`,
      `k: "${C}" = torch.ops.aten.cumsum.default(e[0], 2)`,
      `o: "f32[1, 2, 1, 4]" = torch.ops.aten.slice.Tensor(k, 2, 5, 6)`,
      `y: "f32[1, 2, 1, 4]" = torch.ops.aten.add.Tensor(o, s)`,
      `return (y,)\n${graphs}`,
    ],
  },
];

it.each(safe)("$what", ({ lines }) => {
  const { program, registry } = programFromText(
    `def forward(${INPUTS}):\n${lines.map((line) => `    ${line}`).join("\n")}\n`,
  );
  const storage = new StorageAnalysis(program, registry);
  expect(divergenceAnalysis({ program, registry, storage }).inductor).toEqual([]);
});
