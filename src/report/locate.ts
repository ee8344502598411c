import { isAbsolute, posix, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Diagnostic, LintResult } from "../lint/diagnostic.ts";
import { wellFormed } from "./text.ts";

/** A place in a file, for people and CI services: the line of Python when known, else the .pt2 itself. */
export interface Place {
  readonly file: string;
  /** 1-based; null when the file is the program, which has no lines. */
  readonly line: number | null;
}

/** Where a finding is shown. */
export function placeOf(diagnostic: Diagnostic, result: LintResult, root: string): Place {
  const { source } = diagnostic;
  if (source === null || source.file === "" || source.line < 1) {
    return { file: shortPath(result.path, root), line: null };
  }
  return { file: shortPath(source.file, root), line: source.line };
}

/** Relative to `root` with forward slashes when it lies below it, else as it was written. */
export function shortPath(file: string, root: string): string {
  const below = relative(root, resolve(root, file));
  if (below === "" || isOutside(below)) return file;
  return below.split(sep).join(posix.sep);
}

function isOutside(path: string): boolean {
  return path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path);
}

const WINDOWS_DRIVE = /^[A-Za-z]:[\\/]/;

/** The URI of a path for SARIF: relative below the root, else `file:`. */
export function uriOf(path: string, root: string): { uri: string; uriBaseId?: string } {
  if (WINDOWS_DRIVE.test(path)) return { uri: `file:///${encodePath(path.replaceAll("\\", "/"))}` };
  const short = shortPath(path, root);
  if (isAbsolute(short) || short.startsWith("..")) return { uri: pathToFileURL(resolve(root, short)).href };
  return { uri: encodePath(short), uriBaseId: "%SRCROOT%" };
}

/** A first segment with a colon would read as a URI's scheme, so the colon is escaped too. */
function encodePath(path: string): string {
  return path
    .split("/")
    .map((part, at) => (at === 0 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(wellFormed(part))))
    .join("/");
}

/** `main/cond_2/true_graph_2`, and the node unless it is the call whose branch this is. */
export function logicalName(diagnostic: Diagnostic): string {
  const { graph, node } = diagnostic;
  return showsNode(diagnostic) ? (graph === "" ? node! : `${graph}/${node}`) : graph;
}

/** False when the graph's path ends in `<node>/<branch>`: the node is said already. */
export function showsNode({ graph, node }: Diagnostic): boolean {
  return node !== null && node !== "" && graph.split("/").at(-2) !== node;
}

/** The results of each file, in the order in which the files came: an archive may hold several models. */
export function byFile(results: readonly LintResult[]): Map<string, LintResult[]> {
  const files = new Map<string, LintResult[]>();
  for (const result of results) {
    const known = files.get(result.path);
    if (known === undefined) files.set(result.path, [result]);
    else known.push(result);
  }
  return files;
}
