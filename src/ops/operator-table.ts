import { OPERATOR_PAGE_STARTS, OPERATOR_PAGES } from "./operators.generated.ts";

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
  // Invariant: pages before `low` begin at or before the name, pages from `high` on begin after it.
  let low = 0;
  let high = OPERATOR_PAGE_STARTS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (OPERATOR_PAGE_STARTS[middle]! <= qualifiedName) low = middle + 1;
    else high = middle;
  }
  const page = OPERATOR_PAGES[low - 1];
  const start = page === undefined ? -1 : page.indexOf(`;${qualifiedName}(`);
  return start < 0 ? undefined : lineAt(page!, start + 1);
}

/** Every line, in order; for generators, docs and tests. */
export function* allOperators(): Generator<OperatorLine> {
  for (const page of OPERATOR_PAGES) {
    for (let start = 1; start < page.length; start = page.indexOf(";", start) + 1) yield lineAt(page, start);
  }
}

function lineAt(page: string, start: number): OperatorLine {
  const tags = page.indexOf("~", start);
  return { schema: page.slice(start, tags), tags: page.slice(tags + 1, page.indexOf(";", tags)) };
}
