import type { Diagnostic, LintReport, LintResult, Severity } from "../lint/diagnostic.ts";
import { confirmationText } from "./confirmation-text.ts";
import { byFile, shortPath, showsNode } from "./locate.ts";
import type { Paint, ReportOptions } from "./options.ts";
import { count, displayWidth, pad, sanitize, wrap } from "./text.ts";

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };
/** Room between the columns. */
const GAP = "   ";
/** The messages' column: short messages leave the rules where the eye expects them, long ones wrap. */
const SHORTEST_MESSAGE = 56;
const LONGEST_MESSAGE = 72;

/** What all findings of a report share. */
interface Layout {
  readonly paint: Paint;
  readonly root: string;
  readonly width: number;
  /** The column where messages begin. */
  readonly indent: number;
  /** The width of the messages' column. */
  readonly messages: number;
  /** Whether there is room for the rules beside the messages; else they stand below them. */
  readonly isWide: boolean;
}

/** For people: findings under their file, errors first, each with its line of Python. */
export function stylish(report: LintReport, options: ReportOptions): string {
  const layout = layoutOf(report, options);
  const files = byFile(report.results);
  const lines: string[] = [];
  for (const results of files.values()) {
    for (const result of results) {
      // With --quiet nothing may be left to say of the config.
      if (result.isConfig && result.diagnostics.length === 0) continue;
      const block = resultLines(result, results.length > 1, layout);
      // Clean files stand close together; findings get room.
      if (lines.length > 0 && (block.length > 1 || lines.at(-1) === "")) lines.push("");
      for (const line of block) lines.push(line);
    }
  }
  if (lines.length > 0 && lines.at(-1) !== "") lines.push("");
  const programs = [...files.values()].filter(([first]) => !first?.isConfig).length;
  lines.push(summaryLine(report, programs, layout));
  return `${collapseBlank(lines).join("\n")}\n`;
}

function layoutOf(report: LintReport, { paint, root, width }: ReportOptions): Layout {
  const all = report.results.flatMap((result) => result.diagnostics);
  const widest = (lengths: readonly number[]) => lengths.reduce((most, length) => Math.max(most, length), 0);
  const indent = 2 + widest(all.map(({ severity }) => severity.length)) + 2;
  const rules = widest(all.map(({ rule }) => displayWidth(sanitize(rule))));
  const messages = widest([SHORTEST_MESSAGE, ...all.map(({ message }) => displayWidth(sanitize(message)))]);
  const beside = width - indent - GAP.length - rules;
  const isWide = beside >= 30;
  const room = isWide ? beside : width - indent;
  return { paint, root, width, indent, messages: Math.min(messages, room, LONGEST_MESSAGE), isWide };
}

function resultLines(result: LintResult, hasSiblings: boolean, layout: Layout): string[] {
  const clean = result.diagnostics.length === 0;
  const lines = [headLine(result, hasSiblings, clean, layout)];
  if (clean) return lines;
  const sorted = [...result.diagnostics].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  for (const diagnostic of sorted) lines.push("", ...findingLines(diagnostic, layout));
  lines.push("");
  return lines;
}

/** `decoder.pt2   torch 2.13.0 · schema 8.20 · TRAINING · 412 nodes, 8 branches` */
function headLine(result: LintResult, hasSiblings: boolean, clean: boolean, { paint }: Layout): string {
  const facts: string[] = [];
  if (hasSiblings && result.model !== "") facts.push(`model ${result.model}`);
  if (result.torchVersion !== "") facts.push(`torch ${result.torchVersion}`);
  if (result.schemaVersion !== "") facts.push(`schema ${result.schemaVersion}`);
  if (result.dialect !== "") facts.push(result.dialect);
  if (result.nodes > 0) facts.push(sizeOf(result));
  const parts = [paint.strong(sanitize(result.path))];
  if (facts.length > 0) parts.push(paint.dim(sanitize(facts.join(" · "))));
  if (clean) parts.push(paint.good(cleanWords(result)));
  return parts.join(GAP);
}

