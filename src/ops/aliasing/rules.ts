import { CONVERSIONS } from "./conversions.ts";
import { EINSUM } from "./einsum.ts";
import { IDENTITIES } from "./identities.ts";
import { LISTS } from "./lists.ts";
import { RESHAPING } from "./reshaping.ts";
import type { HiddenRule, RuleTable } from "./rule.ts";
import { WRITES } from "./writes.ts";

const TABLES: readonly RuleTable[] = [CONVERSIONS, EINSUM, RESHAPING, IDENTITIES, LISTS, WRITES];

/** Every operator whose schema does not tell the whole truth. */
export const HIDDEN_RULES: ReadonlyMap<string, HiddenRule> = new Map(TABLES.flatMap(Object.entries));
