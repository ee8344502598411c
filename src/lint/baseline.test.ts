import { describe, expect, it } from "vitest";
import { aliasing, reportOf, resultOf } from "../report/sample-report.ts";
import {
  applyBaseline,
  type BaselineEntry,
  type BaselineScope,
  baselineText,
  parseBaseline,
  updatedBaseline,
} from "./baseline.ts";
import type { Diagnostic, LintReport } from "./diagnostic.ts";
import { numbered } from "./fingerprint.ts";

const scope: BaselineScope = {
  pathOf: (path) => path,
  isOn: (rule) => rule !== "cache/off",
  exists: (path) => path !== "gone.pt2",
};
const other: Diagnostic = {
  ...aliasing,
  rule: "cond/arity",
  severity: "warning",
  message: "takes two branches",
};

const report = (...diagnostics: readonly Diagnostic[]) => reportOf(resultOf(numbered(diagnostics)));
const written = (from: LintReport, previous: readonly BaselineEntry[] = []) =>
  updatedBaseline(from, previous, scope);
const applied = (to: LintReport, entries: readonly BaselineEntry[]) =>
  applyBaseline(to, entries, "known.json", scope);

describe("a baseline", () => {
  it("comes back from its text", () => {
    const entries = written(report(aliasing, other));
    expect(parseBaseline(baselineText(entries), "known.json")).toEqual(entries);
    expect(baselineText([])).toBe('{\n  "version": 1,\n  "findings": []\n}\n');
  });

  it("has a line for each finding, by which a person knows it", () => {
    const lines = baselineText(written(report(aliasing))).split("\n");
    expect(lines).toHaveLength(7);
    expect(JSON.parse(lines[3] ?? "")).toEqual({
      path: "decoder.pt2",
      model: "model",
      rule: aliasing.rule,
      module: aliasing.module,
      target: aliasing.target,
      message: aliasing.message,
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("hides what it holds, and nothing else", () => {
    const result = applied(report(aliasing, other), written(report(aliasing)));
    expect(result.counts).toEqual({ error: 0, warning: 1, info: 0 });
    expect(result.results[0]?.diagnostics).toEqual([other]);
    expect(result.results[0]?.counts).toEqual({ error: 0, warning: 1, info: 0 });
    expect(result.results[0]?.suppressed).toEqual([
      { diagnostic: aliasing, suppressions: [{ kind: "external", by: "baseline", reason: "in known.json" }] },
    ]);
    expect(result.baseline).toEqual({ file: "known.json", hidden: 1, stale: [] });
  });

  it("hides as many equal findings as it holds", () => {
    const result = applied(report(aliasing, aliasing, aliasing), written(report(aliasing, aliasing)));
    expect(result.counts.error).toBe(1);
    expect(applied(report(aliasing), written(report(aliasing, aliasing))).baseline).toMatchObject({
      hidden: 1,
      stale: [{ rule: aliasing.rule }],
    });
  });

  it("keeps hiding when nodes and lines move, and not in another program or model", () => {
    const entries = written(report(aliasing));
    const moved = { ...aliasing, graph: "main/cond_9/true_graph_9", node: "cond_9", source: null };
    expect(applied(report(moved), entries).counts.error).toBe(0);
    for (const rest of [{ path: "b.pt2" }, { model: "decode" }]) {
      expect(applied(reportOf(resultOf([aliasing], rest)), entries).counts.error).toBe(1);
    }
  });

  it("says which entries agree with nothing, of the programs and rules that were looked at", () => {
    const entries = [
      ...written(report(aliasing, { ...other, rule: "cache/off" })),
      ...written(reportOf(resultOf([other], { path: "not-linted.pt2" }))),
      ...written(reportOf(resultOf([other], { path: "gone.pt2" }))),
    ];
    expect(applied(report(), entries).baseline).toEqual({
      file: "known.json",
      hidden: 0,
      stale: [
        { path: "decoder.pt2", rule: aliasing.rule, message: aliasing.message },
        { path: "gone.pt2", rule: other.rule, message: other.message },
      ],
    });
  });

  it("loses what is mended when it is written again, and keeps what was not looked at", () => {
    const off = { ...other, rule: "cache/off" };
    const elsewhere = written(reportOf(resultOf([other], { path: "a-not-linted.pt2" })));
    const gone = written(reportOf(resultOf([other], { path: "gone.pt2" })));
    const previous = [...written(report(aliasing, off)), ...elsewhere, ...gone];
    const again = updatedBaseline(report(other), previous, scope);
    expect(again.map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      "a-not-linted.pt2 cond/arity",
      "decoder.pt2 cache/off",
      "decoder.pt2 cond/arity",
    ]);
  });
});

it.each([
  [
    "{",
    /^known\.json: is no JSON \(.*\); mend or remove it; --update-baseline writes one where there is none$/,
  ],
  ["[]", /^known\.json: is no baseline, but a list; name another file; /],
  [
    '{"name": "app"}',
    /^known\.json: is no baseline: it has no "version" and list of "findings"; name another file; /,
  ],
  [
    '{"version": 2, "findings": []}',
    /^known\.json: has the version 2, and this pt2lint reads 1; remove it; /,
  ],
  ['{"version": 1, "findings": [{"path": "a"}]}', /^known\.json: findings\[0\]\.model must be a text$/],
  ['{"version": 1, "findings": [null]}', /^known\.json: findings\[0\]\.path must be a text$/],
])("refuses %s", (text, message) => {
  expect(() => parseBaseline(text, "known.json")).toThrow(message);
});
