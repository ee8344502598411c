import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Rule } from "../src/lint/rule.ts";

/** A rule and where it stands: `cond/arity` in rules/cond/arity.ts, exported as `arity`. */
export interface RuleFile {
  readonly rule: Rule;
  /** Relative to the folder of rules, with `/`. */
  readonly path: string;
  readonly exportName: string;
}

/** Every rule of a folder, by id. Throws when a file has no rule, several, or one with another id than its path. */
export async function readRules(folder: string): Promise<RuleFile[]> {
  const files = (await readdir(folder, { recursive: true }))
    .map((path) => path.replaceAll("\\", "/"))
    .filter(isRuleFile);
  const found = await Promise.all(files.map((path) => readRule(folder, path)));
  return found.sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1));
}

/** Files and folders whose name starts with `_` hold what rules share. */
function isRuleFile(path: string): boolean {
  if (!path.endsWith(".ts") || !path.includes("/")) return false;
  return !/\.(test|generated|d)\.ts$/.test(path) && !/(^|\/)_/.test(path);
}

async function readRule(folder: string, path: string): Promise<RuleFile> {
  const module: Record<string, unknown> = await import(pathToFileURL(join(folder, path)).href);
  const rules = Object.entries(module).filter((entry): entry is [string, Rule] => isRule(entry[1]));
  const [only] = rules;
  if (only === undefined || rules.length > 1) {
    throw new Error(
      `rules/${path}: exports ${rules.length} rules, must be one (shared code goes to rules/_*/)`,
    );
  }
  const [exportName, rule] = only;
  if (exportName === "default") throw new Error(`rules/${path}: must export its rule by name`);
  if (`${rule.id}.ts` !== path) throw new Error(`rules/${path}: the rule's id is ${rule.id}`);
  return { rule, path, exportName };
}

function isRule(value: unknown): value is Rule {
  return (
    typeof value === "object" && value !== null && "id" in value && "create" in value && "messages" in value
  );
}
