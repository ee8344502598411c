import type { Diagnostic, LintReport, LintResult } from "../lint/diagnostic.ts";
import { confirmationText } from "./confirmation-text.ts";
import { byFile, logicalName, shortPath } from "./locate.ts";
import type { ReportOptions } from "./options.ts";
import { sanitize } from "./text.ts";

/**
 * JUnit XML: a suite for each file, a case for each finding. Only errors are failures, so that a CI service
 * turns red when the exit code does; the others pass and say their text in `system-out`.
 */
export function junit(report: LintReport, options: ReportOptions): string {
  const suites = [...byFile(report.results)].map(([path, results]) => suiteOf(path, results, options));
  const tests = suites.reduce((sum, suite) => sum + suite.tests, 0);
  const time = (report.elapsedMs / 1000).toFixed(3);
  const head = attributes({ name: report.tool.name, tests, failures: report.counts.error, errors: 0, time });
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${head}>`];
  for (const suite of suites) lines.push(suite.text);
  return `${[...lines, "</testsuites>"].join("\n")}\n`;
}

function suiteOf(path: string, results: readonly LintResult[], options: ReportOptions) {
  const seen = new Map<string, number>();
  const cases = results.flatMap((result) => {
    const classname = result.model === "" ? path : `${path}:${result.model}`;
    if (result.diagnostics.length === 0) {
      return [`    <testcase${attributes({ classname, name: unique("no findings", classname, seen) })}/>`];
    }
    return result.diagnostics.map((diagnostic) => caseOf(diagnostic, classname, seen, options));
  });
  const failures = results.reduce((sum, result) => sum + result.counts.error, 0);
  const head = attributes({ name: path, tests: cases.length, failures, errors: 0, skipped: 0 });
  return { tests: cases.length, text: [`  <testsuite${head}>`, ...cases, "  </testsuite>"].join("\n") };
}

function caseOf(
  diagnostic: Diagnostic,
  classname: string,
  seen: Map<string, number>,
  { root }: ReportOptions,
): string {
  const where = logicalName(diagnostic);
  const name = unique(`${diagnostic.rule}${where === "" ? "" : ` at ${where}`}`, classname, seen);
  const { source } = diagnostic;
  const place: Record<string, string | number> =
    source === null ? {} : { file: shortPath(source.file, root), line: source.line };
  const body = escapeXml(bodyOf(diagnostic, root));
  const inner =
    diagnostic.severity === "error"
      ? `<failure${attributes({ message: diagnostic.message, type: diagnostic.rule })}>${body}</failure>`
      : `<system-out>${diagnostic.severity}: ${body}</system-out>`;
  return `    <testcase${attributes({ classname, name, ...place })}>\n      ${inner}\n    </testcase>`;
}

function bodyOf(diagnostic: Diagnostic, root: string): string {
  const { source, help } = diagnostic;
  const lines = [diagnostic.message];
  if (source !== null) {
    lines.push(`${shortPath(source.file, root)}:${source.line} in ${source.function}`, `    ${source.code}`);
  }
  lines.push(...diagnostic.detail);
  const confirmation = confirmationText(diagnostic);
  if (confirmation !== null) lines.push(confirmation);
  if (help !== "") lines.push(`help: ${help}`);
  return lines.map(sanitize).join("\n");
}

/** CI services tell cases apart by their names: the second of the same name gets ` #2`. */
function unique(name: string, classname: string, seen: Map<string, number>): string {
  const key = JSON.stringify([classname, name]);
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  return times === 1 ? name : `${name} #${times}`;
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(sanitize(String(value)))}"`)
    .join("");
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}
