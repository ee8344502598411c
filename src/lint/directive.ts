import { unknownRule } from "./config.ts";
import { matchesPattern } from "./pattern.ts";

/** What a comment or an annotation asks for: `ignore[RULE, RULE] -- why`. */
export interface Directive {
  /** As it was written, from `ignore` on. */
  readonly text: string;
  /** Ids of rules; they may hold `*`. */
  readonly rules: readonly string[];
  readonly reason: string;
  /** Why a part of it, or all of it, cannot be used; empty when it can. */
  readonly problems: readonly string[];
}

const SYNTAX = "write ignore[RULE] -- why";

/** Reads `ignore[cond/arity, cache/*] -- why`; `known` are the ids of all rules. */
export function parseDirective(text: string, known: readonly string[]): Directive {
  const trimmed = text.trim();
  const parts = /^ignore\s*\[([^\]]*)\]\s*(?:--\s*(.*))?$/.exec(trimmed);
  const refuse = (problem: string): Directive => ({
    text: trimmed,
    rules: [],
    reason: "",
    problems: [problem],
  });
  if (parts === null) {
    if (/^ignore\s*(--.*)?$/.test(trimmed)) return refuse(`it names no rule; ${SYNTAX}`);
    return refuse(`'${trimmed}' is not understood; ${SYNTAX}`);
  }
  const names = parts[1]!
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) return refuse(`it names no rule; ${SYNTAX}`);
  const isKnown = (name: string) => known.some((id) => matchesPattern(name, id));
  const problems = names
    .filter((name) => !isKnown(name))
    .map((name) => `${name}: ${unknownRule(name, known)}`);
  return { text: trimmed, rules: names.filter(isKnown), reason: parts[2]?.trim() ?? "", problems };
}

/** What stands behind `pt2lint:` in the comments at the end of a line of Python. */
export function directivesIn(code: string): string[] {
  return commentOf(code)
    .split("#")
    .map((comment) => /^\s*pt2lint:\s*(.*)$/.exec(comment)?.[1])
    .filter((text) => text !== undefined);
}

/** The line from its first `#` that stands outside of a string. */
function commentOf(code: string): string {
  let quote = "";
  for (let at = 0; at < code.length; at++) {
    const char = code[at]!;
    if (quote !== "" && char === "\\") at++;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === "#") return code.slice(at);
  }
  return "";
}
