import fc from "fast-check";
import { expect, it } from "vitest";
import { anyDiagnostic } from "./any-diagnostic.ts";
import { escapeData, escapeProperty, github } from "./github.ts";
import { aliasing, options, reportOf, resultOf, samples } from "./sample-report.ts";

/** What the runner does with data and with properties, in its order. */
const unescapeData = (text: string) =>
  text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
const unescapeProperty = (text: string) => unescapeData(text.replaceAll("%3A", ":").replaceAll("%2C", ","));

it("escapes so that the runner reads the same text again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(unescapeData(escapeData(text))).toBe(text);
      expect(unescapeProperty(escapeProperty(text))).toBe(text);
      expect(escapeData(text)).not.toMatch(/[\r\n]/);
      expect(escapeProperty(text)).not.toMatch(/[\r\n:,]/);
    }),
  );
});

it("writes one command a finding, whatever the file holds", () => {
  const command =
    /^::(error|warning|notice) file=[^,:\r\n]*(,line=[1-9]\d*)?,title=cond\/branch-aliases-input::.*$/;
  fc.assert(
    fc.property(fc.array(anyDiagnostic, { maxLength: 3 }), (diagnostics) => {
      const lines = github(reportOf(resultOf(diagnostics)), options).split("\n");
      expect(lines.pop()).toBe("");
      expect(lines).toHaveLength(diagnostics.length);
      for (const line of lines) expect(line).toMatch(command);
    }),
  );
});

it("names the program in the text when the annotation stands on a line of Python", () => {
  expect(github(samples.drawn, options)).toContain("%0Ain decoder.pt2 main/cond_2/true_graph_2%0A");
});

it("stands on the program when no line is known", () => {
  const text = github(reportOf(resultOf([{ ...aliasing, source: null }])), options);
  expect(text).toMatch(/^::error file=decoder\.pt2,title=/);
});
