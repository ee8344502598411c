/**
 * The lowered executions that are tried. A compiler that believes the schemas of the cache operators may run the program
 * in any of many ways; these are the extremes, each a named schedule.
 */

/** One way in which a compiler may run the program. */
export interface Schedule {
  readonly name:
    | "program order"
    | "updates early"
    | "updates early, last first"
    | "updates late"
    | "memory reused"
    | "copies dropped"
    | "reads repeated";
  /** What it does, for messages. */
  readonly about: string;
  /** Before what reads or writes their memory, as far as data allows; or behind it. */
  readonly updates: "in order" | "early" | "early, last first" | "late";
  /** What is computed last from a cond's result, or the next tensor of its size, lies in its memory. */
  readonly reuse: boolean;
  /** A copy that is then updated is what it was made from; an update of a whole temporary makes it the value. */
  readonly dropCopies: boolean;
  /** Pointwise results are computed again at each use. */
  readonly repeat: boolean;
}

const plain = { updates: "in order", reuse: false, dropCopies: false, repeat: false } as const;

export const schedules: readonly Schedule[] = [
  {
    ...plain,
    name: "program order",
    about:
      "nodes run in program order, writes of ATen's operators make new values that are copied back at the end, and unused updates are dropped",
  },
  {
    ...plain,
    name: "updates early",
    about: "updates run before other reads of their cache",
    updates: "early",
  },
  {
    ...plain,
    name: "updates early, last first",
    about: "updates run before other reads of their cache, and later ones before earlier ones",
    updates: "early, last first",
  },
  {
    ...plain,
    name: "updates late",
    about: "updates run behind other reads and writes of their cache",
    updates: "late",
  },
  {
    ...plain,
    name: "memory reused",
    about: "the memory of a cond's result is used again when the result is used no more",
    reuse: true,
  },
  {
    ...plain,
    name: "copies dropped",
    about: "copies that are only updated are not made",
    dropCopies: true,
  },
  {
    ...plain,
    name: "reads repeated",
    about: "pointwise results are computed again where they are used, behind updates of what they read",
    repeat: true,
  },
];
