import { levels } from "../lint/config.ts";
import type { CommandName } from "./arguments.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { commands } from "./commands.ts";

/** The ids of the rules; asked for only where they are completed. */
export type RuleIds = () => Promise<readonly string[]>;

/**
 * What the last of `words` can become; `words` are those on the user's line up to the cursor, without the program's
 * name. Nothing where a path belongs: the shell completes those itself. yargs completes no option behind a command that
 * is also the default one.
 */
export async function completeFor(
  shell: string,
  words: readonly string[],
  ruleIds: RuleIds,
): Promise<string[]> {
  if (shell !== "bash") return complete(words, ruleIds);
  // bash takes `--rule=cond/arity` for three words, and wants what the last of them can become.
  const joined = joinedAtEquals(words);
  const current = joined.at(-1) ?? "";
  const cut = current === words.at(-1) ? 0 : current.lastIndexOf("=") + 1;
  return (await complete(joined, ruleIds)).map((word) => word.slice(cut));
}

function joinedAtEquals(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const [at, word] of words.entries()) {
    if (at > 0 && (word === "=" || words[at - 1] === "=")) joined[joined.length - 1] += word;
    else joined.push(word);
  }
  return joined;
}

async function complete(words: readonly string[], ruleIds: RuleIds): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const named = Object.hasOwn(commands, before[0] ?? "");
  const name = (named ? before[0] : "lint") as CommandName;
  const spec: CommandSpec = commands[name];
  const option = optionNamed(before.at(-1) ?? "", spec.options);
  if (option !== undefined && option.spec.type !== "boolean") return valuesOf(option, current, ruleIds);
  const [, start = "", value = ""] = /^(--[\w-]+=)(.*)$/s.exec(current) ?? [];
  const assigned = optionNamed(start.slice(0, -1), spec.options);
  if (assigned !== undefined && assigned.spec.type !== "boolean") {
    return (await valuesOf(assigned, value, ruleIds)).map((word) => start + word);
  }
  if (current.startsWith("-")) return starting(flagsOf(spec), current);
  if (before.length === 0) return starting(Object.keys(commands), current);
  if (name === "explain") return starting(await ruleIds(), current);
  return starting(spec.operands?.choices ?? [], current);
}

interface NamedOption {
  readonly name: string;
  readonly spec: OptionSpec;
}

function optionNamed(word: string, options: CommandSpec["options"]): NamedOption | undefined {
  const found = Object.entries(options).find(
    ([name, { alias }]) => word === `--${name}` || (alias !== undefined && word === `-${alias}`),
  );
  return found && { name: found[0], spec: found[1] };
}

async function valuesOf({ name, spec }: NamedOption, current: string, ruleIds: RuleIds): Promise<string[]> {
  if (spec.choices !== undefined) return starting(spec.choices, current);
  if (name !== "rule") return [];
  const at = current.indexOf("=");
  if (at < 0) return starting(await ruleIds(), current).map((id) => `${id}=`);
  const id = current.slice(0, at);
  return starting(
    levels.map((level) => `${id}=${level}`),
    current,
  );
}

function flagsOf({ options }: CommandSpec): string[] {
  const flags = Object.entries(options).flatMap(([name, { negatable }]) =>
    negatable === true ? [`--${name}`, `--no-${name}`] : [`--${name}`],
  );
  return [...flags, "--help", "--version"];
}

const starting = (words: readonly string[], start: string) => words.filter((word) => word.startsWith(start));
