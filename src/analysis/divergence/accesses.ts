/** Where operations read and write. */
import { head, type Layout, layoutOf, moved } from "./layout.ts";
import type { Buffer, Expression, Load, Operation, Step } from "./operations.ts";
import { isStraight } from "./operators.ts";

/** Where an operation reads a buffer, and where it puts what it makes of that; undefined for what is not told by layouts. */
export type Access = { readonly from: Layout; readonly to: Layout } | undefined;

/** The buffers that an operation reads for what it makes, which lies as `target` does; null where it is put elsewhere. */
export function accessesOf({ expression }: Operation, target: Layout | null): Map<Buffer, Access[]> {
  const found = new Map<Buffer, Access[]>();
  /** `path` leads from the expression out to `to`, which is what the operation makes or a part of it. */
  const work: { at: Expression; path: readonly Step[]; to: Layout | undefined }[] = [
    { at: expression, path: [], to: target ?? undefined },
  ];
  const seen = new Set<Expression>();
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { at, path, to } = next;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const [i, { data, steps }] of at.loads.entries()) {
      // The second operand of a scatter goes to a part of what it makes.
      const part = at.fx?.op === "scatter" && i === 1 ? layoutOf(at.fx.base) : to;
      const goal = to === undefined || (part !== to && path.length > 0) ? undefined : part;
      const all = part === to ? [...steps, ...path] : steps;
      if ("buffer" in data) {
        const list = found.get(data.buffer) ?? [];
        const from = goal && placeOf(layoutOf(data.buffer.value), all);
        list.push(from && goal ? { from, to: goal } : undefined);
        found.set(data.buffer, list);
      } else {
        work.push({ at: data.expression, path: all, to: isStraight(data.expression.fx) ? goal : undefined });
      }
    }
  }
  return found;
}

function placeOf(start: Layout, steps: readonly Step[]): Layout | undefined {
  let at: Layout | undefined = start;
  for (const { view, base, head: part } of steps) {
    at = at && moved(layoutOf(view), layoutOf(base), at);
    if (at && part) at = head(at, layoutOf(part).sizes[2] ?? 0);
  }
  return at;
}

/** Where a write writes. */
export function written({
  buffer,
  steps,
}: {
  readonly buffer: Buffer;
  readonly steps: Load["steps"];
}): Layout {
  const start = layoutOf(buffer.value);
  const last = steps.at(-1);
  if (last === undefined) return start;
  const layout = layoutOf(last.view);
  return placeOf(start, steps) ?? (last.head ? head(layout, layoutOf(last.head).sizes[2] ?? 0) : layout);
}
