import { describe, isRecord } from "./checks.ts";
import { ConfigError } from "./config.ts";
import type { Diagnostic, LintReport, LintResult, SuppressedDiagnostic } from "./diagnostic.ts";
import { fingerprint } from "./fingerprint.ts";
import { countSeverities } from "./lint.ts";

/** A finding that was there when the baseline was written. All but `fingerprint` is for people to read. */
export interface BaselineEntry {
  /** The program, relative to the baseline's folder, with `/`. */
  readonly path: string;
  readonly model: string;
  readonly rule: string;
  readonly module: string;
  readonly target: string | null;
  readonly message: string;
  readonly fingerprint: string;
}

/** The version of the file's form. */
const VERSION = 1;
const TEXTS = ["path", "model", "rule", "fingerprint"] as const;

/** What a run and a baseline have in common. */
export interface BaselineScope {
  /** The path that a result's path has in the baseline. */
  readonly pathOf: (path: string) => string;
  /** Whether the run could find what the rule finds. */
  readonly isOn: (rule: string) => boolean;
  /** Whether there is a program at a path of the baseline. */
  readonly exists: (path: string) => boolean;
}

/** A file that holds something else is not written over: it may be dear to somebody. */
const HOW = "--update-baseline writes one where there is none";

/** Reads a baseline. Throws a `ConfigError` that names `file`. */
export function parseBaseline(text: string, file: string): BaselineEntry[] {
  const refuse = (problem: string) => new ConfigError([`${file}: ${problem}`]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`is no JSON (${(error as Error).message}); mend or remove it; ${HOW}`);
  }
  if (!isRecord(value)) throw refuse(`is no baseline, but ${describe(value)}; name another file; ${HOW}`);
  if (!Array.isArray(value.findings) || value.version === undefined) {
    throw refuse(`is no baseline: it has no "version" and list of "findings"; name another file; ${HOW}`);
  }
  if (value.version !== VERSION) {
    const versions = `has the version ${describe(value.version)}, and this pt2lint reads ${VERSION}`;
    throw refuse(`${versions}; remove it; ${HOW}`);
  }
  return value.findings.map((entry: unknown, at) => {
    const fault = TEXTS.find((key) => !isRecord(entry) || typeof entry[key] !== "string");
    if (fault !== undefined) throw refuse(`findings[${at}].${fault} must be a text`);
    return entry as BaselineEntry;
  });
}

/** The text of a baseline: one line a finding, so that a diff shows what came and went. */
export function baselineText(entries: readonly BaselineEntry[]): string {
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  const findings = entries.length === 0 ? "[]" : `[\n${lines}\n  ]`;
  return `{\n  "version": ${VERSION},\n  "findings": ${findings}\n}\n`;
}

/**
 * The baseline that hides all that `report` holds, except for what is suppressed anyway. Of `previous` it keeps the
 * entries that this run says nothing of: of rules that were off, and of programs that were not linted and are still
 * there.
 */
export function updatedBaseline(
  report: LintReport,
  previous: readonly BaselineEntry[],
  scope: BaselineScope,
): BaselineEntry[] {
  const linted = lintedPaths(report, scope);
  const kept = previous.filter(({ path, rule }) =>
    linted.has(path) ? !scope.isOn(rule) : scope.exists(path),
  );
  const found = report.results.flatMap((result) =>
    result.diagnostics.map((diagnostic) => entryOf(diagnostic, result, scope)),
  );
  // Stable: the findings of one program keep their order.
  const byPlace = (a: BaselineEntry, b: BaselineEntry) =>
    compare(a.path, b.path) || compare(a.model, b.model);
  return [...kept, ...found].sort(byPlace);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function entryOf(diagnostic: Diagnostic, { path, model }: LintResult, scope: BaselineScope): BaselineEntry {
  const { rule, module, target, message } = diagnostic;
  return {
    path: scope.pathOf(path),
    model,
    rule,
    module,
    target,
    message,
    fingerprint: fingerprint(diagnostic),
  };
}

function lintedPaths({ results }: LintReport, { pathOf }: BaselineScope): ReadonlySet<string> {
  return new Set(results.map(({ path }) => pathOf(path)));
}

/** The report with the findings of the baseline among the suppressed ones, and what the baseline did. */
export function applyBaseline(
  report: LintReport,
  entries: readonly BaselineEntry[],
  file: string,
  scope: BaselineScope,
): LintReport {
  const keyOf = (path: string, model: string, print: string) => JSON.stringify([path, model, print]);
  const open = new Map(entries.map((entry) => [keyOf(entry.path, entry.model, entry.fingerprint), entry]));
  let hidden = 0;
  const results = report.results.map((result) => {
    const path = scope.pathOf(result.path);
    return hide(
      result,
      (diagnostic) => {
        const isKnown = open.delete(keyOf(path, result.model, fingerprint(diagnostic)));
        if (isKnown) hidden++;
        return isKnown;
      },
      file,
    );
  });
  const linted = lintedPaths(report, scope);
  const stale = [...open.values()]
    .filter(({ path, rule }) => (linted.has(path) ? scope.isOn(rule) : !scope.exists(path)))
    .map(({ path, rule, message }) => ({ path, rule, message }));
  const counts = countSeverities(results.flatMap(({ diagnostics }) => diagnostics));
  return { ...report, results, counts, baseline: { file, hidden, stale } };
}

function hide(result: LintResult, isKnown: (diagnostic: Diagnostic) => boolean, file: string): LintResult {
  const diagnostics: Diagnostic[] = [];
  const suppressed: SuppressedDiagnostic[] = [...result.suppressed];
  const suppressions = [{ kind: "external", by: "baseline", reason: `in ${file}` }] as const;
  for (const diagnostic of result.diagnostics) {
    if (isKnown(diagnostic)) suppressed.push({ diagnostic, suppressions });
    else diagnostics.push(diagnostic);
  }
  return { ...result, diagnostics, suppressed, counts: countSeverities(diagnostics) };
}
