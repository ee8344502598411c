import type { Kernel } from "../ops/kernel.ts";
import { parseSchema } from "../ops/schema-string.ts";
import { describe, isRecord, type ReportProblem } from "./checks.ts";
import { didYouMean } from "./closest.ts";
import type { Severity } from "./diagnostic.ts";
import { matchesPattern } from "./pattern.ts";
import type { Rule } from "./rule.ts";
import { checkSuppressions, type SuppressionEntry } from "./suppression-list.ts";

/** A rule's setting: off, or on with this severity. */
export type Level = Severity | "off";

/** Every setting that a rule can have. */
export const levels = ["off", "info", "warning", "error"] as const satisfies readonly Level[];

/**
 * The sets of rules to start from. `strict`, `executorch` and `aoti` (AOTInductor) add to `recommended`; `all` turns
 * every rule on.
 */
export const presets = ["recommended", "strict", "executorch", "aoti", "all"] as const;

export type PresetName = (typeof presets)[number];

/** Rules of a third party, made with `defineRule`. */
export interface Plugin {
  readonly rules: readonly Rule[];
}

/** What `pt2lint.config.{ts,mjs,js}` exports by default and `pt2lint.json` holds. */
export interface Config {
  /** The rules to start from; `recommended` when absent. */
  readonly preset?: PresetName;
  /**
   * Settings by rule id, on top of the preset. `*` stands for any part of an id, as in `cond/*`; a later
   * entry wins over an earlier one.
   */
  readonly rules?: Readonly<Record<string, Level>>;
  /** Further rules; like built-in ones they are on where a preset that they name is on. */
  readonly plugins?: readonly Plugin[];
  /** Custom operators by their schema: `mylib::scale_(Tensor(a!) x, float by) -> Tensor(a!)`. */
  readonly operators?: readonly string[];
  /** Operators that `run` and `diff` can run besides torch's: what `defineOp` gives. Their schemas count as `operators`. */
  readonly kernels?: readonly Kernel[];
  /** Findings that are known and shall not be reported. */
  readonly suppressions?: readonly SuppressionEntry[];
}

/** What the engine works with: every rule, how severe each one is, and the rest of the config. */
export interface ResolvedConfig {
  /** Has every rule's id. */
  readonly severities: Map<string, Level>;
  readonly rules: Rule[];
  readonly operators: string[];
  readonly kernels: readonly Kernel[];
  readonly suppressions: readonly SuppressionEntry[];
  /** How reports name the config: its path, where it has one. */
  readonly origin: string;
}

/** Types a config in an editor; returns it as it is. */
export function defineConfig(config: Config): Config {
  return config;
}

/** A config that cannot be used: every problem says where it is and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Where a config comes from, and what it is merged with. */
export interface ResolveOptions {
  /** The built-in rules. */
  readonly rules: readonly Rule[];
  /** How problems name the config: its path. */
  readonly origin?: string;
  /** What the command line says; it wins over the config. Settings apply in their order. */
  readonly overrides?: {
    readonly preset?: PresetName;
    readonly rules?: readonly (readonly [pattern: string, level: string])[];
  };
}

/** Checks a config and merges preset, plugins and settings. Throws a `ConfigError` with all problems. */
export function resolveConfig(config: unknown, options: ResolveOptions): ResolvedConfig {
  const problems: string[] = [];
  const at = (key: string) => (options.origin === undefined ? key : `${options.origin}: ${key}`);
  const report = (key: string, problem: string) => problems.push(`${at(key)}: ${problem}`);
  const checked = checkConfig(config, report);
  const rules = mergeRules(options.rules, checked.plugins ?? [], report);
  const severities = presetLevels(rules, options.overrides?.preset ?? checked.preset ?? "recommended");
  applySettings(severities, Object.entries(checked.rules ?? {}), report);
  applySettings(severities, options.overrides?.rules ?? [], (key, problem) => {
    problems.push(`--rule ${key.slice("rules[".length, -1)}: ${problem}`);
  });
  const suppressions = checkSuppressions(checked.suppressions ?? [], [...severities.keys()], report);
  if (problems.length > 0) throw new ConfigError(problems);
  const kernels = checked.kernels ?? [];
  const operators = [...(checked.operators ?? []), ...kernels.map(({ schemaText }) => schemaText)];
  return {
    severities,
    rules,
    operators,
    kernels,
    suppressions: suppressions.filter((entry) => entry !== null),
    origin: options.origin ?? "config",
  };
}

