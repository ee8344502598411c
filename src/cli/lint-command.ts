import type { Counts, LintReport } from "../lint/diagnostic.ts";
import { lintFiles } from "../lint/lint.ts";
import { reports } from "../report/index.ts";
import { count } from "../report/text.ts";
import type { Invocation } from "./arguments.ts";
import { loadConfig } from "./load-config.ts";
import { writeNote, writeResult } from "./output.ts";
import { expandPaths } from "./paths.ts";
import { paintFor, widthOf } from "./terminal.ts";

/** `pt2lint lint PATH...`; gives the exit code. */
export async function lintCommand({ operands, options }: Invocation<"lint">): Promise<number> {
  const root = process.cwd();
  const paths = await expandPaths(operands, root);
  const config = await loadConfig(options, root);
  const report = await lintFiles(paths, { config });
  const file = options["output-file"];
  const paint = await paintFor(options.color, file);
  const width = widthOf(file === undefined ? process.stdout : {});
  const shown = options.quiet === true ? errorsOnly(report) : report;
  writeResult(reports[options.format](shown, { width, paint, root, rules: config.rules }), file);
  return exitCodeOf(report.counts, options["max-warnings"]);
}

function errorsOnly(report: LintReport): LintReport {
  const results = report.results.map((result) => ({
    ...result,
    diagnostics: result.diagnostics.filter(({ severity }) => severity === "error"),
    counts: errorCount(result.counts),
  }));
  return { ...report, results, counts: errorCount(report.counts) };
}

const errorCount = ({ error }: Counts): Counts => ({ error, warning: 0, info: 0 });

function exitCodeOf({ error, warning }: Counts, maxWarnings: number | undefined): number {
  if (maxWarnings === undefined || warning <= maxWarnings) return error > 0 ? 1 : 0;
  writeNote(`pt2lint: ${count(warning, "warning")}, more than --max-warnings ${maxWarnings}`);
  return 1;
}
