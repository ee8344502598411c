import type { Archive, Model } from "../archive/archive.ts";
import { openArchive } from "../archive/open.ts";
import { InputError } from "../errors.ts";
import { readProgram } from "../open.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import type { Program } from "../program/program.ts";
import { VERSION } from "../version.ts";
import type { ResolvedConfig } from "./config.ts";
import type { Counts, Diagnostic, LintReport, LintResult } from "./diagnostic.ts";
import { type ActiveRule, activeRules, runRules } from "./engine.ts";

export interface LintOptions {
  readonly config: ResolvedConfig;
  /** Called before each file. */
  readonly onProgress?: (path: string, index: number, total: number) => void;
}

/** A file to lint: a path, or bytes with the name to report them under. */
export type LintSource = string | { readonly path: string; readonly bytes: Uint8Array };

/**
 * Lints files one after another. What is wrong with a file is a diagnostic; a path that cannot be read is an Error
 * with a `code` such as ENOENT.
 */
export async function lintFiles(sources: readonly LintSource[], options: LintOptions): Promise<LintReport> {
  const start = performance.now();
  const { config } = options;
  const active = activeRules(config);
  const registry = registryOf(config);
  const results: LintResult[] = [];
  for (const [index, source] of sources.entries()) {
    const path = typeof source === "string" ? source : source.path;
    options.onProgress?.(path, index, sources.length);
    results.push(...(await new FileLinter(path, config, active, registry).lint(source)));
  }
  return {
    tool: { name: "pt2lint", version: VERSION },
    results,
    counts: countSeverities(results.flatMap(({ diagnostics }) => diagnostics)),
    rules: active.length,
    elapsedMs: performance.now() - start,
  };
}

/** The operator table with what the config declares. */
export function registryOf(config: ResolvedConfig): OperatorRegistry {
  const registry = new OperatorRegistry();
  for (const schema of config.operators) registry.declare(schema);
  return registry;
}

class FileLinter {
  readonly #path: string;
  readonly #config: ResolvedConfig;
  readonly #active: readonly ActiveRule[];
  readonly #registry: OperatorRegistry;

  constructor(
    path: string,
    config: ResolvedConfig,
    active: readonly ActiveRule[],
    registry: OperatorRegistry,
  ) {
    this.#path = path;
    this.#config = config;
    this.#active = active;
    this.#registry = registry;
  }

  async lint(source: LintSource): Promise<LintResult[]> {
    let archive: Archive;
    try {
      archive = await openArchive(typeof source === "string" ? source : source.bytes);
    } catch (error) {
      return [this.#result("", undefined, [this.#fault(error)].flat())];
    }
    try {
      const results: LintResult[] = [];
      for (const model of archive.models) results.push(await this.#lintModel(model));
      // Faults beside the documents belong to the whole file: they stand with its first model.
      const faults = (await archive.faults()).flatMap((fault) => this.#fault(fault));
      const [first, ...others] = results;
      if (first === undefined || faults.length === 0) return results;
      const diagnostics = [...faults, ...first.diagnostics];
      return [{ ...first, diagnostics, counts: countSeverities(diagnostics) }, ...others];
    } finally {
      await archive.close();
    }
  }

  async #lintModel(model: Model): Promise<LintResult> {
    let program: Program;
    try {
      program = await readProgram(model);
    } catch (error) {
      return this.#result(model.name, undefined, this.#fault(error));
    }
    return this.#result(model.name, program, runRules(program, this.#active, this.#registry));
  }

  #result(model: string, program: Program | undefined, diagnostics: readonly Diagnostic[]): LintResult {
    return {
      path: this.#path,
      model,
      torchVersion: program?.torchVersion ?? "",
      schemaVersion: program?.schemaVersion ?? "",
      dialect: program?.dialect ?? "",
      nodes: program?.nodeCount ?? 0,
      branches: program ? program.graphs.length - 1 : 0,
      diagnostics,
      counts: countSeverities(diagnostics),
    };
  }

  /** The diagnostic of what the reader found, or none when its rule is off. Anything else is thrown on. */
  #fault(error: unknown): Diagnostic[] {
    if (!(error instanceof InputError)) throw error;
    const severity = this.#config.severities.get(error.rule) ?? "error";
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
        data: error.data,
      },
    ];
  }
}

/** How many diagnostics there are of each severity. */
function countSeverities(diagnostics: readonly Diagnostic[]): Counts {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of diagnostics) counts[severity]++;
  return counts;
}
