import { describe, expect, it } from "vitest";
import { programFromText } from "../lint/program-text.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { type BranchTruth, readBundle } from "../testing/branch-bundle.ts";
import { StorageAnalysis } from "./storage.ts";

const measured = readBundle("branches/branches.ndjson.gz");

describe("StorageAnalysis", () => {
  const names = (
    { program, storage }: { program: Program; storage: StorageAnalysis },
    path: string,
  ): string[] => {
    const graph = program.graphs.find((g) => g.path === path)!;
    return graph.outputs.map((output) =>
      storage
        .storages(output!)
        .map((s) => storage.origin(s).name)
        .join("|"),
    );
  };
  const analyse = (text: string) => {
    const { program, registry } = programFromText(text);
    return { program, storage: new StorageAnalysis(program, registry) };
  };

  it("ends on a program that uses values before they are defined", () => {
    const analysis = analyse(`
def forward(x: "f32[2]"):
    a: "f32[2]" = torch.ops.aten.view.default(b, [2])
    b: "f32[2]" = torch.ops.aten.view.default(a, [2])
    c: "f32[2]" = torch.ops.aten.alias.default(c)
    return (a, b, c)
`);
    expect(names(analysis, "main")).toEqual(["a", "a", "c"]);
  });

  // Writing the document takes longer than following it.
  it("follows 100,000 views in one chain", { timeout: 180_000 }, () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => {
      return `    v${i + 1}: "f32[2]" = torch.ops.aten.reshape.default(v${i}, [2])`;
    });
    const analysis = analyse(`\ndef forward(v0: "f32[2]"):\n${lines.join("\n")}\n    return (v100000,)\n`);
    expect(names(analysis, "main")).toEqual(["v0"]);
  });

  it("follows operands into nested conds and results out of them", () => {
    const analysis = analyse(`
def forward(p: "b8[]", x: "f32[2]"):
    view: "f32[2]" = torch.ops.aten.view.default(x, [2])
    cond: ("f32[2]", "f32[2]", "f32[2]") = torch.ops.higher_order.cond(p, outer, other, (view, p))
    return (cond[0], cond[1], cond[2])

def outer(a: "f32[2]", q: "b8[]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(q, inner, inner_other, (a,))
    sin: "f32[2]" = torch.ops.aten.sin.default(a)
    return (cond[0], sin, sin)

def other(a: "f32[2]", q: "b8[]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(a)
    tan: "f32[2]" = torch.ops.aten.tan.default(a)
    return (cos, tan, tan)

def inner(c: "f32[2]"):
    return (c,)

def inner_other(c: "f32[2]"):
    neg: "f32[2]" = torch.ops.aten.neg.default(c)
    return (neg,)
`);
    const [first, second, third] = analysis.program.main.outputs.map((output) =>
      analysis.storage.storages(output!),
    );
    expect(first!.map((s) => analysis.storage.origin(s).name)).toContain("x");
    expect(analysis.storage.isCertain(analysis.program.main.outputs[0]!)).toBe(false);
    expect(second).toEqual(third);
    expect(second).not.toEqual(first);
  });
});

describe("StorageAnalysis agrees with torch on every random branch", () => {
  it("has enough of them, with every kind of truth among them", () => {
    const truths = measured.flatMap(({ truth }) => truth);
    expect(measured.length).toBeGreaterThanOrEqual(500);
    for (const key of ["aliasesInput", "aliasesOutput", "mutates"] as const) {
      expect(truths.filter((truth) => truth[key].length > 0).length).toBeGreaterThan(100);
      expect(truths.filter((truth) => truth[key].length === 0).length).toBeGreaterThan(100);
    }
  });

  const registry = new OperatorRegistry();
  it.each(measured)("$name", ({ document, truth }) => {
    const program = new Program(decodeDocument(Buffer.from(document)));
    const storage = new StorageAnalysis(program, registry);
    const found = truth.map(({ branch, graph: path }): BranchTruth => {
      const graph = program.graphs.find((g) => g.path === path)!;
      const effects = storage.effects(graph);
      return {
        branch,
        graph: path,
        aliasesInput: effects.outputInput.map(({ output, input }) => [output, input] as const),
        aliasesOutput: effects.outputOutput.map(({ output, other }) => [output, other] as const),
        mutates: effects.writes.filter(({ counted }) => counted).map(({ input }) => input),
      };
    });
    expect(found).toEqual(truth);
  });
});
