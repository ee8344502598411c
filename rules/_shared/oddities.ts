import type { RuleContext } from "../../src/lint/rule.ts";
import type { Oddity } from "../../src/schema/document.ts";
import { FORMER_KEYS } from "../../src/schema/drift.ts";
import { jsonPathAt } from "../../src/schema/json-path.ts";

/** Finding a path means reading the document up to it again; a hostile one may hold 100,000 oddities. */
const MAX_PATHS = 20;

/** Keys of one kind, those with the same name in the same type taken together. */
export interface OddKey {
  readonly key: string;
  /** As torch's schema names the type that holds it. */
  readonly within: string;
  readonly count: number;
  /** The JSON path of the first one; empty when there are too many of them. */
  readonly path: string;
}

/** What the decoder noted of that kind, without the keys that earlier versions of the format wrote. */
export function oddKeys({ program }: RuleContext, kind: Oddity["kind"]): OddKey[] {
  const groups = new Map<string, { first: Oddity; count: number }>();
  for (const oddity of program.document.oddities) {
    const id = `${oddity.within}.${oddity.key}`;
    if (oddity.kind !== kind || (kind === "unknown-key" && FORMER_KEYS.has(id))) continue;
    const group = groups.get(id);
    if (group) group.count++;
    else groups.set(id, { first: oddity, count: 1 });
  }
  return [...groups.values()].map(({ first, count }, i) => ({
    key: first.key,
    within: first.within,
    count,
    // Up to behind the key's first quote, so that the path ends with it.
    path: i < MAX_PATHS ? jsonPathAt(program.document.source, first.offset + 1) : "",
  }));
}
