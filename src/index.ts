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
import type { CallInputs, OpenSession, SessionOptions } from "./interpreter/api.ts";
import type { DiffOptions, DiffResult } from "./interpreter/diff.ts";
import type { CallResult } from "./interpreter/session.ts";
import { type Config, resolveConfig } from "./lint/config.ts";
import type { Diagnostic, LintReport } from "./lint/diagnostic.ts";
import { activeRules, runRules } from "./lint/engine.ts";
import { numbered } from "./lint/fingerprint.ts";
import { type LintSource, lintFiles, registryOf } from "./lint/lint.ts";
import type { Rule } from "./lint/rule.ts";
import { Suppressor } from "./lint/suppressor.ts";
import type { Program } from "./program/program.ts";

export type { BodyEffects, Write } from "./analysis/body-effects.ts";
export { StorageAnalysis } from "./analysis/storage.ts";
export type { Archive, ArchiveEntry, ArchiveFile, ArchiveFormat, Model, Payload } from "./archive/archive.ts";
export { InputError } from "./errors.ts";
export {
  clusterId,
  type GraphlibEdge,
  type GraphlibNode,
  type GraphlibOptions,
  type GraphlibView,
  inputId,
  nodeId,
  outputId,
  toGraphlib,
} from "./graph/graphlib.ts";
export type {
  CallInputs,
  InputValue,
  OpenSession,
  SessionCallOptions,
  SessionOptions,
} from "./interpreter/api.ts";
export type { Difference, Tolerance } from "./interpreter/compare.ts";
export type { Decisions, DiffOptions, DiffResult, Divergence, LoweredExecution } from "./interpreter/diff.ts";
export type { Observer } from "./interpreter/execution.ts";
export { type MissingOperator, MissingOperatorsError } from "./interpreter/missing-operators.ts";
export { NodeError } from "./interpreter/node-error.ts";
export type { CallResult } from "./interpreter/session.ts";
export type { OpaqueObject, RuntimeValue } from "./interpreter/value.ts";
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
  Confirmation,
  Counts,
  Diagnostic,
  Json,
  LintReport,
  LintResult,
  Severity,
  SourceFrame,
  SuppressedDiagnostic,
  Suppression,
  Witness,
} from "./lint/diagnostic.ts";
export type { LintSource } from "./lint/lint.ts";
export { ProgramTextError, programFromText, type TextProgram } from "./lint/program-text.ts";
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
export { checkRule, type RuleCases } from "./lint/rule-check.ts";
export type { SuppressionEntry } from "./lint/suppression-list.ts";
export { type OpenedFile, open } from "./open.ts";
export { defineUserOp as defineOp } from "./ops/define-user-op.ts";
export { call, callAny, callList } from "./ops/dispatch.ts";
export { type Body, type BodyInput, type HopCall, hopCall } from "./ops/hop/hop.ts";
export type { Definition, Kernel } from "./ops/kernel.ts";
export type { Operator } from "./ops/operator.ts";
export { OperatorRegistry } from "./ops/registry.ts";
export { type PrintOptions, printProgram } from "./program/print.ts";
export { Graph, Node, Program, type ProgramInput, Value } from "./program/program.ts";
export type { Document } from "./schema/document.ts";
export * as schema from "./schema/types.generated.ts";
export { writeDocument } from "./schema/writer.ts";
export { type NestedNumbers, type TensorOptions, tensor, toTypedArray } from "./tensor/create.ts";
export { type DType, type DTypeName, dtypes } from "./tensor/dtype.ts";
export * as elements from "./tensor/elements.ts";
export { readSafetensors, writeSafetensors } from "./tensor/safetensors.ts";
export { Scalar } from "./tensor/scalar.ts";
export { Tensor, type TensorSpec } from "./tensor/tensor.ts";
export { VERSION } from "./version.ts";

/** The rules that come with pt2lint, sorted by id. */
export const rules: readonly Rule[] = builtInRules;

/** What `lint` does besides reading. */
export interface LintOptions {
  /**
   * Whether programs are run to see which findings on their caches are true; what comes of it is the `confirmation` of
   * these diagnostics. Reads all weights of a program with such findings, and runs it many times.
   */
  readonly confirm?: boolean;
}

/**
 * Lints one file or several: paths, or bytes with a name.
 *
 * @throws ConfigError when the config is not valid; an Error with a `code` when a path cannot be read. What is wrong
 *   with a file itself is a diagnostic.
 */
export async function lint(
  source: LintSource | readonly LintSource[],
  config: Config = {},
  options: LintOptions = {},
): Promise<LintReport> {
  const sources = Array.isArray(source) ? (source as readonly LintSource[]) : [source as LintSource];
  const { confirm = false } = options;
  return lintFiles(sources, { config: resolveConfig(config, { rules: builtInRules }), confirm });
}

/** Lints a program that is in memory already, e.g. between two passes of a compiler. What is suppressed is left out. */
export function lintProgram(program: Program, config: Config = {}): Diagnostic[] {
  const resolved = resolveConfig(config, { rules: builtInRules });
  const diagnostics = numbered(runRules(program, activeRules(resolved), registryOf(resolved)));
  const suppressor = new Suppressor(resolved);
  return suppressor.apply({ path: "", model: program.name, program, diagnostics, archive: [] }).reported;
}

/**
 * Runs a program in the reference interpreter, once for each of the inputs, on the same state; on the archive's sample
 * inputs when there are none.
 *
 * @throws InputError, MissingOperatorsError or NodeError, which say what cannot be run and why.
 */
export async function run(
  source: string | Uint8Array,
  calls: readonly CallInputs[] = [],
  options: SessionOptions = {},
): Promise<CallResult[]> {
  return (await import("./interpreter/api.ts")).run(source, calls, options);
}

/**
 * Runs a program eagerly and in every lowered execution that a compiler may choose, and compares outputs and state.
 *
 * @throws as `run` does.
 */
export async function diff(
  source: string | Uint8Array,
  calls: readonly CallInputs[] = [],
  options: SessionOptions & DiffOptions = {},
): Promise<DiffResult> {
  return (await import("./interpreter/api.ts")).diff(source, calls, options);
}

/**
 * Opens a program to call it any number of times on the same state.
 *
 * @throws as `run` does.
 */
export async function openSession(
  source: string | Uint8Array,
  options: SessionOptions = {},
): Promise<OpenSession> {
  return (await import("./interpreter/api.ts")).openSession(source, options);
}
