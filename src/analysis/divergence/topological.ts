/**
 * Each item behind those that it needs, otherwise as they were (torch/_inductor/scheduler.py topological_sort_schedule);
 * with a stack instead of recursion. `needed` is asked once an item, and answers in the order in which they are to come.
 */
export function topological<T>(items: readonly T[], needed: (item: T) => readonly T[]): T[] {
  const result: T[] = [];
  const entered = new Set<T>();
  const stack: { item: T; left: Iterator<T> }[] = [];
  const enter = (item: T): void => {
    if (entered.has(item)) return;
    entered.add(item);
    stack.push({ item, left: needed(item)[Symbol.iterator]() });
  };
  for (const item of items) {
    enter(item);
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const next = at.left.next();
      if (next.done !== true) enter(next.value);
      else result.push(stack.pop()!.item);
    }
  }
  return result;
}
