import { levels } from "../lint/config.ts";
import { type CommandName, type CommandSpec, commands, type OptionSpec } from "./arguments.ts";

/** The ids of the rules; asked for only where they are completed. */
export type RuleIds = () => Promise<readonly string[]>;

/**
 * What the last of `words` can become; `words` are those on the user's line, without the program's name. Nothing
 * where a path belongs: the shell completes those itself. yargs completes no option behind a command that is also the
 * default one.
 */
export async function complete(words: readonly string[], ruleIds: RuleIds): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const named = Object.hasOwn(commands, before[0] ?? "");
  const name = (named ? before[0] : "lint") as CommandName;
  const spec: CommandSpec = commands[name];
  const option = optionNamed(before.at(-1) ?? "", spec.options);
  if (option !== undefined && option.spec.type !== "boolean") return valuesOf(option, current, ruleIds);
  if (current.startsWith("-")) return starting(flagsOf(spec), current);
  if (before.length === 0) return starting([...Object.keys(commands), "completion"], current);
  return name === "explain" ? starting(await ruleIds(), current) : [];
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
