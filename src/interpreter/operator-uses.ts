import type { OperatorRegistry } from "../ops/registry.ts";
import type { Node, Program } from "../program/program.ts";
import { runnable, targetsOf } from "./prepare.ts";

/** An operator that a program uses. */
export interface OperatorUse {
  readonly target: string;
  /** How many nodes call it, in all graphs. */
  readonly count: number;
  /** Whether the interpreter can run it. */
  readonly runs: boolean;
  /** The first node that calls it. */
  readonly first: Node;
}

/** What a program calls: what cannot be run first, then the most frequent. */
export function operatorUses(program: Program, registry: OperatorRegistry): OperatorUse[] {
  const uses = new Map<string, { count: number; first: Node }>();
  for (const { nodes } of program.graphs) {
    for (const node of nodes) {
      for (const target of targetsOf(node)) {
        const known = uses.get(target);
        if (known === undefined) uses.set(target, { count: 1, first: node });
        else known.count++;
      }
    }
  }
  return [...uses]
    .map(([target, { count, first }]) => ({
      target,
      count,
      runs: runnable(target, registry) !== undefined,
      first,
    }))
    .sort((a, b) => Number(a.runs) - Number(b.runs) || b.count - a.count || (a.target < b.target ? -1 : 1));
}
