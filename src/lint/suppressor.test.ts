import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rules } from "../../rules/index.generated.ts";
import { type Config, resolveConfig } from "./config.ts";
import type { LintResult } from "./diagnostic.ts";
import { type LintOptions, lintFiles } from "./lint.ts";

const FIXTURES = new URL("../../fixtures/suppressed/", import.meta.url);

/** Lints fixtures of fixtures/python/suppressed.py as if it were a day of 2026. */
async function lint(names: readonly string[], config: Config = {}, options: Partial<LintOptions> = {}) {
  const sources = names.map((name) => {
    const path = `${name}.pt2`;
    return { path, bytes: new Uint8Array(readFileSync(new URL(path, FIXTURES))) };
  });
  const resolved = resolveConfig(config, { rules, origin: "pt2lint.json" });
  return lintFiles(sources, { config: resolved, today: "2026-06-30", ...options });
}

const resultOf = async (name: string, config: Config = {}, options: Partial<LintOptions> = {}) =>
  (await lint([name], config, options)).results[0]!;

const hiddenLines = ({ suppressed }: LintResult) =>
  suppressed.map(({ diagnostic, suppressions }) => {
    const by = suppressions.map((each) => `${each.kind} ${each.by} '${each.reason}'`).join(" and ");
    return `${diagnostic.rule} ${by}`;
  });

const ALIASES = "cond/branch-aliases-input";
describe("comments", () => {
  it("hide what stands on their line or is called from it, and are told when they do not", async () => {
    const result = await resultOf("comment");
    expect(hiddenLines(result)).toEqual([
      `${ALIASES} inSource comment 'the backend copies'`,
      `${ALIASES} inSource comment 'called from here'`,
    ]);
    expect(result.diagnostics.map(({ rule, severity }) => [rule, severity])).toEqual([
      [ALIASES, "error"],
      ["suppression/invalid", "warning"],
      ["suppression/unused", "warning"],
    ]);
    expect(result.counts).toEqual({ error: 1, warning: 2, info: 0 });
    const [, invalid, unused] = result.diagnostics;
    expect(invalid).toMatchObject({
      message: expect.stringContaining('cond/artiy: no such rule; did you mean "cond/arity"?'),
      source: { code: expect.stringContaining("# pt2lint: ignore[cond/artiy] -- misspelt") },
      target: "torch.ops.aten.add.Tensor",
      data: { by: "comment" },
    });
    expect(unused).toMatchObject({
      message: "this comment hides no finding of cond/*",
      source: { code: "d = c * 2  # pt2lint: ignore[cond/*]" },
      data: { by: "comment", suppresses: "cond/*" },
    });
  });

  it("within a branch count where torch keeps the branch's lines", async () => {
    const result = await resultOf("branch");
    expect(result.diagnostics).toEqual([]);
    expect(hiddenLines(result)).toHaveLength(1);
  });

  it("are used when one of several programs uses them", async () => {
    const { results } = await lint(["comment", "comment"]);
    expect(results.map(({ counts }) => counts.warning)).toEqual([2, 2]);
  });

  it("of a rule that is off are not called unused", async () => {
    const result = await resultOf("comment", { rules: { "cond/*": "off" } });
    expect(result.diagnostics.map(({ rule }) => rule)).toEqual(["suppression/invalid"]);
  });
});

describe("annotations", () => {
  it("hide what is found in their region", async () => {
    const result = await resultOf("annotation");
    expect(hiddenLines(result)).toEqual([`${ALIASES} inSource annotation 'the backend copies'`]);
    expect(result.diagnostics.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      `${ALIASES}: the true branch of torch.cond returns its own input (aten.add 'add')`,
      "suppression/invalid: this annotation cannot be used: it names no rule; write ignore[RULE] -- why",
      "suppression/unused: this annotation hides no finding of cond/arity",
    ]);
  });

  it("are not in a program that was exported without preserve_node_meta", async () => {
    const result = await resultOf("annotation_not_kept");
    expect(result.suppressed).toEqual([]);
    expect(result.diagnostics.map(({ rule }) => rule)).toEqual([ALIASES, ALIASES]);
  });
});

