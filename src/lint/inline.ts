import type { Node, Program } from "../program/program.ts";
import { userFrames } from "../program/source-frame.ts";
import type { Document } from "../schema/document.ts";
import type { SourceFrame } from "./diagnostic.ts";
import { type Directive, directivesIn, parseDirective } from "./directive.ts";

/** A directive and where the program carries it. */
export interface InlineDirective {
  readonly by: "comment" | "annotation";
  readonly directive: Directive;
  /** A node that carries it: the first. */
  readonly node: Node;
  /** The commented line; that of the node for an annotation. */
  readonly source: SourceFrame | null;
  /** The same for every node that carries it, in other programs too. */
  readonly key: string;
}

/** What every directive holds, in comments and as the key of an annotation. */
const WORD = "pt2lint";

/**
 * The directives that each node carries: in comments on the lines of its `stack_trace`, and in what
 * `torch.fx.traceback.annotate({"pt2lint": ...})` left in its metadata `custom` (torch/_export/serde/serialize.py
 * serialize_metadata). Empty without decoding a node when the document nowhere holds the word.
 */
export function inlineDirectives(
  program: Program,
  known: readonly string[],
): ReadonlyMap<Node, readonly InlineDirective[]> {
  const byNode = new Map<Node, readonly InlineDirective[]>();
  const { document } = program;
  if (!document.namesTool) return byNode;
  const byKey = new Map<string, InlineDirective>();
  const intern = (found: InlineDirective): InlineDirective => {
    if (!byKey.has(found.key)) byKey.set(found.key, found);
    return byKey.get(found.key)!;
  };
  for (const graph of program.graphs) {
    for (const node of graph.nodes) {
      if (!bytesOf(document, node).includes(WORD)) continue;
      const found = [...comments(node, known), ...annotations(node, known)];
      if (found.length > 0) byNode.set(node, found.map(intern));
    }
  }
  return byNode;
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const bytesOf = (document: Document, node: Node) => asBuffer(document.read(node.source.metadata));

function comments(node: Node, known: readonly string[]): InlineDirective[] {
  return userFrames(node.metadata().get("stack_trace") ?? "").flatMap((source) =>
    directivesIn(source.code).map((text): InlineDirective => {
      const key = JSON.stringify(["comment", source.file, source.line, text]);
      return { by: "comment", directive: parseDirective(text, known), node, source, key };
    }),
  );
}

function annotations(node: Node, known: readonly string[]): InlineDirective[] {
  const text = annotationOf(node.metadata().get("custom") ?? "");
  if (text === null) return [];
  const key = JSON.stringify(["annotation", text]);
  return [{ by: "annotation", directive: parseDirective(text, known), node, source: node.frame(), key }];
}

/** The value of the key `pt2lint`, when there is one. torch writes the annotations of a node as one JSON object. */
function annotationOf(custom: string): string | null {
  if (!custom.includes(WORD)) return null;
  try {
    const value: unknown = JSON.parse(custom)?.[WORD];
    if (value === undefined) return null;
    return typeof value === "string" ? value : JSON.stringify(value);
  } catch {
    return null;
  }
}
