/**
 * The lowered executions that are tried. A compiler that believes the schemas of the cache operators may run the program
 * in any of many ways; these are that of torch's inductor and the extremes, each a named schedule.
 */
import type { LoweringOptions } from "./lowering.ts";
import type { Order } from "./passes.ts";

/** One way in which a compiler may run the program. */
export interface Schedule extends LoweringOptions {
  readonly name:
    | Exclude<Order, "program" | "inductor">
    | "as inductor"
    | "program order"
    | "memory reused"
    | "copies dropped"
    | "reads repeated";
  /** What it does, for messages. */
  readonly about: string;
  readonly order: Order;
  readonly copies: "kept" | "dropped";
  /** Whether results lie in memory that is used no more: as inductor has it, or wherever they may. */
  readonly reuse: "none" | "inductor" | "always";
}

const plain = {
  order: "program",
  copies: "kept",
  reuse: "none",
  inline: false,
  readFirst: false,
  swing: false,
  follow: false,
} as const;

/** What torch's inductor does. */
export const inductor: Schedule = {
  name: "as inductor",
  about: "nodes are ordered, fused and given memory as torch's inductor does it on a CPU",
  order: "inductor",
  copies: "dropped",
  reuse: "inductor",
  inline: true,
  readFirst: true,
  swing: true,
  follow: true,
};

/** The others. */
export const extremes: readonly Schedule[] = [
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
    order: "updates early",
  },
  {
    ...plain,
    name: "updates early, last first",
    about: "updates run before other reads of their cache, and later ones before earlier ones",
    order: "updates early, last first",
  },
  {
    ...plain,
    name: "updates late",
    about: "updates run behind other reads and writes of their cache",
    order: "updates late",
  },
  {
    ...plain,
    name: "memory reused",
    about: "the memory of a result is used again when the result is used no more",
    reuse: "always",
  },
  {
    ...plain,
    name: "copies dropped",
    about: "copies that are only updated are not made",
    copies: "dropped",
    swing: true,
  },
  {
    ...plain,
    name: "reads repeated",
    about: "pointwise results are computed again where they are used, behind updates of what they read",
    inline: true,
  },
];
