/**
 * pt2lint: the verifier and linter for programs that `torch.export` saves.
 *
 * @example
 * import { lint } from "pt2lint";
 * const report = await lint("model.pt2");
 * for (const { diagnostics } of report.results) for (const d of diagnostics) console.log(d.rule, d.message);
 *
 * @module
 */
import { rules as builtInRules } from "../rules/index.generated.ts";
import { type Config, resolveConfig } from "./lint/config.ts";
import type { Diagnostic, LintReport } from "./lint/diagnostic.ts";
import { activeRules, runRules } from "./lint/engine.ts";
import { numbered } from "./lint/fingerprint.ts";
import { type LintSource, lintFiles, registryOf } from "./lint/lint.ts";
import type { Rule } from "./lint/rule.ts";
import { Suppressor } from "./lint/suppressor.ts";
import type { Program } from "./program/program.ts";

export type { BodyEffects, Write } from "./analysis/storage.ts";
export { StorageAnalysis } from "./analysis/storage.ts";
export type { Archive, ArchiveEntry, ArchiveFile, ArchiveFormat, Model, Payload } from "./archive/archive.ts";
export { InputError } from "./errors.ts";
export { type GraphlibView, toGraphlib } from "./graph/graphlib.ts";
export {
  type Config,
  ConfigError,
  defineConfig,
  type Level,
  type Plugin,
  type PresetName,
} from "./lint/config.ts";
export type {
  BaselineUse,
  Counts,
  Diagnostic,
  Json,
  LintReport,
  LintResult,
  Severity,
  SourceFrame,
  SuppressedDiagnostic,
  Suppression,
} from "./lint/diagnostic.ts";
export type { LintSource } from "./lint/lint.ts";
export {
  defineRule,
  type Example,
  type Finding,
  type InvalidExample,
  type Listeners,
  type Preset,
  type Rule,
  type RuleContext,
  type RuleMeta,
} from "./lint/rule.ts";
export type { SuppressionEntry } from "./lint/suppression-list.ts";
export { type OpenedFile, open } from "./open.ts";
export { type Body, type BodyInput, type HopCall, hopCall } from "./ops/hop/hop.ts";
export { OperatorRegistry } from "./ops/registry.ts";
export { printProgram } from "./program/print.ts";
export { Graph, Node, Program, type ProgramInput, Value } from "./program/program.ts";
export * as schema from "./schema/types.generated.ts";
export { writeDocument } from "./schema/writer.ts";
export { VERSION } from "./version.ts";

/** The rules that come with pt2lint, sorted by id. */
export const rules: readonly Rule[] = builtInRules;

/**
 * Lints one file or several: paths, or bytes with a name.
 *
 * @throws ConfigError when the config is not valid; an Error with a `code` when a path cannot be read. What is wrong
 *   with a file itself is a diagnostic.
 */
export async function lint(
  source: LintSource | readonly LintSource[],
  config: Config = {},
): Promise<LintReport> {
  const sources = Array.isArray(source) ? (source as readonly LintSource[]) : [source as LintSource];
  return lintFiles(sources, { config: resolveConfig(config, { rules: builtInRules }) });
}

/** Lints a program that is in memory already, e.g. between two passes of a compiler. What is suppressed is left out. */
export function lintProgram(program: Program, config: Config = {}): Diagnostic[] {
  const resolved = resolveConfig(config, { rules: builtInRules });
  const diagnostics = numbered(runRules(program, activeRules(resolved), registryOf(resolved)));
  const suppressor = new Suppressor(resolved);
  return suppressor.apply({ path: "", model: program.name, program, diagnostics, archive: [] }).reported;
}
