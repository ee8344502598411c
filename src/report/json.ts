import type {
  BaselineUse,
  Confirmation,
  Counts,
  Diagnostic,
  LintReport,
  LintResult,
} from "../lint/diagnostic.ts";
import { safeJson } from "./text.ts";

/** The version of this document's form; it changes when a key goes or changes its meaning. */
const SCHEMA_VERSION = 1;

/** The stable, machine-readable form. Keys are copied one by one: nothing internal may slip in. */
export function json(report: LintReport): string {
  return safeJson({
    schemaVersion: SCHEMA_VERSION,
    tool: { name: report.tool.name, version: report.tool.version },
    results: report.results.map(resultOf),
    ...(report.baseline === undefined ? {} : { baseline: baselineOf(report.baseline) }),
    counts: countsOf(report.counts),
  });
}

function resultOf(result: LintResult) {
  return {
    path: result.path,
    model: result.model,
    torchVersion: result.torchVersion,
    schemaVersion: result.schemaVersion,
    dialect: result.dialect,
    nodes: result.nodes,
    diagnostics: result.diagnostics.map(diagnosticOf),
    suppressed: result.suppressed.map(({ diagnostic, suppressions }) => ({
      ...diagnosticOf(diagnostic),
      suppressions: suppressions.map(({ kind, by, reason }) => ({ kind, by, reason })),
    })),
    counts: countsOf(result.counts),
  };
}

function diagnosticOf(diagnostic: Diagnostic) {
  const { source } = diagnostic;
  return {
    rule: diagnostic.rule,
    severity: diagnostic.severity,
    message: diagnostic.message,
    help: diagnostic.help,
    graph: diagnostic.graph,
    node: diagnostic.node,
    target: diagnostic.target,
    source: source && { file: source.file, line: source.line, function: source.function, code: source.code },
    jsonPath: diagnostic.jsonPath,
    data: diagnostic.data,
    ...(diagnostic.confirmation === undefined
      ? {}
      : { confirmation: confirmationOf(diagnostic.confirmation) }),
  };
}

function confirmationOf({ status, reason, runs, witness }: Confirmation) {
  const nothing = {
    schedule: null,
    call: null,
    inputs: null,
    branches: {},
    value: null,
    at: null,
    actual: null,
  };
  const none = { ...nothing, expected: null, maxAbs: null, count: null, total: null, node: null };
  return { status, reason, runs, ...(witness === null ? none : witness) };
}

function baselineOf({ file, hidden, stale }: BaselineUse): BaselineUse {
  return { file, hidden, stale: stale.map(({ path, rule, message }) => ({ path, rule, message })) };
}

function countsOf({ error, warning, info }: Counts): Counts {
  return { error, warning, info };
}
