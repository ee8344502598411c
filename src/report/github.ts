import type { Diagnostic, LintReport, Severity } from "../lint/diagnostic.ts";
import { confirmationText } from "./confirmation-text.ts";
import { placeOf } from "./locate.ts";
import type { ReportOptions } from "./options.ts";
import { sanitize } from "./text.ts";

const COMMANDS: Record<Severity, string> = { error: "error", warning: "warning", info: "notice" };

/** Workflow commands of GitHub Actions: one annotation a finding, on the line of Python when it is known. */
export function github(report: LintReport, options: ReportOptions): string {
  return report.results
    .flatMap((result) =>
      result.diagnostics.map((diagnostic) => {
        const { file, line } = placeOf(diagnostic, result, options.root);
        const properties = [`file=${escapeProperty(sanitize(file))}`];
        if (line !== null) properties.push(`line=${line}`);
        properties.push(`title=${escapeProperty(sanitize(diagnostic.rule))}`);
        const body = escapeData(bodyOf(diagnostic, result.path, line !== null));
        return `::${COMMANDS[diagnostic.severity]} ${properties.join(",")}::${body}\n`;
      }),
    )
    .join("");
}

/** The program is named in the text when the annotation stands on a line of Python. */
function bodyOf(diagnostic: Diagnostic, path: string, namesProgram: boolean): string {
  const where = [namesProgram ? path : "", diagnostic.graph].filter((part) => part !== "").join(" ");
  return [
    diagnostic.message,
    ...diagnostic.detail,
    confirmationText(diagnostic) ?? "",
    where === "" ? "" : `in ${where}`,
    diagnostic.help === "" ? "" : `help: ${diagnostic.help}`,
  ]
    .filter((line) => line !== "")
    .map(sanitize)
    .join("\n");
}

/** Text after `::`: the runner undoes exactly these three. */
export function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** A property's value ends at a comma, the properties at a colon. */
export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
