/** Holds a rule against its examples. No test framework is needed for it. */
import { isDeepStrictEqual } from "node:util";
import { findingsIn } from "./examples.ts";
import type { Example, InvalidExample, Rule } from "./rule.ts";

/** Cases beside a rule's examples: those that nobody wants to read in the docs. */
export interface RuleCases {
  readonly valid?: readonly Example[];
  readonly invalid?: readonly InvalidExample[];
}

/**
 * What is wrong with a rule, nothing when all is well: its valid examples must give no diagnostic, its invalid ones exactly
 * those that they list, and together they must show every message and every key of `data` that it documents. `cases`
 * adds further ones.
 */
export function checkRule(rule: Rule, cases: RuleCases = {}): string[] {
  const valid = [...rule.examples.valid, ...(cases.valid ?? [])];
  const invalid = [...rule.examples.invalid, ...(cases.invalid ?? [])];
  const under = (example: Example, expected: InvalidExample["diagnostics"]) =>
    exampleFaults(rule, example, expected).map((fault) => `${example.title}: ${fault}`);
  return [
    ...wordFaults(rule, cases),
    ...valid.flatMap((example) => under(example, [])),
    ...invalid.flatMap((example) => under(example, example.diagnostics)),
  ];
}

/** How what the rule finds differs from what was expected. Without `data`, the message alone counts. */
export function exampleFaults(
  rule: Rule,
  { program }: Example,
  expected: InvalidExample["diagnostics"],
): string[] {
  const found = attempt(() => findingsIn(rule, program));
  if (typeof found === "string") return [found];
  const faults: string[] = [];
  for (let i = 0; i < Math.max(found.length, expected.length); i++) {
    const [is, should] = [found[i], expected[i]];
    if (is === undefined) faults.push(`diagnostic ${i}: did not find ${shown(should!)}`);
    else if (should === undefined)
      faults.push(`diagnostic ${i}: found ${shown(is)}, which the example does not list`);
    else if (is.message !== should.message || !isDeepStrictEqual(is.data, should.data ?? is.data)) {
      faults.push(`diagnostic ${i}: found ${shown(is)}, expected ${shown(should)}`);
    }
  }
  return faults;
}

function attempt<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function shown({ message, data }: InvalidExample["diagnostics"][number]): string {
  return data === undefined ? JSON.stringify(message) : `${JSON.stringify(message)} ${JSON.stringify(data)}`;
}

/** What a rule documents and no example shows, or shows and does not document. */
export function wordFaults(rule: Rule, cases: RuleCases = {}): string[] {
  if (rule.reportedBy !== undefined) return [];
  const faults: string[] = [];
  if (rule.examples.valid.length === 0) faults.push("has no valid example");
  if (rule.examples.invalid.length === 0) faults.push("has no invalid example");
  const messages = new Set<string>();
  const keys = new Set<string>();
  for (const { program } of [...rule.examples.invalid, ...(cases.invalid ?? [])]) {
    const found = attempt(() => findingsIn(rule, program));
    for (const { message, data } of typeof found === "string" ? [] : found) {
      if (/\{\w+\}/.test(message)) faults.push(`nothing fills a placeholder of ${JSON.stringify(message)}`);
      for (const key of Object.keys(data)) keys.add(key);
      for (const [id, text] of Object.entries(rule.messages)) if (isMadeFrom(text, message)) messages.add(id);
    }
  }
  const quote = JSON.stringify;
  for (const id of without(Object.keys(rule.messages), messages))
    faults.push(`no example shows the message ${quote(id)}`);
  for (const key of without(Object.keys(rule.data), keys))
    faults.push(`no example shows the key ${quote(key)} of data`);
  for (const key of without(keys, new Set(Object.keys(rule.data)))) {
    faults.push(`the key ${quote(key)} of data is not documented`);
  }
  return faults;
}

function without(words: Iterable<string>, known: ReadonlySet<string>): string[] {
  return [...words].filter((word) => !known.has(word));
}

function isMadeFrom(template: string, message: string): boolean {
  const literal = template.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "s").test(message);
}