/** Nothing to show may still be something found: what is suppressed, or left out by --quiet. */
function cleanWords({ suppressed, counts }: LintResult): string {
  if (counts.warning + counts.info > 0) return "no errors";
  return suppressed.length === 0 ? "no findings" : `no findings but ${suppressed.length} suppressed`;
}

function sizeOf({ nodes, branches }: LintResult): string {
  const size = count(nodes, "node");
  return branches === 0 ? size : `${size}, ${count(branches, "branch", "branches")}`;
}

function findingLines(diagnostic: Diagnostic, layout: Layout): string[] {
  return [
    ...titleLines(diagnostic, layout),
    ...sourceLines(diagnostic, layout),
    ...placeLines(diagnostic, layout),
    ...diagnostic.detail.flatMap((line) => detailLines(line, layout)),
    ...confirmationLines(diagnostic, layout),
    ...helpLines(diagnostic.help, layout),
  ];
}

/** Severity, message and rule; the rule stands behind the message's first line, or below the last. */
function titleLines({ severity, message, rule }: Diagnostic, layout: Layout): string[] {
  const { paint, indent } = layout;
  const [first = "", ...rest] = wrap(sanitize(message), layout.messages);
  const label = pad(`  ${severity}`, indent);
  const title = paint[severity](label) + paint.strong(layout.isWide ? pad(first, layout.messages) : first);
  const id = paint.dim(sanitize(rule));
  const margin = " ".repeat(indent);
  const more = rest.map((line) => margin + paint.strong(line));
  return layout.isWide ? [`${title}${GAP}${id}`, ...more] : [title, ...more, margin + id];
}

/** The line of Python with its number, as compilers draw it. */
function sourceLines({ source }: Diagnostic, { paint, indent, root, width }: Layout): string[] {
  if (source === null) return [];
  const file = sanitize(shortPath(source.file, root));
  const where = `${paint.strong(`${file}:${source.line}`)} in ${sanitize(source.function)}`;
  const lines = [`${" ".repeat(indent)}${paint.dim("┌─")} ${where}`];
  if (source.code !== "") {
    const number = String(source.line).padStart(indent - 1);
    const code = cut(sanitize(source.code), width - number.length - 3);
    lines.push(`${paint.dim(`${number} │`)} ${code}`);
  }
  return lines;
}

/** A line of code is a quotation, not a sentence: it is cut, never wrapped. */
function cut(code: string, width: number): string {
  if (displayWidth(code) <= width) return code;
  let kept = "";
  for (const char of code) {
    if (displayWidth(kept + char) > Math.max(20, width) - 2) break;
    kept += char;
  }
  return `${kept.trimEnd()} …`;
}

/** The graph, and the node as `show` prints it. */
function placeLines(diagnostic: Diagnostic, { paint, indent, width }: Layout): string[] {
  const { graph, node, target } = diagnostic;
  if (graph === "" && node === null) return [];
  const margin = " ".repeat(indent);
  const path = sanitize(graph.split("/").join(" / "));
  if (!showsNode(diagnostic)) {
    // Of what stands in the signature or another list, the document's own path says the place best.
    const { jsonPath } = diagnostic;
    const isGraph = jsonPath === "" || jsonPath.endsWith("graph");
    return [`${margin}${paint.dim("└─")} ${path}${isGraph ? "" : GAP + sanitize(jsonPath)}`];
  }
  const call = sanitize(target === null || target === "" ? node! : `${node} = ${shortTarget(target)}`);
  const fits = indent + 3 + displayWidth(path) + GAP.length + displayWidth(call) <= width;
  if (graph === "") return [`${margin}${paint.dim("└─")} ${call}`];
  if (fits) return [`${margin}${paint.dim("└─")} ${path}${GAP}${call}`];
  return [`${margin}${paint.dim("└─")} ${path}`, `${margin}     ${call}`];
}

