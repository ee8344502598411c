import type { RuleContext } from "../../src/lint/rule.ts";
import { type Body, type HopCall, type HopKind, operandsAt } from "../../src/ops/hop/hop.ts";

/** A call of an operator that runs a body again and again. */
export interface Loop extends HopCall {
  readonly name: "while_loop" | "scan" | "map" | "associative_scan";
  /** How many of the last body's first outputs have to look like its first inputs. */
  readonly carries: number;
}

/** Where the values stand that a loop carries on; for associative_scan, those that it combines. */
const CARRIED: Readonly<Record<Loop["name"], number>> = {
  while_loop: 2,
  scan: 1,
  map: -1,
  associative_scan: 1,
};

/** The call as a loop, or undefined for another operator. */
export function asLoop(call: HopCall): Loop | undefined {
  const name = call.kind;
  if (!isLoop(name)) return undefined;
  return { ...call, name, carries: operandsAt(call.node, CARRIED[name]).length };
}

function isLoop(kind: HopKind): kind is Loop["name"] {
  return Object.hasOwn(CARRIED, kind);
}

/** What the user knows of a body's input: the root of what is passed, and whether only a slice of it is. */
export function nameOfInput(ctx: Pick<RuleContext, "nameOf">, body: Body, input: number): string {
  const passed = body.inputs[input];
  const placeholder = body.graph.inputs[input]!;
  if (passed?.operand && passed.passes === "slice") return `a slice of ${ctx.nameOf(passed.operand)}`;
  return ctx.nameOf(placeholder);
}
