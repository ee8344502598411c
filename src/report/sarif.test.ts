import schema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { LintReport } from "../lint/diagnostic.ts";
import { anyDiagnostic } from "./any-diagnostic.ts";
import { aliasing, options, reportOf, resultOf, samples } from "./sample-report.ts";
import { sarif } from "./sarif.ts";

const validate = compileSchema();

/** The official schema is of draft 4; all that ajv 8 minds in it are these keys and a loose pattern. */
function compileSchema() {
  const { $schema: _draft, id: _id, ...body } = schema as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats.default(ajv);
  return ajv.compile(body);
}

function expectValid(report: LintReport, root = options.root): void {
  validate(JSON.parse(sarif(report, { ...options, root })));
  expect(validate.errors ?? []).toEqual([]);
}

it("refuses what is not SARIF, so that the tests below mean something", () => {
  expect(validate({ version: "2.1.0", runs: [{ tool: {} }] })).toBe(false);
});

it.each(Object.entries(samples))("is valid against the official schema: %s", (_name, report) => {
  expectValid(report);
});

it("is valid whatever the file holds", () => {
  fc.assert(
    fc.property(anyDiagnostic, fc.string({ unit: "binary" }), (diagnostic, path) =>
      expectValid(reportOf(resultOf([diagnostic], { path, model: path }))),
    ),
  );
});

const resultIn = (report: LintReport, at = 0) => JSON.parse(sarif(report, options)).runs[0].results[at];

it("points at the line of Python and names the graph", () => {
  expect(resultIn(samples.drawn).locations).toEqual([
    {
      physicalLocation: {
        artifactLocation: { uri: "whisper_attention.py", uriBaseId: "%SRCROOT%" },
        region: { startLine: 121, snippet: { text: aliasing.source?.code } },
      },
      logicalLocations: [
        { name: "true_graph_2", fullyQualifiedName: "model/main/cond_2/true_graph_2", kind: "graph" },
      ],
    },
  ]);
});

it("points at the program when no line is known", () => {
  const report = reportOf(resultOf([{ ...aliasing, source: null }], { path: "/elsewhere/a b.pt2" }));
  expect(resultIn(report).locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: "file:///elsewhere/a%20b.pt2" },
  });
});

it("keeps its fingerprints when nodes, branches and lines get other numbers", () => {
  const renumbered = {
    ...aliasing,
    graph: "main/cond_7/true_graph_7",
    node: "cond_7",
    data: { ...aliasing.data, branch: "true_graph_7" },
    source: { ...aliasing.source!, line: 300 },
  };
  const [before, after] = [aliasing, renumbered].map(
    (diagnostic) => resultIn(reportOf(resultOf([diagnostic]))).partialFingerprints,
  );
  expect(after).toEqual(before);
});
