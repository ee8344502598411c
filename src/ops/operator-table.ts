import { readFileSync } from "node:fs";
import { OPERATOR_PAGE_STARTS } from "./operators.generated.ts";

let pages: readonly string[] | undefined;

/**
 * A page a line; a page is lines `schema~tags`, each with `;` on both sides, in the order of their names. It is data
 * beside the code, since V8 takes longer to scan a literal of that size than to read a file.
 */
function operatorPages(): readonly string[] {
  pages ??= readFileSync(new URL("./operators.generated.txt", import.meta.url), "latin1").split("\n");
  return pages;
}

/** One line of the table. */
export interface OperatorLine {
  readonly schema: string;
  readonly tags: string;
}

/**
 * Find an operator by its qualified name, `aten::add.Tensor` (no `.default`). Nothing is split or indexed, so
 * loading costs no more than the strings themselves.
 */
export function lookUp(qualifiedName: string): OperatorLine | undefined {
  const page = operatorPages()[pageOf(qualifiedName)];
  const start = page === undefined ? -1 : page.indexOf(`;${qualifiedName}(`);
  return start < 0 ? undefined : lineAt(page!, start + 1);
}

/** All overloads of an operator, `aten::add`, in the order of their names. */
export function overloadsOf(name: string): OperatorLine[] {
  const found: OperatorLine[] = [];
  const own = lookUp(name);
  if (own !== undefined) found.push(own);
  const prefix = `${name}.`;
  for (let i = Math.max(0, pageOf(prefix)); i < operatorPages().length; i++) {
    if (i > pageOf(prefix) && !OPERATOR_PAGE_STARTS[i]!.startsWith(prefix)) break;
    const page = operatorPages()[i]!;
    for (let at = page.indexOf(`;${prefix}`); at >= 0; at = page.indexOf(`;${prefix}`, at + 1))
      found.push(lineAt(page, at + 1));
  }
  return found;
}

/** The page on which a name stands, if it is there; -1 when it would come before all. */
function pageOf(qualifiedName: string): number {
  // Invariant: pages before `low` begin at or before the name, pages from `high` on begin after it.
  let low = 0;
  let high = OPERATOR_PAGE_STARTS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (OPERATOR_PAGE_STARTS[middle]! <= qualifiedName) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Every line, in order; for generators, docs and tests. */
export function* allOperators(): Generator<OperatorLine> {
  for (const page of operatorPages()) {
    for (let start = 1; start < page.length; start = page.indexOf(";", start) + 1) yield lineAt(page, start);
  }
}

function lineAt(page: string, start: number): OperatorLine {
  const tags = page.indexOf("~", start);
  return { schema: page.slice(start, tags), tags: page.slice(tags + 1, page.indexOf(";", tags)) };
}
