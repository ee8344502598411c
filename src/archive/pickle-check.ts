import { archiveFault } from "./faults.ts";
import { malformed } from "./pickle-globals.ts";
import { isInternal, isTuple, type PickleSlot, type PickleValue } from "./pickle-values.ts";

/** How deep containers may nest; a pytree of inputs is a handful deep. */
const MAX_PICKLE_DEPTH = 500;
/** How many values a reader that follows every reference may meet. */
const MAX_PICKLE_VALUES = 10_000_000;

interface Frame {
  readonly node: object;
  readonly children: readonly PickleSlot[];
  next: number;
  total: number;
}

function childrenOf(value: PickleSlot): readonly PickleSlot[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof Set) return [...value];
  return isTuple(value) ? value.items : undefined;
}

/**
 * A list may hold itself, and ten lists that each hold the next one ten times make ten billion values. Both
 * are refused here, so that whoever walks the result ends soon. Iterative: depth is the input's to choose.
 */
export function checkResult(root: PickleSlot): asserts root is PickleValue {
  const totals = new Map<object, number>();
  const open = new Set<object>();
  const frames: Frame[] = [];
  const visit = (value: PickleSlot): number | undefined => {
    if (isInternal(value)) throw malformed("its result holds a function, a class or a bare storage");
    const children = childrenOf(value);
    if (children === undefined) return 1;
    const known = totals.get(value as object);
    if (known !== undefined) return known;
    if (open.has(value as object)) throw malformed("a container holds itself");
    if (frames.length >= MAX_PICKLE_DEPTH)
      throw malformed(`its containers nest deeper than ${MAX_PICKLE_DEPTH}`);
    open.add(value as object);
    frames.push({ node: value as object, children, next: 0, total: 1 });
    return undefined;
  };
  visit(root);
  while (frames.length > 0) {
    const frame = frames.at(-1)!;
    if (frame.next === frame.children.length) {
      frames.pop();
      open.delete(frame.node);
      totals.set(frame.node, frame.total);
      continue;
    }
    // A child that is not counted yet opens a frame; it is asked again, by then known, when that one is done.
    const total = visit(frame.children[frame.next]!);
    if (total === undefined) continue;
    frame.next++;
    frame.total += total;
    if (frame.total > MAX_PICKLE_VALUES) {
      throw archiveFault("archive/too-large", `the pickle unfolds to more than ${MAX_PICKLE_VALUES} values`);
    }
  }
}
