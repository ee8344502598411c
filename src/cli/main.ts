import type { Invocation } from "./arguments.ts";
import { explainCommand } from "./explain-command.ts";
import { failureLines } from "./failure.ts";
import { lintCommand } from "./lint-command.ts";
import { loadConfig } from "./load-config.ts";
import { writeNote, writeResult } from "./output.ts";
import { readQuickly } from "./read-quickly.ts";
import { rulesCommand } from "./rules-command.ts";
import { terminalOf, widthOf } from "./terminal.ts";

/** Runs a command line and gives its exit code: 0 clean, 1 findings, 2 usage, an unreadable path, a crash. */
export async function main(argv: readonly string[]): Promise<number> {
  // What escapes every promise would end the process with 1, the code for findings.
  process.on("uncaughtException", (error) => {
    process.exitCode = fail(error);
  });
  try {
    const invocation = readQuickly(argv);
    return await (invocation === null ? runFully(argv) : run(invocation));
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): number {
  const debug = (process.env.PT2LINT_DEBUG ?? "") !== "";
  for (const line of failureLines(error, debug)) writeNote(line);
  return 2;
}

/** What is not a plain command line: help, version, completion, mistakes, rare ways to write options. */
async function runFully(argv: readonly string[]): Promise<number> {
  const { readFully } = await import("./read-fully.ts");
  const isEmpty = argv.length === 0;
  const width = widthOf(terminalOf(isEmpty ? 2 : 1));
  const reading = await readFully(isEmpty ? ["--help"] : argv, width, ruleIds);
  if (!("text" in reading)) return run(reading);
  if (isEmpty) writeNote(reading.text.trimEnd());
  else writeResult(reading.text, undefined);
  return isEmpty ? 2 : 0;
}

async function ruleIds(): Promise<readonly string[]> {
  return [...(await loadConfig({}, process.cwd())).severities.keys()].sort();
}

type AnyInvocation = { readonly [Name in Invocation["command"]]: Invocation<Name> }[Invocation["command"]];

/**
 * `show` brings the printer along, `run`, `diff` and `ops` the interpreter, and `init` and `completion` are rare: they are loaded when they run. The others are part of the first file: the
 * bundler would cut what they share with `lint` into files of their own, and each costs `lint` a millisecond.
 */
async function run(invocation: Invocation): Promise<number> {
  const known = invocation as AnyInvocation;
  switch (known.command) {
    case "lint":
      return lintCommand(known);
    case "show":
      return (await import("./show-command.ts")).showCommand(known);
    case "run":
      return (await import("./run-command.ts")).runCommand(known);
    case "diff":
      return (await import("./diff-command.ts")).diffCommand(known);
    case "ops":
      return (await import("./ops-command.ts")).opsCommand(known);
    case "completion":
      return (await import("./completion-command.ts")).completionCommand(known);
    case "init":
      return (await import("./init-command.ts")).initCommand(known);
    case "rules":
      return rulesCommand(known);
    case "explain":
      return explainCommand(known);
  }
}
