import type { Diagnostic } from "./diagnostic.ts";
import { runRules } from "./engine.ts";
import { programFromText } from "./program-text.ts";
import type { Rule } from "./rule.ts";

/** What the rule, alone and with its own severity, finds in a program in text form. */
export function findingsIn(rule: Rule, program: string): Diagnostic[] {
  const parsed = programFromText(program);
  return runRules(parsed.program, [{ rule, severity: rule.severity }], parsed.registry);
}
