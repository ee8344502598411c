import fc from "fast-check";
import { expect, it } from "vitest";
import type { LintReport } from "../lint/diagnostic.ts";
import { anyDiagnostic } from "./any-diagnostic.ts";
import { junit } from "./junit.ts";
import { options, reportOf, resultOf, samples } from "./sample-report.ts";

const TOKEN =
  /<\?xml version="1\.0" encoding="UTF-8"\?>|<(\/?)([a-z-]+)((?: [a-z]+="[^"<>\n]*")*)(\/?)>|[^<>]+/g;
const ENTITY = /&(?!(amp|lt|gt|quot|apos);)/;
/** XML 1.0, production 2. */
const CHARS = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** Throws unless `xml` is well-formed, as far as this writer can go wrong; gives its elements. */
function elements(xml: string): { name: string; attributes: string }[] {
  const open: string[] = [];
  const found: { name: string; attributes: string }[] = [];
  let end = 0;
  for (const { 0: token, 1: slash, 2: name, 3: attributes, 4: selfClosing, index } of xml.matchAll(TOKEN)) {
    if (index !== end) throw new Error(`not a token at ${end}: ${xml.slice(end, end + 40)}`);
    end += token.length;
    if (name === undefined) continue;
    if (slash === "/") expect(open.pop()).toBe(name);
    else {
      found.push({ name, attributes: attributes ?? "" });
      if (selfClosing === "") open.push(name);
    }
  }
  expect(end).toBe(xml.length);
  expect(open).toEqual([]);
  expect(xml).not.toMatch(ENTITY);
  expect(xml).toMatch(CHARS);
  return found;
}

const namesOf = (report: LintReport, name: string) =>
  elements(junit(report, options)).filter((element) => element.name === name);

it("is well-formed whatever the file holds", () => {
  fc.assert(
    fc.property(
      fc.array(anyDiagnostic, { maxLength: 3 }),
      fc.string({ unit: "binary" }),
      (findings, path) => {
        elements(junit(reportOf(resultOf(findings, { path, model: path })), options));
      },
    ),
  );
});

it("has one suite a file, also for an archive of several models", () => {
  const suites = namesOf(samples.several, "testsuite").map(({ attributes }) => attributes);
  expect(suites).toHaveLength(5);
  expect(suites[4]).toBe(' name="both.pt2" tests="2" failures="0" errors="0" skipped="0"');
});

it("counts the cases that it writes and fails for errors alone", () => {
  const [root] = namesOf(samples.several, "testsuites");
  const cases = namesOf(samples.several, "testcase");
  expect(root?.attributes).toContain(` tests="${cases.length}" failures="3"`);
  expect(namesOf(samples.several, "failure")).toHaveLength(3);
  expect(namesOf(samples.several, "system-out")).toHaveLength(3);
});

it("gives equal findings different names", () => {
  const names = namesOf(samples.several, "testcase").map(({ attributes }) => attributes);
  expect(new Set(names).size).toBe(names.length);
});
