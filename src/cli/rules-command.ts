import type { Level } from "../lint/config.ts";
import type { Rule } from "../lint/rule.ts";
import type { Paint } from "../report/options.ts";
import { count, displayWidth, pad, safeJson, sanitize } from "../report/text.ts";
import type { Invocation } from "./arguments.ts";
import { loadConfig } from "./load-config.ts";
import { writeResult } from "./output.ts";
import { paintFor } from "./terminal.ts";

/** A rule and how the config sets it. */
type Row = readonly [rule: Rule, level: Level];

/** `pt2lint rules`: every rule, plugins' too, with the severity that it has here. */
export async function rulesCommand({ options }: Invocation<"rules">): Promise<number> {
  const { rules, severities } = await loadConfig(options, process.cwd());
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  const rows = sorted.map((rule): Row => [rule, severities.get(rule.id) ?? "off"]);
  writeResult(
    options.format === "json" ? rulesJson(rows) : rulesTable(rows, await paintFor(options.color, undefined)),
    undefined,
  );
  return 0;
}

/** What is known of each rule, for programs; `level` is how it is set here. */
function rulesJson(rows: readonly Row[]): string {
  return safeJson(
    rows.map(([rule, level]) => ({
      id: rule.id,
      level,
      severity: rule.severity,
      presets: rule.presets,
      summary: rule.summary,
      description: rule.description,
      data: rule.data,
      messages: rule.messages,
    })),
  );
}

/** One line a rule, a gap between families. */
function rulesTable(rows: readonly Row[], paint: Paint): string {
  const width = Math.max(0, ...rows.map(([{ id }]) => displayWidth(sanitize(id))));
  const lines: string[] = [];
  let family = "";
  for (const [{ id, summary, presets }, level] of rows) {
    const itsFamily = id.slice(0, id.indexOf("/"));
    if (family !== "" && itsFamily !== family) lines.push("");
    family = itsFamily;
    const shade = level === "off" ? paint.dim : paint[level];
    const name = pad(sanitize(id), width);
    lines.push(
      `${level === "off" ? paint.dim(name) : name}   ${shade(pad(level, 7))}   ${sanitize(summary)}${level === "off" ? paint.dim(sanitize(waysOn(presets))) : ""}`,
    );
  }
  const on = rows.filter(([, level]) => level !== "off").length;
  lines.push("", paint.dim(`${count(rows.length, "rule")}, ${on} on   pt2lint explain RULE`));
  return `${lines.join("\n")}\n`;
}

/** Which presets turn a rule on. */
const waysOn = (presets: Rule["presets"]): string => ` (--preset ${[...presets, "all"].join(", ")})`;
