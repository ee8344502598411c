import type { Argv, Options } from "yargs";
import { didYouMean } from "../lint/closest.ts";
import { VERSION } from "../version.ts";
import { absent, type CommandName, type Invocation, UsageError } from "./arguments.ts";
import type { CommandSpec, OperandSpec, OptionSpec } from "./command-spec.ts";
import { commands } from "./commands.ts";
import { completeFor, type RuleIds } from "./complete.ts";
import { GET_COMPLETIONS } from "./completion-scripts.ts";

/** A command to run, or a text that answers the command line by itself: help, version, what a shell shall offer. */
export type Reading = Invocation | { readonly text: string };

const EPILOGUE = [
  "Exit codes: 0 clean; 1 findings of severity error, or a difference; 2 wrong usage, an unreadable path or a crash.",
  "Linting executes nothing of a program and reads no weights, unless --confirm or --weights asks for it.",
].join("\n");

/** Reads any command line with yargs, which also writes help and the usage errors. */
export async function readFully(argv: readonly string[], width: number, ruleIds: RuleIds): Promise<Reading> {
  const [first, shell = "", ...words] = argv;
  if (first === GET_COMPLETIONS) return { text: lines(await completeFor(shell, words, ruleIds)) };
  if (first === "--version" && argv.length === 1) return { text: `${VERSION}\n` };
  refuseStandardInput(argv);
  let found: Invocation | undefined;
  const { default: yargs } = await import("yargs");
  const parser = buildParser(yargs(), argv, width, (invocation) => {
    found = invocation;
  });
  let text = "";
  // With a callback yargs prints nothing and never exits.
  await parser.parseAsync(withoutDoubleDash(argv), {}, (error: unknown, _argv: unknown, output: string) => {
    if (error !== undefined && error !== null) throw error;
    text = output;
  });
  if (text !== "") return { text: `${text}\n` };
  if (found === undefined) throw new UsageError("no command was understood", "run 'pt2lint --help'");
  return found;
}

const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join("");

/** yargs drops a lone `-`; what was to be read from standard input must not look like a clean result. */
function refuseStandardInput(argv: readonly string[]): void {
  const options = Object.values(commands).flatMap((spec: CommandSpec) => Object.entries(spec.options));
  const isValue = (before = "") =>
    options.some(
      ([name, { type, alias }]) => type !== "boolean" && (before === `--${name}` || before === `-${alias}`),
    );
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  if (words.some((word, at) => word === "-" && !isValue(words[at - 1]))) {
    const hint = "save the program to a file, and give its path";
    throw new UsageError("programs are not read from standard input", hint);
  }
}

/** yargs does not count operands behind `--`; as `./-name` they are ordinary ones, for files the same. */
function withoutDoubleDash(argv: readonly string[]): string[] {
  const at = argv.indexOf("--");
  if (at < 0) return [...argv];
  const named = Object.hasOwn(commands, argv[0] ?? "");
  const behind = argv.slice(at + 1);
  const isSpecial = (word: string) => word.startsWith("-") || Object.hasOwn(commands, word);
  const operands = behind.map((word) =>
    (!named && isSpecial(word)) || word.startsWith("-") ? `./${word}` : word,
  );
  return [...argv.slice(0, at), ...operands];
}

type Found = (invocation: Invocation) => void;

function buildParser(parser: Argv, argv: readonly string[], width: number, found: Found): Argv {
  parser
    .scriptName("pt2lint")
    .locale("en")
    .usage(
      "$0 PATH...\n\nLinter and interpreter for programs that torch.export saved (.pt2). Needs no Python and no torch.",
    )
    .parserConfiguration({
      "camel-case-expansion": false,
      "dot-notation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "strip-aliased": true,
    })
    .strict()
    .fail((message, error) => {
      // yargs reports some of its own findings as errors of the name YError.
      if (error !== undefined && error !== null && error.name !== "YError") throw error;
      throw new UsageError(tidy(message ?? error.message, argv), "run 'pt2lint --help' to see what there is");
    })
    .help()
    .alias("help", "h")
    .version(VERSION)
    .exitProcess(false)
    .epilogue(EPILOGUE)
    .wrap(width);
  for (const name of Object.keys(commands) as CommandName[]) addCommand(parser, name, found);
  return parser;
}

function addCommand(parser: Argv, name: CommandName, found: Found): void {
  const spec: CommandSpec = commands[name];
  const { operands } = spec;
  const suffix = operands === null ? "" : ` ${operandText(operands)}`;
  const names = name === "lint" ? [`${name}${suffix}`, "$0"] : [name + suffix];
  parser.command(
    names,
    spec.describe,
    (builder) => {
      if (operands !== null) {
        builder.positional(operands.name, {
          type: "string",
          array: operands.many,
          describe: operands.describe,
          ...(operands.choices && { choices: operands.choices }),
        });
      }
      for (const [key, option] of Object.entries(spec.options)) builder.option(key, toYargs(option));
      for (const [command, meaning] of spec.examples) builder.example(command, meaning);
      return builder;
    },
    (argv) => found(toInvocation(name, spec, argv)),
  );
}