describe("an archive's list", () => {
  it("hides what it says until the day that it says", async () => {
    const result = await resultOf("archive");
    expect(hiddenLines(result)).toEqual(Array(2).fill(`${ALIASES} external archive 'the backend copies'`));
    expect(result.diagnostics.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      "suppression/invalid: pt2lint.json in the archive cannot be used: suppressions[3].rule: cond/artiy: no such rule; did you mean \"cond/arity\"? 'pt2lint rules' lists them",
      "suppression/unused: suppressions[1] of pt2lint.json in the archive hides no finding of cond/arity",
      "suppression/expired: suppressions[2] of pt2lint.json in the archive hid findings of cond/* until 2024-12-31, and no longer does",
    ]);
  });

  it("counts on its last day", async () => {
    const result = await resultOf("archive", {}, { today: "2024-12-31" });
    expect(result.suppressed[0]?.suppressions).toHaveLength(2);
    expect(result.diagnostics.map(({ rule }) => rule)).not.toContain("suppression/expired");
  });

  it.each(["modules", "modules_strict"])("hides what stands in a branch by its module (%s)", async (name) => {
    const result = await resultOf(name);
    expect(result.suppressed.map(({ diagnostic: { rule, graph, module } }) => [rule, graph, module])).toEqual(
      [["cond/branch-mutates-input", "main/cond/true_graph_0", "left"]],
    );
    expect(result.diagnostics.map(({ module, message }) => `${module}: ${message}`)).toEqual([
      "right: the true branch of torch.cond writes to its input (buffer 'right.cache')",
      expect.stringMatching(/suppressions\[0\]\.rule: cond\/artiy: no such rule/),
      ": suppressions[2] of pt2lint.json in the archive hides no finding of cond/arity",
    ]);
  });

  it("that is broken is a finding", async () => {
    const result = await resultOf("archive_broken");
    expect(result.diagnostics.map(({ rule }) => rule)).toEqual([ALIASES, ALIASES, "suppression/invalid"]);
    expect(result.diagnostics[2]?.message).toMatch(/^pt2lint\.json in the archive cannot be used: it cannot/);
  });
});

it.each(["comment", "annotation", "branch", "archive", "archive_broken"])(
  "nothing within %s counts without inline suppressions",
  async (name) => {
    const result = await resultOf(name, {}, { inline: false });
    expect(result.suppressed).toEqual([]);
    expect(new Set(result.diagnostics.map(({ rule }) => rule))).toEqual(new Set([ALIASES]));
  },
);

describe("the config's list", () => {
  const hides = async (entry: Record<string, string>) => {
    const suppressions = [{ rule: ALIASES, ...entry }];
    const report = await lint(["annotation_not_kept"], { suppressions });
    return report.results[0]!.suppressed.length;
  };

  it.each([
    [{}, 2],
    [{ rule: "cond/*", reason: "known" }, 2],
    [{ op: "higher_order.cond" }, 2],
    [{ op: "torch.ops.higher_order.*" }, 2],
    [{ op: "aten.add.Tensor" }, 0],
    [{ source: "suppressed.py" }, 2],
    [{ source: "pressed.py" }, 0],
    [{ path: "annotation_not_kept.pt2" }, 2],
    [{ path: "other.pt2" }, 0],
    [{ module: "" }, 2],
    [{ module: "decoder.*" }, 0],
    [{ until: "2026-06-30" }, 2],
    [{ until: "2026-06-29" }, 0],
  ])("hides with %j: %i", async (entry, count) => {
    expect(await hides(entry)).toBe(count);
  });

  it("has its own result for what is unused or over", async () => {
    const suppressions = [
      { rule: ALIASES, reason: "known" },
      { rule: "cond/arity" },
      { rule: "cond/arity", path: "not-linted.pt2" },
      { rule: "cache/*", until: "2026-01-31" },
    ];
    const { results, counts } = await lint(["annotation_not_kept"], { suppressions });
    expect(results.map(({ path }) => path)).toEqual(["annotation_not_kept.pt2", "pt2lint.json"]);
    expect(results[1]?.diagnostics.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      "info: suppressions[1] hides no finding of cond/arity",
      "warning: suppressions[3] hid findings of cache/* until 2026-01-31, and no longer does",
    ]);
    expect(counts).toEqual({ error: 0, warning: 1, info: 1 });
  });

  it("is refused when it cannot be used", () => {
    const suppressions = [
      { rule: "cond/artiy" },
      { module: "a" },
      { rule: "cond/arity", until: "2026-02-30", modul: "a" },
      "cond/arity",
      { rule: "cond/arity", op: 3 },
    ];
    const config = { suppressions } as unknown as Config;
    expect(() => resolveConfig(config, { rules, origin: "pt2lint.json" })).toThrow(
      [
        "pt2lint.json: suppressions[0].rule: cond/artiy: no such rule; did you mean \"cond/arity\"? 'pt2lint rules' lists them",
        'pt2lint.json: suppressions[1]: names no rule; add "rule", a rule\'s id, or "*" for any',
        'pt2lint.json: suppressions[2].modul: unknown key; did you mean "module"? (known: rule, module, op, source, path, reason, until)',
        'pt2lint.json: suppressions[2].until: must be a day such as 2027-01-31, not "2026-02-30"',
        'pt2lint.json: suppressions[3]: must be an object such as { "rule": "cond/arity" }, not "cond/arity"',
        "pt2lint.json: suppressions[4].op: must be a text, not 3",
      ].join("\n"),
    );
  });
});
