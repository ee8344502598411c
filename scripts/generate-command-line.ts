/**
 * src/cli/commands.ts -> the lists of commands and options in docs/command-line.md, between the marks
 * `<!-- generated: NAME -->` and `<!-- end -->`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import type { CommandName } from "../src/cli/arguments.ts";
import type { CommandSpec, OptionSpec } from "../src/cli/command-spec.ts";
import { commands } from "../src/cli/commands.ts";
import { table } from "./markdown.ts";

const PAGE = fileURLToPath(new URL("../docs/command-line.md", import.meta.url));
const SECTION = /(<!-- generated: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** The page with its generated parts made anew. @throws Error for a part that no command has. */
export function commandLinePage(page: string): string {
  return page.replace(SECTION, (_, start: string, name: string, end: string) => {
    if (name === "commands") return `${start}${commandList()}\n${end}`;
    if (!Object.hasOwn(commands, name)) throw new Error(`docs/command-line.md: no command ${name}`);
    return `${start}${commandSection(name as CommandName)}\n${end}`;
  });
}

function commandList(): string {
  const rows = (Object.keys(commands) as CommandName[]).map((name) => [
    `pt2lint ${name === "lint" ? "[lint]" : name} ${operandOf(commands[name])}`.trim(),
    commands[name].describe,
  ]);
  const width = Math.max(...rows.map(([call]) => call!.length));
  return rows.map(([call, describe]) => `    ${call!.padEnd(width)}   ${describe}`).join("\n");
}

function operandOf({ operands }: CommandSpec): string {
  if (operands === null) return "";
  const name = operands.name.toUpperCase();
  return operands.optional ? `[${name}]` : operands.many ? `${name.replace(/S$/, "")}...` : name;
}

function commandSection(name: CommandName): string {
  const spec: CommandSpec = commands[name];
  const rows = Object.entries(spec.options).map(([option, about]) => [flags(option, about), meaning(about)]);
  const examples = spec.examples.map(([call, what]) => `    ${call.replace("$0", "pt2lint")}   # ${what}`);
  const options = rows.length > 0 ? [table(["option", "meaning"], rows)] : [];
  return [`${spec.describe}.`, ...options, examples.join("\n")].join("\n\n");
}

function flags(name: string, { type, alias, negatable, choices, value = "FILE" }: OptionSpec): string {
  const word = type === "boolean" || choices ? "" : type === "count" ? " N" : ` ${value}`;
  const long = negatable ? `\`--${name}\`, \`--no-${name}\`` : `\`--${name}${word}\``;
  return alias === undefined ? long : `\`-${alias}\`, ${long}`;
}

function meaning({ describe, choices, type, default: value }: OptionSpec): string {
  const which = choices
    ?.map((choice) => `\`${choice}\`${choice === value ? " (the default)" : ""}`)
    .join(", ");
  return [describe, which, type === "list" ? "may be repeated" : undefined].filter(Boolean).join("; ");
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, commandLinePage(readFileSync(PAGE, "utf8")));
}