function detailLines(detail: string, { indent, width }: Layout): string[] {
  const column = indent + 5;
  return wrap(sanitize(detail), Math.max(30, width - column - 2)).map(
    (line, at) => " ".repeat(at === 0 ? column : column + 2) + line,
  );
}

/** The prefix that almost every target has tells nothing. */
function shortTarget(target: string): string {
  return target.startsWith("torch.ops.") ? target.slice("torch.ops.".length) : target;
}

function helpLines(help: string, layout: Layout): string[] {
  return help === "" ? [] : labelledLines("help:", help, layout.paint.strong, layout);
}

/** What running the program says of the finding. */
function confirmationLines(diagnostic: Diagnostic, layout: Layout): string[] {
  const text = confirmationText(diagnostic);
  if (text === null) return [];
  const end = text.indexOf(":") + 1;
  const paint = diagnostic.confirmation?.status === "confirmed" ? layout.paint.error : layout.paint.strong;
  return labelledLines(text.slice(0, end), text.slice(end + 1), paint, layout);
}

function labelledLines(
  label: string,
  text: string,
  paintLabel: (text: string) => string,
  { indent, width }: Layout,
): string[] {
  const [first = "", ...rest] = wrap(sanitize(text), Math.max(30, width - indent - label.length - 1));
  const margin = " ".repeat(indent);
  return [
    `${margin}${paintLabel(label)} ${first}`,
    ...rest.map((line) => `${margin}${" ".repeat(label.length)} ${line}`),
  ];
}

/** `1 error, 0 warnings   46 rules, 9 ms   pt2lint explain cond/branch-aliases-input` */
function summaryLine(report: LintReport, files: number, { paint }: Layout): string {
  const place = files > 1 ? ` in ${count(files, "file")}` : "";
  const parts = [foundWords(report, paint) + place, ...suppressedWords(report)];
  parts.push(paint.dim(`${count(report.rules, "rule")}, ${timeOf(report.elapsedMs)}`));
  const worst = worstRule(report);
  if (worst !== null) parts.push(paint.dim(`${report.tool.name} explain ${sanitize(worst)}`));
  return parts.join(GAP);
}

/** What was found. `--quiet` takes findings out of the results and leaves the counts: the difference is said. */
function foundWords(report: LintReport, paint: Paint): string {
  const { error, warning, info } = report.counts;
  const shown = report.results.reduce((sum, { diagnostics }) => sum + diagnostics.length, 0);
  const errors = error > 0 ? paint.error(count(error, "error")) : count(error, "error");
  const warnings = warning > 0 ? paint.warning(count(warning, "warning")) : count(warning, "warning");
  const infos = info > 0 ? [count(info, "info", "infos")] : [];
  if (shown === error + warning + info) return [errors, warnings, ...infos].join(", ");
  const hidden = [...(warning > 0 ? [warnings] : []), ...infos];
  return `${errors} (and ${hidden.join(", ")} not shown)`;
}

function suppressedWords({ results, baseline }: LintReport): string[] {
  const all = results.reduce((sum, { suppressed }) => sum + suppressed.length, 0);
  const known = baseline?.hidden ?? 0;
  const words = [
    ...(all > known ? [`${all - known} suppressed`] : []),
    ...(known > 0 ? [`${known} in the baseline`] : []),
  ];
  return words.length === 0 ? [] : [words.join(", ")];
}

function timeOf(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The rule of the first among the worst findings: the one to read about first. */
function worstRule(report: LintReport): string | null {
  const all = report.results.flatMap((result) => result.diagnostics);
  const worst = all.reduce<Diagnostic | null>(
    (best, next) => (best === null || RANK[next.severity] < RANK[best.severity] ? next : best),
    null,
  );
  return worst?.rule ?? null;
}

function collapseBlank(lines: readonly string[]): string[] {
  return lines.filter((line, at) => line !== "" || (at > 0 && lines[at - 1] !== ""));
}
