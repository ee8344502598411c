import type { Node } from "../program/program.ts";

/** An operator that the program uses and that cannot be run. */
export interface MissingOperator {
  readonly target: string;
  /** The nodes that use it, in order. */
  readonly nodes: readonly Node[];
}

/** Thrown before anything runs, with every operator that is missing. */
export class MissingOperatorsError extends Error {
  override readonly name = "MissingOperatorsError";
  readonly missing: readonly MissingOperator[];

  constructor(missing: readonly MissingOperator[]) {
    const list = missing.map(({ target, nodes }) => {
      const frame = nodes[0]!.frame();
      const where = frame === null ? "" : `, ${frame.file}:${frame.line}`;
      return `  ${target}  (${nodes[0]!.graph.path} / ${nodes[0]!.name}${where}${nodes.length > 1 ? `, and ${nodes.length - 1} more` : ""})`;
    });
    super(`the program uses operators that pt2lint cannot run:\n${list.join("\n")}`);
    this.missing = missing;
  }
}
