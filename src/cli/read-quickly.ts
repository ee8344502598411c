import { absent, type CommandName, type Invocation } from "./arguments.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { commands } from "./commands.ts";

/**
 * Reads the command lines that are plain: known options, each with its value, and operands. Anything else
 * gives null and is left to yargs, whose loading and setting up costs more than linting a small program.
 * Both work from the same table, and a test holds their answers against each other.
 */
export function readQuickly(argv: readonly string[]): Invocation | null {
  const named = Object.hasOwn(commands, argv[0] ?? "");
  const command = (named ? argv[0] : "lint") as CommandName;
  const specs: Readonly<Record<string, OptionSpec>> = commands[command].options;
  const options: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) options[name] = absent(spec);
  const given = new Set<string>();
  const operands: string[] = [];
  for (let at = named ? 1 : 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (!word.startsWith("-")) {
      if (!isPlainOperand(word)) return null;
      operands.push(word);
      continue;
    }
    const option = readOption(word, specs);
    if (option === null || (given.has(option.name) && option.spec.type !== "list")) return null;
    given.add(option.name);
    if (option.spec.type === "boolean") {
      if (option.text !== undefined) return null;
      options[option.name] = !option.negated;
      continue;
    }
    const value = readValue(option.spec, option.text ?? argv[++at]);
    if (value === null) return null;
    options[option.name] =
      option.spec.type === "list" ? [...(options[option.name] as string[]), value] : value;
  }
  if (!takes(commands[command], operands)) return null;
  return { command, operands, options } as unknown as Invocation;
}

/** Words that mean something to yargs: its own command, and values of a boolean. */
const SPECIAL = new Set(["", "help", "true", "false"]);

function isPlainOperand(word: string): boolean {
  return !SPECIAL.has(word) && !Object.hasOwn(commands, word) && !/["']/.test(word);
}

interface ReadOption {
  readonly name: string;
  readonly spec: OptionSpec;
  readonly negated: boolean;
  /** The value behind `=`. */
  readonly text: string | undefined;
}

/** `--name`, `--name=value`, `--no-name` or `-n`, when the table has it. */
function readOption(word: string, specs: Readonly<Record<string, OptionSpec>>): ReadOption | null {
  if (/^-[a-z]$/.test(word)) {
    const name = Object.keys(specs).find((key) => specs[key]!.alias === word[1]);
    return name === undefined ? null : { name, spec: specs[name]!, negated: false, text: undefined };
  }
  const parts = /^--(no-)?([a-z-]+)(?:=(.*))?$/s.exec(word);
  if (parts === null) return null;
  const [, no, name = "", text] = parts;
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined || (no !== undefined && spec.type !== "boolean")) return null;
  return { name, spec, negated: no !== undefined, text };
}

function readValue(spec: OptionSpec, text: string | undefined): string | number | null {
  if (text === undefined || text === "" || text.startsWith("-") || /["']/.test(text)) return null;
  if (spec.choices !== undefined && !spec.choices.includes(text)) return null;
  if (spec.type !== "count") return text;
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function takes({ operands: spec }: CommandSpec, given: readonly string[]): boolean {
  if (spec === null) return given.length === 0;
  if (given.length === 0) return spec.optional === true;
  const { choices } = spec;
  return (spec.many || given.length === 1) && given.every((word) => choices?.includes(word) ?? true);
}
