import { kindOfArgument } from "../../src/ops/call-check.ts";
import type { Program } from "../../src/program/program.ts";
import type { Argument } from "../../src/schema/types.generated.ts";
import { describeArgument } from "./argument-words.ts";
import { specPath } from "./paths.ts";
import { nameOf, type Spec, shown, specsOf } from "./specs.ts";

/** A place where the signature and the main graph say different things. */
export interface SideFault {
  readonly message: "count" | "order" | "name" | "kind";
  readonly position: number | null;
  readonly expected: string | number;
  readonly found: string | number;
  readonly path: string;
}

/** Mirrors torch/_export/verifier.py _verify_exported_program_signature, one side of it. */
export function sideFaults(program: Program, side: "input" | "output"): SideFault[] {
  const { graph } = program.document.root.graph_module;
  const specs = specsOf(program, side);
  const args = side === "input" ? graph.inputs : graph.outputs;
  if (specs.length !== args.length) {
    const path = `graph_module.signature.${side}_specs`;
    return [{ message: "count", position: null, expected: args.length, found: specs.length, path }];
  }
  const faults: SideFault[] = [];
  for (const [position, spec] of specs.entries()) {
    const arg = args[position]!;
    const message = faultOf(spec, arg, args);
    if (message === undefined) continue;
    const isKind = message === "kind";
    faults.push({
      message,
      position,
      expected: isKind ? describeArgument(arg) : shown(arg),
      found: isKind ? describeArgument(spec.argument!) : shown(spec.argument!),
      path: specPath(side, position),
    });
  }
  return faults;
}

/** Whether it has a name, if an empty one. */
function isNamed(arg: Argument): boolean {
  const [body] = Object.values(arg) as unknown[];
  return typeof body === "object" && body !== null && ("name" in body || "as_name" in body);
}

function faultOf(spec: Spec, arg: Argument, args: readonly Argument[]): SideFault["message"] | undefined {
  const { argument, name } = spec;
  if (argument === undefined) return undefined;
  if ((name !== "" || isNamed(argument)) && nameOf(arg) !== name) {
    return args.some((other) => nameOf(other) === name) ? "order" : "name";
  }
  const [given, described] = [kindOfArgument(arg), kindOfArgument(argument)];
  if (given !== described) return "kind";
  // The spec has a number where the graph has a name.
  if (isNamed(arg) && !isNamed(argument)) return "name";
  // Constants have no name: they are what they are.
  const value = arg[given as keyof Argument] as unknown;
  if (name === "" && typeof value !== "object" && !Object.is(value, argument[given as keyof Argument]))
    return "name";
  return undefined;
}
