import type { HiddenRule, RuleTable } from "./rule.ts";

const TABLES: readonly RuleTable[] = [];

/** Every operator whose schema does not tell the whole truth. */
export const HIDDEN_RULES: ReadonlyMap<string, HiddenRule> = new Map(TABLES.flatMap(Object.entries));
