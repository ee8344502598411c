import type { Archive, Model } from "../archive/archive.ts";
import { openArchive } from "../archive/open.ts";
import { InputError } from "../errors.ts";
import { readProgram } from "../open.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import type { Program } from "../program/program.ts";
import { VERSION } from "../version.ts";
import { archiveSuppressions } from "./archive-suppressions.ts";
import type { ResolvedConfig } from "./config.ts";
import type { Counts, Diagnostic, LintReport, LintResult, SourceFrame } from "./diagnostic.ts";
import { type ActiveRule, activeRules, runRules } from "./engine.ts";
import { numbered } from "./fingerprint.ts";
import { readPayloads } from "./payloads.ts";
import { scanWeights, type WeightCheck } from "./scan-weights.ts";
import type { SuppressionEntry } from "./suppression-list.ts";
import { Suppressor, type SuppressorOptions } from "./suppressor.ts";

export interface LintOptions extends SuppressorOptions {
  readonly config: ResolvedConfig;
  /** Called before each file. */
  readonly onProgress?: (path: string, index: number, total: number) => void;
  /** Whether the bytes of weights and constants are read; "none" when absent. */
  readonly weights?: WeightCheck;
  /** Called while weights are read, with the bytes that have been and that have to be read of this file. */
  readonly onWeights?: (path: string, done: number, total: number) => void;
  /** Gives a line of Python the path that its file has here. */
  readonly mapSource?: (frame: SourceFrame) => SourceFrame;
  /** Whether programs are run to see which findings on their caches are true. */
  readonly confirm?: boolean;
  /** Called before each run of a program that is run to confirm findings. */
  readonly onConfirm?: (path: string, done: number, total: number, what: string) => void;
}

/** A file to lint: a path, or bytes with the name to report them under. */
export type LintSource = string | { readonly path: string; readonly bytes: Uint8Array };

/**
 * Lints files one after another. What is wrong with a file is a diagnostic; a path that cannot be read is an Error
 * with a `code` such as ENOENT.
 */
export async function lintFiles(sources: readonly LintSource[], options: LintOptions): Promise<LintReport> {
  const start = process.hrtime();
  const { config } = options;
  const active = activeRules(config);
  const shared = {
    ...options,
    active,
    registry: registryOf(config),
    suppressor: new Suppressor(config, options),
  };
  const found: LintResult[] = [];
  for (const [index, source] of sources.entries()) {
    const path = typeof source === "string" ? source : source.path;
    options.onProgress?.(path, index, sources.length);
    found.push(...(await new FileLinter(path, shared).lint(source)));
  }
  const results = withSuppressionFindings(found, shared);
  return {
    tool: { name: "pt2lint", version: VERSION },
    results,
    counts: countSeverities(results.flatMap(({ diagnostics }) => diagnostics)),
    rules: active.length,
    elapsedMs: millisecondsSince(start),
  };
}

