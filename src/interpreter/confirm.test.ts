import { describe, expect, it } from "vitest";
import { type Diagnostic, lint } from "../index.ts";
import { programTextToDocument } from "../lint/program-text.ts";
import { json } from "../report/json.ts";
import { plainPaint } from "../report/options.ts";
import { stylish } from "../report/stylish.ts";

/** Three caches, each with a fault of its own or none that shows; they are inputs, so that no weights are needed. */
const THREE = `
def forward(v: "f32[1, 1, 2, 2]", w: "f32[1, 1, 2, 2]", k: "f32[1, 1, 4, 2]", l: "f32[1, 1, 4, 2]", m: "f32[1, 1, 4, 2]"):
    first: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, k)
    second: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(w, k)  # model.py:7 in forward: b = update(w, k)
    lost: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, l)
    third: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, m)
    add_: "f32[1, 1, 4, 2]" = torch.ops.aten.add_.Tensor(third, 100)
    return (first, second, add_)
`;

const linted = (text: string) =>
  lint({ path: "model.json", bytes: programTextToDocument(text) }, {}, { confirm: true });

async function found(text: string): Promise<readonly Diagnostic[]> {
  return (await linted(text)).results.flatMap(({ diagnostics }) => diagnostics);
}

const ofRule = (all: readonly Diagnostic[], rule: string) =>
  all.find((one) => one.rule === rule)!.confirmation!;

describe("--confirm", () => {
  it("bears out each finding by its own memory", async () => {
    const all = await found(THREE);
    const twice = ofRule(all, "cache/updated-twice");
    expect(twice).toMatchObject({
      status: "confirmed",
      reason: "",
      witness: { value: "output.0", schedule: "program order" },
    });
    expect(twice.witness).toMatchObject({
      call: 0,
      inputs: "inputs made up from seed 0",
      branches: {},
      count: 4,
      total: 8,
    });
    expect(twice.witness!.maxAbs).toBeGreaterThan(0);
    expect(ofRule(all, "cache/update-unused")).toMatchObject({
      status: "confirmed",
      // A write that is left out computes nothing wrong.
      witness: { value: "input.l", node: null },
    });
  });

  it("does not take another fault of the program for a finding's own", async () => {
    const written = ofRule(await found(THREE), "cache/result-mutated");
    expect(written).toMatchObject({ status: "not reproduced", witness: null });
    expect(written.reason).toMatch(/^none of \d+ lowered executions differs from eager in this memory$/);
    expect(written.runs).toBeGreaterThan(0);
  });

  it("says of what no run can show that it was not looked for", async () => {
    const confirmation = ofRule(await found(THREE), "cache/undeclared-mutation");
    expect(confirmation).toMatchObject({ status: "not reproduced", runs: 0 });
  });

  it("tells the branches that show it", async () => {
    const all = await found(`
def forward(p: "b8[]", v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
    cond: ("f32[1, 1, 4, 2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, c))
    mul: "f32[1, 1, 4, 2]" = torch.ops.aten.mul.Tensor(cond[0], 2.0)
    return (mul,)

def true_graph_0(v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
    clone: "f32[1, 1, 4, 2]" = torch.ops.aten.clone.default(c)
    return (clone,)

def false_graph_0(v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, c)
    return (update,)
`);
    const { witness } = ofRule(all, "cache/result-reused-in-place");
    expect(witness).toMatchObject({ schedule: "memory reused", value: "input.c" });
    // Made up from seed 0 the predicate is false, or the branch is forced: either way the update has run.
    expect(witness!.branches["main/cond"] ?? false).toBe(false);
  });

  it("says why a program cannot be run", async () => {
    const all = await found(`
operator "mylib::twist(Tensor x) -> Tensor"
def forward(v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, c)
    twist: "f32[1, 1, 2, 2]" = torch.ops.mylib.twist.default(v)
    return (twist,)
`);
    const reason = "pt2lint has no kernel for torch.ops.mylib.twist.default";
    expect(ofRule(all, "cache/update-unused")).toEqual({ status: "not run", reason, runs: 0, witness: null });
    const unfilled = await found(THREE.replace('l: "f32[1, 1, 4, 2]"', 'l: "f32[1, 1, 4, 2]" = buffer("l")'));
    expect(ofRule(unfilled, "cache/updated-twice").reason).toBe(
      "the document alone has no values for its buffer 'l'",
    );
  });

  it("is left out where it was not asked for, and of other findings", async () => {
    const plain = await lint({ path: "model.json", bytes: programTextToDocument(THREE) });
    expect(
      plain.results.flatMap(({ diagnostics }) => diagnostics).filter((one) => "confirmation" in one),
    ).toEqual([]);
    expect(
      (await found(THREE))
        .filter(({ rule }) => !rule.startsWith("cache/"))
        .filter((one) => "confirmation" in one),
    ).toEqual([]);
  });
});

describe("its reports", () => {
  const options = { width: 100, paint: plainPaint, root: "/", rules: [] };

  it("have the witness in the JSON, flat, and the same keys without one", async () => {
    const report = JSON.parse(json(await linted(THREE))) as { results: { diagnostics: Diagnostic[] }[] };
    const confirmations = report.results[0]!.diagnostics.flatMap(({ confirmation }) => confirmation ?? []);
    const keys =
      "actual at branches call count expected inputs maxAbs node reason runs schedule status total value";
    for (const one of confirmations) expect(Object.keys(one).sort().join(" ")).toBe(keys);
    expect(confirmations.map(({ status }) => status).sort()).toContain("confirmed");
  });

  it("say for people what was seen", async () => {
    const text = stylish(await linted(THREE), options).replace(/\n +/g, " ");
    expect(text).toMatch(
      /confirmed: with program order: output\.0 at \[0, 0, \d, \d\] is \S+, eager gives \S+ \(4 of 8 elements, by up to \S+\)/,
    );
    expect(text).toMatch(/confirmed: with program order: input\.l at .* eager gives/);
    expect(text).toMatch(/not reproduced: none of \d+ lowered executions differs from eager in this memory/);
  });
});
