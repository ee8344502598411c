/** The comments of a printed program: the line of source of each node, and findings. */
import type { Diagnostic, Severity } from "../lint/diagnostic.ts";
import { pythonJson, pythonString } from "./print-literals.ts";
import type { Graph, Node, Program } from "./program.ts";

const FRAME = /^File "([^\n]+)", line (\d+), in ([^\n]+)$/;
const CONTROL = /\p{Cc}/gu;
const LONGEST_ANNOTATION = 40;

/**
 * `File: model.py:12 in forward, code: y = x + 1`: the innermost frame, whoever's it is. Mirrors
 * append_stacktrace_summary and _parse_stack_trace of torch/fx/graph.py.
 */
export function sourceComment(node: Node | null): string {
  const metadata = node?.metadata();
  const annotation = annotationText(metadata?.get("custom"));
  const source = frameText(metadata?.get("stack_trace")) ?? "No stacktrace found for following nodes";
  return `${annotation}${source}`.replace(CONTROL, controlEscape);
}

function frameText(stackTrace: string | undefined): string | undefined {
  if (stackTrace === undefined) return undefined;
  const lines = stackTrace.trim().split("\n");
  for (let i = lines.length - 2; i >= 0; i--) {
    const match = FRAME.exec(lines[i]!.trim());
    if (match !== null) return `File: ${match[1]}:${match[2]} in ${match[3]}, code: ${lines[i + 1]!.trim()}`;
  }
  return undefined;
}

/** What the user said with torch.fx.traceback.annotate, cut as torch cuts it. */
function annotationText(custom: string | undefined): string {
  if (!custom) return "";
  let annotation: unknown;
  try {
    annotation = JSON.parse(custom);
  } catch {
    return "";
  }
  if (annotation === null || typeof annotation !== "object") return "";
  const entries = Object.entries(annotation);
  if (entries.length === 0) return "";
  const shown = entries.map(([key, value]) => `${pythonString(key)}: ${shortened(value)}`);
  return `Annotation: {${shown.join(", ")}} `;
}

function shortened(value: unknown): string {
  const text = typeof value === "string" ? value : pythonJson(value);
  const cut = [...text];
  return cut.length > LONGEST_ANNOTATION
    ? pythonString(`${cut.slice(0, LONGEST_ANNOTATION).join("")}...`)
    : pythonJson(value);
}

/** A tab stays as it is in source; nothing else may move the cursor of a terminal. */
function controlEscape(char: string): string {
  return char === "\t" ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** Findings by their place in the program. */
export class Comments {
  /** Those that name a graph or a node that is not there. */
  readonly elsewhere: readonly string[];
  readonly #lines = new Map<Graph, Map<Node | null, string[]>>();

  constructor(
    program: Program,
    findings: readonly Diagnostic[],
    paint: (severity: Severity, comment: string) => string = (_, text) => text,
  ) {
    const elsewhere: string[] = [];
    const byPath = findings.length === 0 ? new Map() : index(program);
    for (const finding of findings) {
      const place = byPath.get(finding.graph) as GraphIndex | undefined;
      const node = finding.node === null ? null : place?.nodes.get(finding.node);
      const line = paint(finding.severity, comment(finding));
      if (place === undefined || node === undefined) elsewhere.push(line);
      else this.#add(place.graph, node, line);
    }
    this.elsewhere = elsewhere;
  }

  at(graph: Graph, node: Node | null): readonly string[] {
    return this.#lines.get(graph)?.get(node) ?? [];
  }

  #add(graph: Graph, node: Node | null, line: string): void {
    const nodes = this.#lines.get(graph) ?? new Map<Node | null, string[]>();
    const lines = nodes.get(node) ?? [];
    lines.push(line);
    nodes.set(node, lines);
    this.#lines.set(graph, nodes);
  }
}

interface GraphIndex {
  readonly graph: Graph;
  readonly nodes: ReadonlyMap<string, Node>;
}

function index(program: Program): Map<string, GraphIndex> {
  const result = new Map<string, GraphIndex>();
  for (const graph of program.graphs) {
    const nodes = new Map<string, Node>();
    for (const node of graph.nodes) if (!nodes.has(node.name)) nodes.set(node.name, node);
    if (!result.has(graph.path)) result.set(graph.path, { graph, nodes });
  }
  return result;
}

function comment({ severity, rule, message }: Diagnostic): string {
  return `# ${severity} ${rule}: ${message.replace(CONTROL, " ")}`;
}
