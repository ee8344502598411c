import { existsSync, readFileSync } from "node:fs";
import { dirname, posix, relative, resolve, sep } from "node:path";
import {
  applyBaseline,
  type BaselineEntry,
  type BaselineScope,
  baselineText,
  parseBaseline,
  updatedBaseline,
} from "../lint/baseline.ts";
import type { ResolvedConfig } from "../lint/config.ts";
import type { BaselineUse, LintReport } from "../lint/diagnostic.ts";
import { count, sanitize } from "../report/text.ts";
import { UsageError } from "./arguments.ts";
import { reasonOf } from "./failure.ts";
import { writeNote, writeResult } from "./output.ts";

/** What the command line says of the baseline. */
export interface BaselineFlags {
  readonly baseline?: string | undefined;
  readonly "update-baseline"?: boolean | undefined;
}

/** Takes what the baseline holds out of a report; with `--update-baseline` it is written first. */
export function withBaseline(
  report: LintReport,
  flags: BaselineFlags,
  config: ResolvedConfig,
  root: string,
): LintReport {
  const { baseline: file, "update-baseline": update } = flags;
  if (file === undefined) return report;
  const folder = dirname(resolve(root, file));
  const scope: BaselineScope = {
    pathOf: (path) => relative(folder, resolve(root, path)).split(sep).join(posix.sep),
    isOn: (rule) => (config.severities.get(rule) ?? "off") !== "off",
    exists: (path) => existsSync(resolve(folder, path)),
  };
  let entries = readBaseline(file, root, update === true);
  if (update === true) {
    entries = updatedBaseline(report, entries, scope);
    writeResult(baselineText(entries), file);
    writeNote(`pt2lint: wrote ${count(entries.length, "finding")} to ${file}`);
  }
  const result = applyBaseline(report, entries, file, scope);
  if (update !== true && result.baseline !== undefined)
    for (const line of notes(result.baseline)) writeNote(line);
  return result;
}

function readBaseline(file: string, root: string, mayBeNew: boolean): BaselineEntry[] {
  try {
    return parseBaseline(readFileSync(resolve(root, file), "utf8"), file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === "ENOENT" && mayBeNew) return [];
    const hint =
      code === "ENOENT" ? "add --update-baseline to write it from the present findings" : undefined;
    throw new UsageError(`cannot read the baseline ${file}: ${reasonOf(error, "no such file")}`, hint);
  }
}

/** Entries shown by name; the rest is counted. */
const MOST = 10;

/** What a baseline hides, and what of it is out of date. */
function notes({ file, hidden, stale }: BaselineUse): string[] {
  const head = `pt2lint: ${file} hides ${count(hidden, "finding")}`;
  if (stale.length === 0) return [head];
  const match = stale.length === 1 ? "entry hides" : "entries hide";
  const them = stale.length === 1 ? "it" : "them";
  const more = stale.length > MOST ? [`  and ${stale.length - MOST} more`] : [];
  return [
    `${head}; ${stale.length} ${match} nothing any more, and --update-baseline takes ${them} out:`,
    ...stale.slice(0, MOST).map(({ path, rule, message }) => sanitize(`  ${path}: ${rule}: ${message}`)),
    ...more,
  ];
}