/** Each known key and its check; the check says whether the value can be used. */
const KEYS: Record<keyof Config, (value: unknown, report: ReportProblem) => boolean> = {
  preset: checkPreset,
  rules: checkRules,
  plugins: checkPlugins,
  operators: checkOperators,
  kernels: checkKernels,
  // Checked when all rules are known: an entry names one.
  suppressions: () => true,
};

/** The parts of `config` that can be used; the rest is reported. */
function checkConfig(config: unknown, report: ReportProblem): Config {
  if (!isRecord(config)) {
    report("config", `must be an object such as { rules: { "cond/arity": "off" } }, not ${describe(config)}`);
    return {};
  }
  const usable: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    // Editors look for the JSON schema here.
    if (key === "$schema" || value === undefined) continue;
    const check = Object.hasOwn(KEYS, key) ? KEYS[key as keyof Config] : undefined;
    if (check === undefined) {
      const known = Object.keys(KEYS);
      report(key, `unknown key${didYouMean(key, known)} (known: ${known.join(", ")})`);
    } else if (check(value, report)) usable[key] = value;
  }
  return usable;
}

function checkPreset(value: unknown, report: ReportProblem): boolean {
  if ((presets as readonly unknown[]).includes(value)) return true;
  const hint = typeof value === "string" ? didYouMean(value, presets) : "";
  report("preset", `must be one of ${presets.join(", ")}, not ${describe(value)}${hint}`);
  return false;
}

function checkRules(value: unknown, report: ReportProblem): boolean {
  if (isRecord(value)) return true;
  report("rules", `must be an object such as { "cond/arity": "error" }, not ${describe(value)}`);
  return false;
}

function checkPlugins(value: unknown, report: ReportProblem): boolean {
  if (!Array.isArray(value)) {
    report("plugins", `must be a list of { rules: [...] }, not ${describe(value)}`);
    return false;
  }
  const before = value.length;
  const usable = value.filter((plugin, at) => checkPlugin(plugin, `plugins[${at}]`, report));
  return usable.length === before;
}

function checkPlugin(plugin: unknown, key: string, report: ReportProblem): boolean {
  if (typeof plugin === "string") {
    const way = "import it in a pt2lint.config.mjs and list the imported object";
    report(key, `must be the plugin itself, not its name ${JSON.stringify(plugin)}; ${way}`);
    return false;
  }
  if (!isRecord(plugin) || !Array.isArray(plugin.rules)) {
    report(key, `must be an object with a list of rules, { rules: [...] }, not ${describe(plugin)}`);
    return false;
  }
  const faults = plugin.rules.map((rule, at) => checkRule(rule, `${key}.rules[${at}]`, report));
  return faults.every((usable) => usable);
}

const RULE_ID = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*$/;
const SEVERITIES = levels.filter((level) => level !== "off");

function checkRule(rule: unknown, key: string, report: ReportProblem): boolean {
  if (!isRecord(rule) || typeof rule.create !== "function") {
    report(key, `must be a rule made with defineRule, not ${describe(rule)}`);
    return false;
  }
  if (typeof rule.id !== "string" || !RULE_ID.test(rule.id)) {
    report(`${key}.id`, `must look like "family/name" in lower case, not ${describe(rule.id)}`);
    return false;
  }
  if (!(SEVERITIES as readonly unknown[]).includes(rule.severity)) {
    report(`${key}.severity`, `must be one of ${SEVERITIES.join(", ")}, not ${describe(rule.severity)}`);
    return false;
  }
  const faults = Object.entries(RULE_PARTS).filter(([part, check]) => !check(rule[part]));
  for (const [part] of faults) report(`${key}.${part}`, `is missing or of the wrong kind; see defineRule`);
  return faults.length === 0;
}

