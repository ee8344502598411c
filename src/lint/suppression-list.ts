import { describe, isRecord, type ReportProblem } from "./checks.ts";
import { didYouMean } from "./closest.ts";
import { unknownRule } from "./config.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { matchesPath, matchesPattern } from "./pattern.ts";

/**
 * Findings that shall not be reported: those that agree with every key that is given. `*` stands for any run of
 * characters.
 */
export interface SuppressionEntry {
  /** A rule's id, or a pattern such as `cache/*`. */
  readonly rule: string;
  /** The path of the module: `decoder.layers.0.encoder_attn`, `decoder.layers.*`. */
  readonly module?: string;
  /**
   * The operator, or the call that the finding is within; with `torch.ops.` or without: `aten.copy_.default`,
   * `higher_order.cond`.
   */
  readonly op?: string;
  /** The Python file, or the end of its path: `models/attention.py`. */
  readonly source?: string;
  /** The program, or the end of its path: `exports/old.pt2`. */
  readonly path?: string;
  /** Why; reports carry it. */
  readonly reason?: string;
  /** The last day on which it counts, as `YYYY-MM-DD` (UTC). */
  readonly until?: string;
}

const KEYS = ["rule", "module", "op", "source", "path", "reason", "until"] as const;

/** The entries of a list; null in the place of one that cannot be used and is reported. `rules` are the ids of all rules. */
export function checkSuppressions(
  value: unknown,
  rules: readonly string[],
  report: ReportProblem,
): (SuppressionEntry | null)[] {
  if (!Array.isArray(value)) {
    report("suppressions", `must be a list such as [{ "rule": "cond/arity" }], not ${describe(value)}`);
    return [];
  }
  return value.map((entry, at) => (isUsable(entry, `suppressions[${at}]`, rules, report) ? entry : null));
}

function isUsable(
  entry: unknown,
  key: string,
  rules: readonly string[],
  report: ReportProblem,
): entry is SuppressionEntry {
  if (!isRecord(entry)) {
    report(key, `must be an object such as { "rule": "cond/arity" }, not ${describe(entry)}`);
    return false;
  }
  const problems = faultsOf(entry, rules);
  for (const [part, problem] of problems) report(part === "" ? key : `${key}.${part}`, problem);
  return problems.length === 0;
}

function faultsOf(
  entry: Record<string, unknown>,
  rules: readonly string[],
): [key: string, problem: string][] {
  const faults: [string, string][] = [];
  for (const [key, value] of Object.entries(entry)) {
    if (!(KEYS as readonly string[]).includes(key)) {
      faults.push([key, `unknown key${didYouMean(key, KEYS)} (known: ${KEYS.join(", ")})`]);
    } else if (typeof value !== "string") faults.push([key, `must be a text, not ${describe(value)}`]);
  }
  const { rule, until } = entry;
  if (rule === undefined) faults.push(["", 'names no rule; add "rule", a rule\'s id, or "*" for any']);
  else if (typeof rule === "string" && !rules.some((id) => matchesPattern(rule, id))) {
    faults.push(["rule", `${rule}: ${unknownRule(rule, rules)}`]);
  }
  if (typeof until === "string" && !isDate(until)) {
    faults.push(["until", `must be a day such as 2027-01-31, not ${describe(until)}`]);
  }
  return faults;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/**
 * Whether the entry is about this finding in the program at `path`; `until` is left to the caller. `operators` gives
 * the targets of the finding's node and of the calls that it is within.
 */
export function concerns(
  { rule, module, op, source, path: program }: SuppressionEntry,
  diagnostic: Diagnostic,
  path: string,
  operators: () => readonly string[],
): boolean {
  return (
    matchesPattern(rule, diagnostic.rule) &&
    (module === undefined || matchesPattern(module, diagnostic.module)) &&
    (source === undefined || (diagnostic.source !== null && matchesPath(source, diagnostic.source.file))) &&
    (program === undefined || matchesPath(program, path)) &&
    (op === undefined || operators().some((target) => isOperator(op, target)))
  );
}

function isOperator(pattern: string, target: string): boolean {
  return matchesPattern(pattern, target) || matchesPattern(`torch.ops.${pattern}`, target);
}