/** Of Node's clocks the one that is there already; `performance` is loaded with its first use. */
function millisecondsSince(start: readonly [number, number]): number {
  const [seconds, nanoseconds] = process.hrtime([...start]);
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** The operator table with what the config declares. */
export function registryOf(config: ResolvedConfig): OperatorRegistry {
  const registry = new OperatorRegistry();
  for (const schema of config.operators) registry.declare(schema);
  return registry;
}

/** What the linting of every file needs. */
interface Shared {
  readonly config: ResolvedConfig;
  readonly active: readonly ActiveRule[];
  readonly registry: OperatorRegistry;
  readonly suppressor: Suppressor;
  readonly inline?: boolean;
  readonly weights?: WeightCheck;
  readonly onWeights?: (path: string, done: number, total: number) => void;
  readonly mapSource?: (frame: SourceFrame) => SourceFrame;
  readonly confirm?: boolean;
  readonly onConfirm?: (path: string, done: number, total: number, what: string) => void;
}

/** A model as it was read, and all that was found in it. */
interface ReadModel {
  readonly name: string;
  readonly program: Program | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

class FileLinter {
  readonly #path: string;
  readonly #shared: Shared;

  constructor(path: string, shared: Shared) {
    this.#path = path;
    this.#shared = shared;
  }

  async lint(source: LintSource): Promise<LintResult[]> {
    let archive: Archive;
    try {
      archive = await openArchive(typeof source === "string" ? source : source.bytes);
    } catch (error) {
      return [this.#result({ name: "", program: undefined, diagnostics: [this.#fault(error)].flat() }, [])];
    }
    try {
      const models: ReadModel[] = [];
      for (const model of archive.models) models.push(await this.#readModel(archive, model));
      const weights = await this.#checkWeights(archive);
      // Faults beside the documents belong to the whole file: they stand with its first model.
      const faults = [...(await archive.faults()).flatMap((fault) => this.#fault(fault)), ...weights];
      const entries = await this.#archiveList(archive);
      return models.map((model, at) =>
        this.#result(at > 0 ? model : { ...model, diagnostics: [...faults, ...model.diagnostics] }, entries),
      );
    } finally {
      await archive.close();
    }
  }

  /** Reads the weights if that was asked for. What `crc` finds is among the archive's faults from then on. */
  async #checkWeights(archive: Archive): Promise<Diagnostic[]> {
    const { weights = "none", onWeights } = this.#shared;
    const progress = (done: number, total: number) => onWeights?.(this.#path, done, total);
    if (weights === "crc") await archive.verifyChecksums(progress);
    if (weights !== "scan") return [];
    return (await scanWeights(archive, progress)).flatMap(({ fault, severity }) =>
      this.#fault(fault).map((diagnostic) => ({ ...diagnostic, severity: severity ?? diagnostic.severity })),
    );
  }

  async #readModel(archive: Archive, model: Model): Promise<ReadModel> {
    let program: Program;
    try {
      program = await readProgram(model);
    } catch (error) {
      return { name: model.name, program: undefined, diagnostics: this.#fault(error) };
    }
    const { active, registry } = this.#shared;
    const payloads = await readPayloads(archive, model);
    const diagnostics = runRules(program, active, registry, payloads);
    return { name: model.name, program, diagnostics: await this.#confirm(model, program, diagnostics) };
  }

  /** With a confirmation for each finding that a run of the program can bear out, if that was asked for. */
  async #confirm(model: Model, program: Program, diagnostics: Diagnostic[]): Promise<Diagnostic[]> {
    const { confirm, config, onConfirm, registry } = this.#shared;
    // The interpreter is loaded where something is to be run.
    if (confirm !== true || !diagnostics.some(({ rule }) => rule.startsWith("cache/"))) return diagnostics;
    const { confirmed } = await import("../interpreter/confirm.ts");
    return confirmed({ model, program, registry, kernels: config.kernels }, diagnostics, (...run) =>
      onConfirm?.(this.#path, ...run),
    );
  }

  /** What the archive itself asks to hide. */
  async #archiveList(archive: Archive): Promise<readonly (SuppressionEntry | null)[]> {
    const { config, suppressor, inline = true } = this.#shared;
    if (!inline) return [];
    const { entries, problems } = await archiveSuppressions(archive, [...config.severities.keys()]);
    const model = archive.models[0]?.name ?? "";
    for (const problem of problems) suppressor.refuse(problem, this.#path, model);
    return entries;
  }

  #result(
    { name, program, diagnostics }: ReadModel,
    archive: readonly (SuppressionEntry | null)[],
  ): LintResult {
    const { mapSource, suppressor } = this.#shared;
    const all = numbered(diagnostics.map((diagnostic) => withSource(diagnostic, mapSource)));
    const { reported, suppressed } = suppressor.apply({
      path: this.#path,
      model: name,
      program,
      diagnostics: all,
      archive,
    });
    return {
      path: this.#path,
      model: name,
      torchVersion: program?.torchVersion ?? "",
      schemaVersion: program?.schemaVersion ?? "",
      dialect: program?.dialect ?? "",
      nodes: program?.nodeCount ?? 0,
      branches: program ? program.graphs.length - 1 : 0,
      diagnostics: reported,
      suppressed,
      counts: countSeverities(reported),
    };
  }

  /** The diagnostic of what the reader found, or none when its rule is off. Anything else is thrown on. */
  #fault(error: unknown): Diagnostic[] {
    if (!(error instanceof InputError)) throw error;
    const severity = this.#shared.config.severities.get(error.rule) ?? "error";
    if (severity === "off") return [];
    return [
      {
        rule: error.rule,
        severity,
        message: error.message,
        help: error.help ?? "",
        graph: "",
        node: null,
        target: null,
        source: null,
        detail: [],
        module: "",
        jsonPath: typeof error.data.path === "string" ? error.data.path : "",
        data: error.data,
      },
    ];
  }
}

function withSource(
  diagnostic: Diagnostic,
  mapSource: ((frame: SourceFrame) => SourceFrame) | undefined,
): Diagnostic {
  if (mapSource === undefined) return diagnostic;
  const { source, confirmation } = diagnostic;
  const mapped = source && mapSource(source);
  const result = mapped === source ? diagnostic : { ...diagnostic, source: mapped };
  const node = confirmation?.witness?.node;
  if (!confirmation?.witness || !node?.source) return result;
  const witness = { ...confirmation.witness, node: { ...node, source: mapSource(node.source) } };
  return { ...result, confirmation: { ...confirmation, witness } };
}

/** The results with what was found of the suppressions; those of the config get a result of their own. */
function withSuppressionFindings(
  results: readonly LintResult[],
  { suppressor, mapSource, config }: Shared,
): LintResult[] {
  const found = suppressor.findings().map((finding) => {
    const diagnostic = withSource(finding.diagnostic, mapSource);
    return { ...finding, diagnostic };
  });
  const own = found.filter(({ path }) => path === null).map(({ diagnostic }) => diagnostic);
  const extended = results.map((result) => {
    const here = found.filter(({ path, model }) => path === result.path && model === result.model);
    return here.length === 0
      ? result
      : withMore(
          result,
          here.map(({ diagnostic }) => diagnostic),
        );
  });
  return own.length === 0 ? extended : [...extended, withMore(configResult(config.origin), own)];
}

function withMore(result: LintResult, more: readonly Diagnostic[]): LintResult {
  const diagnostics = [...result.diagnostics, ...numbered(more)];
  return { ...result, diagnostics, counts: countSeverities(diagnostics) };
}

function configResult(path: string): LintResult {
  const nothing = { model: "", torchVersion: "", schemaVersion: "", dialect: "", nodes: 0, branches: 0 };
  return { path, ...nothing, diagnostics: [], suppressed: [], counts: countSeverities([]), isConfig: true };
}

/** How many diagnostics there are of each severity. */
export function countSeverities(diagnostics: readonly Diagnostic[]): Counts {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of diagnostics) counts[severity]++;
  return counts;
}