const isText = (value: unknown) => typeof value === "string";

/** What `rules`, `explain` and the reports read of every rule. */
const RULE_PARTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  presets: Array.isArray,
  summary: isText,
  description: isText,
  data: isRecord,
  messages: isRecord,
};

function checkOperators(value: unknown, report: ReportProblem): boolean {
  if (!Array.isArray(value)) {
    report("operators", `must be a list of operator schemas, not ${describe(value)}`);
    return false;
  }
  const faults = value.map((schema, at) => {
    const fault = operatorFault(schema);
    if (fault !== null) report(`operators[${at}]`, fault);
    return fault;
  });
  return faults.every((fault) => fault === null);
}

function checkKernels(value: unknown, report: ReportProblem): boolean {
  if (!Array.isArray(value)) {
    report("kernels", `must be a list of what defineOp gives, not ${describe(value)}`);
    return false;
  }
  const faults = value.map((kernel: unknown, at) => {
    const isKernel =
      typeof kernel === "object" && kernel !== null && "schemaText" in kernel && "call" in kernel;
    const fault = isKernel
      ? operatorFault(kernel.schemaText)
      : `must be what defineOp gives, not ${describe(kernel)}`;
    if (fault !== null) report(`kernels[${at}]`, fault);
    return fault;
  });
  return faults.every((fault) => fault === null);
}

function operatorFault(schema: unknown): string | null {
  const example = 'a schema such as "mylib::op(Tensor x) -> Tensor"';
  if (typeof schema !== "string") return `must be ${example}, not ${describe(schema)}`;
  try {
    parseSchema(schema);
    return null;
  } catch (error) {
    return `${(error as Error).message}; write ${example}`;
  }
}

function mergeRules(builtIn: readonly Rule[], plugins: readonly Plugin[], report: ReportProblem): Rule[] {
  const rules = new Map(builtIn.map((rule) => [rule.id, rule]));
  for (const [at, plugin] of plugins.entries()) {
    for (const rule of plugin.rules) {
      if (rules.has(rule.id))
        report(`plugins[${at}]`, `there is already a rule "${rule.id}"; rename this one`);
      else rules.set(rule.id, rule);
    }
  }
  return [...rules.values()];
}

function presetLevels(rules: readonly Rule[], preset: PresetName): Map<string, Level> {
  return new Map(rules.map((rule) => [rule.id, isIn(rule, preset) ? rule.severity : "off"]));
}

function isIn({ presets }: Rule, preset: PresetName): boolean {
  if (preset === "all") return true;
  return presets.includes("recommended") || presets.includes(preset);
}

function applySettings(
  severities: Map<string, Level>,
  settings: Iterable<readonly [pattern: string, level: unknown]>,
  report: ReportProblem,
): void {
  for (const [pattern, level] of settings) {
    const key = `rules[${JSON.stringify(pattern)}]`;
    const hits = matching(pattern, severities);
    if (hits.length === 0) report(key, unknownRule(pattern, severities.keys()));
    if ((levels as readonly unknown[]).includes(level)) {
      for (const id of hits) severities.set(id, level as Level);
    } else {
      const hint = typeof level === "string" ? didYouMean(level, levels) : "";
      report(key, `must be one of ${levels.join(", ")}, not ${describe(level)}${hint}`);
    }
  }
}

function matching(pattern: string, severities: ReadonlyMap<string, Level>): string[] {
  if (!pattern.includes("*")) return severities.has(pattern) ? [pattern] : [];
  return [...severities.keys()].filter((id) => matchesPattern(pattern, id));
}

/** How every part of pt2lint says that it has no such rule. */
export function unknownRule(id: string, known: Iterable<string>): string {
  if (id.includes("*")) return "no rule has such an id; 'pt2lint rules' lists them";
  return `no such rule${didYouMean(id, known) || ";"} 'pt2lint rules' lists them`;
}
