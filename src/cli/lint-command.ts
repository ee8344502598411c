import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Counts, LintReport } from "../lint/diagnostic.ts";
import { lintFiles } from "../lint/lint.ts";
import { type SourceMapper, sourceMapper } from "../lint/source-paths.ts";
import { reports } from "../report/index.ts";
import { count, sanitize } from "../report/text.ts";
import { type Invocation, UsageError } from "./arguments.ts";
import { withBaseline } from "./baseline-file.ts";
import { loadConfig } from "./load-config.ts";
import { writeNote, writeResult } from "./output.ts";
import { expandPaths } from "./paths.ts";
import { withProgress } from "./progress.ts";
import { paintFor, terminalOf, widthOf } from "./terminal.ts";
import { weightProgress } from "./weight-progress.ts";

/** `pt2lint lint PATH...`; gives the exit code. */
export async function lintCommand({ operands, options }: Invocation<"lint">): Promise<number> {
  const root = process.cwd();
  checkFlags(options);
  const paths = await expandPaths(operands, root);
  const config = await loadConfig(options, root);
  const sources = sourceMapperOf(options, root);
  const onWeights = weightProgress(terminalOf(2));
  const found = await withProgress((confirming) =>
    lintFiles(paths, {
      config,
      inline: options.inline ?? true,
      weights: options.weights,
      ...(onWeights && { onWeights }),
      confirm: options.confirm === true,
      onConfirm: (path, done, total, what) =>
        confirming.update(() => `${path}: ${done} of ${total} runs: ${what}`),
      ...(sources && { mapSource: sources.map }),
    }),
  );
  const lost = sources?.lost();
  if (lost !== undefined) {
    writeNote(
      `pt2lint: no recorded Python file was found by --source-root or --path-map, not ${sanitize(lost)} nor any other`,
    );
  }
  const report = withBaseline(found, options, config, root);
  const file = options["output-file"];
  const paint = await paintFor(options.color, file);
  const width = widthOf(file === undefined ? terminalOf(1) : undefined);
  const shown = options.quiet === true ? errorsOnly(report) : report;
  writeResult(reports[options.format](shown, { width, paint, root, rules: config.rules }), file);
  return exitCodeOf(report.counts, options["max-warnings"]);
}

type Flags = Invocation<"lint">["options"];

function checkFlags(options: Flags): void {
  if (options["update-baseline"] === true && options.baseline === undefined) {
    throw new UsageError("--update-baseline needs --baseline FILE, the file to write");
  }
}

function sourceMapperOf(options: Flags, cwd: string): SourceMapper | undefined {
  const sourceRoot = options["source-root"];
  const pathMap = options["path-map"].map(splitMapping);
  if (sourceRoot === undefined && pathMap.length === 0) return undefined;
  if (
    sourceRoot !== undefined &&
    !statSync(resolve(cwd, sourceRoot), { throwIfNoEntry: false })?.isDirectory()
  ) {
    throw new UsageError(`--source-root ${sourceRoot}: no such folder`);
  }
  return sourceMapper({ sourceRoot, pathMap, cwd });
}

function splitMapping(text: string): readonly [from: string, to: string] {
  const at = text.lastIndexOf("=");
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`--path-map takes FROM=TO, such as /build/repo=., not ${JSON.stringify(text)}`);
}

/** Leaves the counts as they are: they say what was found, the diagnostics what is shown of it. */
function errorsOnly(report: LintReport): LintReport {
  const results = report.results.map((result) => ({
    ...result,
    diagnostics: result.diagnostics.filter(({ severity }) => severity === "error"),
  }));
  return { ...report, results };
}

function exitCodeOf({ error, warning }: Counts, maxWarnings: number | undefined): number {
  if (maxWarnings === undefined || warning <= maxWarnings) return error > 0 ? 1 : 0;
  writeNote(`pt2lint: ${count(warning, "warning")}, more than --max-warnings ${maxWarnings}`);
  return 1;
}
