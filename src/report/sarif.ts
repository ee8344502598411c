import type { Diagnostic, LintReport, LintResult, Severity, Suppression } from "../lint/diagnostic.ts";
import { fingerprint } from "../lint/fingerprint.ts";
import type { RuleMeta } from "../lint/rule.ts";
import { confirmationText } from "./confirmation-text.ts";
import { logicalName, uriOf } from "./locate.ts";
import type { ReportOptions } from "./options.ts";
import { safeJson, sanitize } from "./text.ts";

const LEVELS: Record<Severity, string> = { error: "error", warning: "warning", info: "note" };

/** SARIF 2.1.0: what GitHub code scanning, Azure DevOps and IDEs read. */
export function sarif(report: LintReport, options: ReportOptions): string {
  const ids = [...new Set(report.results.flatMap(ruleIds))];
  const metas = new Map(options.rules.map((rule) => [rule.id, rule]));
  const indexes = new Map(ids.map((id, at) => [id, at]));
  const run = { indexes, root: options.root, hasBaseline: report.baseline !== undefined };
  return safeJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            version: report.tool.version,
            rules: ids.map((id) => descriptorOf(id, metas.get(id))),
          },
        },
        artifacts: artifactsOf(report.results, options.root),
        results: report.results.flatMap((result) => resultsOf(result, run)),
      },
    ],
  });
}

/** What every result of a run needs to know of it. */
interface Run {
  readonly indexes: ReadonlyMap<string, number>;
  readonly root: string;
  readonly hasBaseline: boolean;
}

function ruleIds({ diagnostics, suppressed }: LintResult): string[] {
  return [...diagnostics, ...suppressed.map(({ diagnostic }) => diagnostic)].map(({ rule }) => rule);
}

function descriptorOf(id: string, meta: RuleMeta | undefined) {
  if (meta === undefined) return { id };
  return {
    id,
    shortDescription: { text: meta.summary },
    fullDescription: { text: meta.description },
    help: { text: meta.description, markdown: meta.description },
    defaultConfiguration: { level: LEVELS[meta.severity] },
    properties: { tags: [id.split("/")[0]] },
  };
}

/** The programs that were read, clean ones too: the log says what it covers. */
function artifactsOf(results: readonly LintResult[], root: string) {
  const paths = [...new Set(results.map(({ path }) => path))];
  return paths.map((path) => ({ location: uriOf(path, root), roles: ["analysisTarget"] }));
}

function resultsOf(result: LintResult, run: Run) {
  return [
    ...result.diagnostics.map((diagnostic) => resultOf(diagnostic, [], result, run)),
    ...result.suppressed.map(({ diagnostic, suppressions }) =>
      resultOf(diagnostic, suppressions, result, run),
    ),
  ];
}

function resultOf(
  diagnostic: Diagnostic,
  suppressions: readonly Suppression[],
  result: LintResult,
  { indexes, root, hasBaseline }: Run,
) {
  const print = fingerprint(diagnostic);
  const isKnown = suppressions.some(({ by }) => by === "baseline");
  return {
    ruleId: diagnostic.rule,
    ruleIndex: indexes.get(diagnostic.rule),
    level: LEVELS[diagnostic.severity],
    message: { text: textOf(diagnostic) },
    locations: [locationOf(diagnostic, result, root)],
    ...relatedOf(diagnostic, result, root),
    // GitHub matches alerts by `primaryLocationLineHash` alone; the other name is for everyone else.
    partialFingerprints: { "pt2lint/v1": print, primaryLocationLineHash: `${print}:1` },
    ...(hasBaseline ? { baselineState: isKnown ? "unchanged" : "new" } : {}),
    ...(suppressions.length === 0 ? {} : { suppressions: suppressions.map(suppressionOf) }),
    properties: {
      data: diagnostic.data,
      ...(diagnostic.confirmation === undefined ? {} : { confirmation: diagnostic.confirmation }),
    },
  };
}

function suppressionOf({ kind, by, reason }: Suppression) {
  const justification = reason === "" ? {} : { justification: sanitize(reason) };
  return { kind, status: "accepted", ...justification, properties: { by } };
}

function textOf(diagnostic: Diagnostic): string {
  const { message, detail, help } = diagnostic;
  const confirmation = confirmationText(diagnostic);
  const lines = [message, ...detail, ...(confirmation === null ? [] : [confirmation])];
  if (help !== "") lines.push(`help: ${help}`);
  return lines.map(sanitize).join("\n");
}

/** The line of Python when it is known, else the program, which has no lines. */
function locationOf(diagnostic: Diagnostic, result: LintResult, root: string) {
  const { source } = diagnostic;
  const logical = logicalOf(diagnostic, result);
  if (source === null || source.file === "" || source.line < 1) {
    return { physicalLocation: { artifactLocation: uriOf(result.path, root) }, ...logical };
  }
  const snippet = source.code === "" ? {} : { snippet: { text: sanitize(source.code) } };
  return {
    physicalLocation: {
      artifactLocation: uriOf(source.file, root),
      region: { startLine: source.line, ...snippet },
    },
    ...logical,
  };
}

function logicalOf(diagnostic: Diagnostic, result: LintResult) {
  const name = logicalName(diagnostic);
  if (name === "") return {};
  const location = {
    name: name.split("/").at(-1),
    fullyQualifiedName: result.model === "" ? name : `${result.model}/${name}`,
    // A free string in 2.1.0 (3.33.7 names the usual ones); graphs and nodes are none of those.
    kind: name === diagnostic.graph ? "graph" : "node",
  };
  return { logicalLocations: [location] };
}

/** A finding that stands on a line of Python also says in which program it was found. */
function relatedOf(diagnostic: Diagnostic, result: LintResult, root: string) {
  if (diagnostic.source === null) return {};
  const artifactLocation = uriOf(result.path, root);
  return { relatedLocations: [{ physicalLocation: { artifactLocation }, message: { text: "the program" } }] };
}
