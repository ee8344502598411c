import type { Program } from "../../src/program/program.ts";
import type { Argument } from "../../src/schema/types.generated.ts";
import { describeArgument } from "./argument-words.ts";
import { specPath } from "./paths.ts";
import { readSpec, type Spec, shown } from "./specs.ts";

/** A place where the signature and the main graph say different things. */
export interface SideFault {
  readonly message: "count" | "order" | "name" | "kind";
  readonly position: number | null;
  readonly expected: string | number;
  readonly found: string | number;
  readonly path: string;
}

/** Mirrors torch/_export/verifier.py _verify_exported_program_signature, one side of it. */
export function sideFaults({ document }: Program, side: "input" | "output"): SideFault[] {
  const { graph, signature } = document.root.graph_module;
  const specs = (side === "input" ? signature.input_specs : signature.output_specs).map(readSpec);
  const args = side === "input" ? graph.inputs : graph.outputs;
  if (specs.length !== args.length) {
    const path = `graph_module.signature.${side}_specs`;
    return [{ message: "count", position: null, expected: args.length, found: specs.length, path }];
  }
  const names = new Set(args.map(shown));
  const faults: SideFault[] = [];
  for (const [position, spec] of specs.entries()) {
    const arg = args[position]!;
    const message = faultOf(spec, arg, names);
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

function faultOf(spec: Spec, arg: Argument, names: ReadonlySet<string>): SideFault["message"] | undefined {
  const { argument } = spec;
  if (argument === undefined) return undefined;
  const [given, described] = [Object.entries(arg)[0]!, Object.entries(argument)[0]!];
  const isNamed = spec.name !== "";
  if (isNamed && shown(arg) !== `'${spec.name}'`) return names.has(`'${spec.name}'`) ? "order" : "name";
  if (given[0] !== described[0]) return "kind";
  // Constants have no name: they are what they are.
  if (!isNamed && typeof given[1] !== "object" && !Object.is(given[1], described[1])) return "name";
  return undefined;
}
