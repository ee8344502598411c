/**
 * The lowered executions that are tried. A compiler that believes the schemas of the cache operators may run the program
 * in any of many ways; these are the extremes, each a named schedule.
 */

/** One way in which a compiler may run the program. */
export interface Schedule {
  readonly name: "program order" | "updates early" | "updates late" | "results reused" | "copies dropped";
  /** What it does, for messages. */
  readonly about: string;
  /** Before what reads or writes their memory, as far as data allows; or behind it. */
  readonly updates: "in order" | "early" | "late";
  /** The last pointwise consumer of a cond's result writes into the result's memory. */
  readonly reuse: boolean;
  /** A clone that is then updated is the tensor that was cloned. */
  readonly dropCopies: boolean;
}

const plain = { updates: "in order", reuse: false, dropCopies: false } as const;

export const schedules: readonly Schedule[] = [
  {
    ...plain,
    name: "program order",
    about:
      "nodes run in program order, ATen writes have new values that are copied back at the end, and unused updates are dropped",
  },
  {
    ...plain,
    name: "updates early",
    about: "updates run before other reads of their cache",
    updates: "early",
  },
  {
    ...plain,
    name: "updates late",
    about: "updates run behind other reads and writes of their cache",
    updates: "late",
  },
  {
    ...plain,
    name: "results reused",
    about: "the last pointwise consumer of a cond's result runs in place in its memory",
    reuse: true,
  },
  { ...plain, name: "copies dropped", about: "a copy that is then updated is not made", dropCopies: true },
];
