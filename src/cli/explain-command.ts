import { type Level, unknownRule } from "../lint/config.ts";
import { mendingOf } from "../lint/mending.ts";
import type { RuleMeta } from "../lint/rule.ts";
import type { Paint } from "../report/options.ts";
import { displayWidth, pad, sanitize, wrap } from "../report/text.ts";
import { type Invocation, UsageError } from "./arguments.ts";
import { loadConfig } from "./load-config.ts";
import { writeResult } from "./output.ts";
import { paintFor, terminalOf, widthOf } from "./terminal.ts";

/** `pt2lint explain RULE`. */
export async function explainCommand({ operands, options }: Invocation<"explain">): Promise<number> {
  const [id = ""] = operands;
  const { rules, severities } = await loadConfig(options, process.cwd());
  const rule = rules.find((each) => each.id === id);
  if (rule === undefined) throw unknown(id, [...severities.keys()]);
  const paint = await paintFor(options.color, undefined);
  const level = severities.get(id) ?? "off";
  writeResult(explainRule(rule, level, { paint, width: Math.min(100, widthOf(terminalOf(1))) }), undefined);
  return 0;
}

function unknown(id: string, known: readonly string[]): UsageError {
  const family = known.filter((each) => each.startsWith(`${id}/`));
  if (family.length === 0) return new UsageError(`${id}: ${unknownRule(id, known)}`);
  return new UsageError(`${id} is a family; name one of its rules`, family.join("\n"));
}

interface Style {
  readonly paint: Paint;
  readonly width: number;
}

/** A rule's page for the terminal: the text of its docs page, wrapped. */
function explainRule(rule: RuleMeta, level: Level, style: Style): string {
  const { paint } = style;
  const lines = [paint.strong(sanitize(rule.id)), ...wrap(sanitize(rule.summary), style.width), ""];
  lines.push(paint.dim(settingOf(rule, level)), "", ...paragraphs(rule.description, style.width), "");
  const mending = mendingOf(rule.id);
  if (mending !== undefined) lines.push(paint.strong("What to do"), ...wrap(mending, style.width), "");
  lines.push(
    ...table(
      "Messages",
      Object.values(rule.messages).map((text) => ["", text] as const),
      style,
    ),
  );
  lines.push(...table("Data (-f json)", Object.entries(rule.data), style));
  lines.push(paint.dim(`To turn it off: --rule ${sanitize(rule.id)}=off, or "rules" in a pt2lint.json`));
  return `${lines.join("\n")}\n`;
}

function settingOf({ severity, presets }: RuleMeta, level: Level): string {
  const sets = [...presets, "all"].join(", ");
  const here = level === "off" ? "off here" : level === severity ? "on here" : `set to ${level} here`;
  return `${severity} · presets: ${sets} · ${here}`;
}

/** Markdown is readable as it is: paragraphs and items are wrapped, code and tables are left alone. */
function paragraphs(markdown: string, width: number): string[] {
  let fenced = false;
  return joinLines(markdown.trim().split("\n")).flatMap((line) => {
    const isFence = line.trimStart().startsWith("```");
    if (isFence) fenced = !fenced;
    const text = sanitize(line);
    if (fenced || isFence || /^( {4}|\|)/.test(text)) return [text];
    const indent = /^\s*(?:[-*]|\d+\.)\s+/.exec(text)?.[0].length ?? 0;
    return wrap(text, width - indent).map((part, at) => (at === 0 ? part : " ".repeat(indent) + part));
  });
}

/** Lines that one paragraph was broken into in the source become one again. */
function joinLines(lines: readonly string[]): string[] {
  const joined: string[] = [];
  let open = false;
  let fenced = false;
  for (const line of lines) {
    const isFence = line.trimStart().startsWith("```");
    const starts = fenced || isFence || line.trim() === "" || /^(\s*([-*]|\d+\.)\s| {4}|#|\||>)/.test(line);
    if (open && !starts) joined.push(`${joined.pop()} ${line.trim()}`);
    else joined.push(line);
    if (isFence) fenced = !fenced;
    open = !fenced && !isFence && line.trim() !== "" && !/^( {4}|#|\|)/.test(line);
  }
  return joined;
}

function table(
  title: string,
  rows: readonly (readonly [string, string])[],
  { paint, width }: Style,
): string[] {
  if (rows.length === 0) return [];
  const names = Math.max(...rows.map(([name]) => displayWidth(sanitize(name))));
  const gap = names === 0 ? "" : "   ";
  const body = rows.flatMap(([name, text]) => {
    const column = 2 + names + gap.length;
    return wrap(sanitize(text), Math.max(30, width - column)).map((part, at) =>
      at === 0 ? `  ${pad(sanitize(name), names)}${gap}${part}` : " ".repeat(column) + part,
    );
  });
  return [paint.strong(title), ...body, ""];
}