const operandText = ({ name, many, optional }: OperandSpec): string =>
  optional ? `[${name}]` : many ? `<${name}..>` : `<${name}>`;

/**
 * The default stands in the help only: `toInvocation` applies it, after it has seen what was given. A count has no
 * type for yargs: it would give `few` as NaN, and the message could not say what was given.
 */
function toYargs({ type, alias, choices, describe, default: value }: OptionSpec): Options {
  const notes = [type === "count" ? " [number]" : "", value === undefined ? "" : ` [default: ${value}]`].join(
    "",
  );
  return {
    ...(type === "count" ? {} : { type: type === "boolean" ? "boolean" : "string" }),
    ...(type === "boolean" ? {} : { requiresArg: true }),
    ...(alias === undefined ? {} : { alias }),
    ...(choices === undefined ? {} : { choices }),
    describe: describe + notes,
  };
}

function toInvocation(command: CommandName, spec: CommandSpec, argv: Record<string, unknown>): Invocation {
  const options: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(spec.options))
    options[key] = optionValue(key, option, argv[key]);
  const given = spec.operands === null ? [] : [argv[spec.operands.name]].flat();
  const operands = given.filter((operand) => operand !== undefined).map(String);
  if (operands.includes("")) throw new UsageError(`an empty ${spec.operands?.name} was given`);
  return { command, operands, options } as unknown as Invocation;
}

function optionValue(key: string, spec: OptionSpec, value: unknown): unknown {
  if (value === undefined) return absent(spec);
  const values = [value].flat();
  if (spec.type === "list") return values;
  if (values.length > 1) throw new UsageError(`--${key} was given ${values.length} times`);
  if (values[0] === "") throw new UsageError(`--${key} was given nothing`);
  if (spec.type !== "count") return values[0];
  if (!/^\d{1,9}$/.test(String(values[0]))) {
    throw new UsageError(`--${key} takes a number from 0 up, not ${JSON.stringify(values[0])}`);
  }
  return Number(values[0]);
}

/** yargs' own messages in this program's words. */
function tidy(message: string, argv: readonly string[]): string {
  if (message.startsWith("Not enough non-option arguments")) return missingOperand(argv);
  const empty = /^Not enough arguments following: (\S+)/.exec(message)?.[1];
  if (empty !== undefined) return `${flag(empty)} needs a value`;
  const choice = /Argument: (\S+), Given: "(.*)", Choices: (.*)/.exec(message);
  if (choice !== null) return wrongChoice(choice[1]!, choice[2]!, choice[3]!.replaceAll('"', "").split(", "));
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (unknown !== undefined) return unknownWord(unknown, argv);
  return message.replace(/\s*\n\s*/g, "; ").replace(/^./, (first) => first.toLowerCase());
}

/** What is misspelt may be all that is missing. */
function missingOperand(argv: readonly string[]): string {
  const spec: CommandSpec =
    commands[(Object.hasOwn(commands, argv[0] ?? "") ? argv[0] : "lint") as CommandName];
  const known = Object.keys(spec.options);
  const option = argv.find((word) => /^--[\w-]/.test(word) && !known.includes(nameOf(word)));
  if (option !== undefined) return unknownWord(option.slice(2).replace(/=.*/s, ""), argv);
  return `${spec.operands?.name === "rule" ? "the id of a rule" : "a path"} is missing`;
}

/** `--no-color` or `--format=json` without what is no part of the option's name. */
const nameOf = (word: string): string => word.replace(/^--(no-)?|=.*/gs, "");

const flag = (name: string): string => `${name.length === 1 ? "-" : "--"}${name}`;

function wrongChoice(name: string, given: string, choices: readonly string[]): string {
  const isOperand = Object.values(commands).some(({ operands }) => operands?.name === name);
  const what = isOperand ? given : `${flag(name)} ${given}`;
  return `${what}: it must be one of ${choices.join(", ")}${didYouMean(given, choices)}`;
}

function unknownWord(word: string, argv: readonly string[]): string {
  const option = `--${word}`;
  if (argv.some((one) => one === option || one.startsWith(`${option}=`))) {
    const known = [
      ...Object.values(commands).flatMap(({ options }) => Object.keys(options)),
      "help",
      "version",
    ];
    if (known.includes(word)) return `${option} is no option of this command, or stands before its name`;
    return `unknown option ${option}${didYouMean(
      option,
      known.map((name) => `--${name}`),
    )}`;
  }
  if (!argv.includes(word)) return `unknown option ${flag(word)}`;
  const spec: CommandSpec | undefined = commands[argv[0] as CommandName];
  if (spec?.operands?.many === false) return `${word} is one ${spec.operands.name} too many`;
  return `${word} is nothing that this command takes`;
}
