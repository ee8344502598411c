import type { Node } from "../program/program.ts";
import { DataDependentError } from "../tensor/tensor.ts";
import type { Frame } from "./arguments.ts";
import { describeRuntimeValue } from "./value.ts";

/**
 * What went wrong in a node. The message has the node, the dtypes and shapes of what it was given, and the line of Python
 * that made it; `cause` is the error itself.
 */
export class NodeError extends Error {
  override readonly name = "NodeError";
  readonly node: Node;

  constructor(node: Node, message: string, cause: unknown) {
    super(message, { cause });
    this.node = node;
  }
}

/** The error itself when it names a node already: the innermost node is the one to look at. */
export function nodeError(error: unknown, node: Node, frame: Frame): Error {
  if (error instanceof NodeError || error instanceof DataDependentError) return error;
  const reason = reasonOf(error);
  const operands = node.operands.map((operand) =>
    operand === null ? "?" : `${operand.name}: ${describeRuntimeValue(frame[operand.id])}`,
  );
  const source = node.frame();
  const lines = [
    `${node.target} in ${node.graph.path} / ${node.name}: ${reason}`,
    `  operands: ${operands.length === 0 ? "none" : operands.join(", ")}`,
  ];
  if (source !== null) lines.push(`  ${source.file}:${source.line} in ${source.function}: ${source.code}`);
  return new NodeError(node, lines.join("\n"), error);
}

/** The language's own complaint about a value that is not there, or another kind of value. */
const OF_THE_LANGUAGE = /^Cannot (read|destructure|convert)|is not (a function|iterable)/;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof TypeError && OF_THE_LANGUAGE.test(error.message))) return error.message;
  return `an argument is not what its schema says; 'pt2lint lint' says which (${error.message})`;
}
