import { StorageAnalysis } from "../analysis/storage.ts";
import { hopCall } from "../ops/hop/hop.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import { describeValue } from "../program/describe.ts";
import { graphPath, nodePath } from "../program/document-path.ts";
import { type Graph, Node, type Program } from "../program/program.ts";
import type { ResolvedConfig } from "./config.ts";
import type { Diagnostic, Json, Severity, SourceFrame } from "./diagnostic.ts";
import { NodeForms } from "./node-forms.ts";
import type { Payloads } from "./payloads.ts";
import type { Finding, Listeners, Rule, RuleContext } from "./rule.ts";

/** A rule that is on, and how bad its findings are. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly severity: Severity;
}

/** The rules that the config turns on. */
export function activeRules({ rules, severities }: ResolvedConfig): ActiveRule[] {
  return rules.flatMap((rule): ActiveRule[] => {
    const severity = severities.get(rule.id) ?? "off";
    return severity === "off" ? [] : [{ rule, severity }];
  });
}

/** Runs the rules over a program, all in one walk. The diagnostics come in the order of the program. */
export function runRules(
  program: Program,
  active: readonly ActiveRule[],
  registry: OperatorRegistry,
  payloads: Payloads | null = null,
): Diagnostic[] {
  const found: { diagnostic: Diagnostic; graph: number; node: number }[] = [];
  let storage: StorageAnalysis | undefined;
  const frames = new Map<Node, SourceFrame | null>();
  const listeners = active.map(({ rule, severity }): Listeners => {
    const context: RuleContext = {
      program,
      registry,
      payloads,
      get storage() {
        storage ??= new StorageAnalysis(program, registry);
        return storage;
      },
      nameOf: (value) => describeValue(context.storage.originOf(value)),
      report: (finding) => {
        const { graph, node } = placeOf(finding.at, program);
        const diagnostic = toDiagnostic(rule, finding.severity ?? severity, finding, graph, node, frames);
        found.push({ diagnostic, graph: graph.id, node: node?.index ?? -1 });
      },
    };
    return rule.create(context);
  });
  walk(program, listeners, () => found.length);
  found.sort((a, b) => a.graph - b.graph || a.node - b.node);
  return found.map(({ diagnostic }) => diagnostic);
}

function walk(program: Program, listeners: readonly Listeners[], countFound: () => number): void {
  const onNode = listeners.flatMap((l) => l.node ?? []);
  const onForm = formListener(
    program,
    listeners.flatMap((l) => l.form ?? []),
    countFound,
  );
  const onGraph = listeners.flatMap((l) => l.graph ?? []);
  const onHop = listeners.flatMap((l) => l.hop ?? []);
  const byTarget = program.targets.map((target) =>
    listeners.flatMap(({ targets }) => targets?.[target] ?? []),
  );
  for (const { program: onProgram } of listeners) onProgram?.();
  for (const graph of program.graphs) {
    for (const listener of onGraph) listener(graph);
    for (let i = 0; i < graph.nodes.length; i++) {
      const node = graph.nodes[i]!;
      for (const listener of onNode) listener(node);
      onForm(node);
      for (const listener of byTarget[graph.targetNumbers[i]!]!) listener(node);
      const hop = hopCall(node);
      if (hop) for (const listener of onHop) listener(hop);
    }
  }
  for (const { done } of listeners) done?.();
}

/** Calls the listeners with a node unless they have found nothing in one of the same form. */
function formListener(
  program: Program,
  listeners: readonly ((node: Node) => void)[],
  countFound: () => number,
): (node: Node) => void {
  if (listeners.length === 0) return () => {};
  const forms = new NodeForms(program);
  const clean: boolean[] = [];
  return (node) => {
    const form = forms.of(node);
    if (clean[form] === true) return;
    const before = countFound();
    for (const listener of listeners) listener(node);
    if (form >= 0) clean[form] = countFound() === before;
  };
}

/** A finding on a branch stands at the higher-order operator's line, since the branch has none of its own. */
function placeOf(at: Node | Graph | null, program: Program): { graph: Graph; node: Node | null } {
  if (at instanceof Node) return { graph: at.graph, node: at };
  return { graph: at ?? program.main, node: null };
}

function toDiagnostic(
  rule: Rule,
  severity: Severity,
  finding: Finding,
  graph: Graph,
  node: Node | null,
  frames: Map<Node, SourceFrame | null>,
): Diagnostic {
  const data = finding.data ?? {};
  const lineOf = node ?? graph.owner;
  return {
    rule: rule.id,
    severity,
    message: fill(rule.messages[finding.message]!, { ...finding.words, ...data }),
    help: finding.help ?? "",
    graph: graph.path,
    node: node?.name ?? null,
    target: node?.target ?? null,
    source: lineOf && nearestFrame(lineOf, frames),
    detail: finding.detail ?? [],
    module: lineOf?.modulePath() ?? "",
    jsonPath: typeof data.path === "string" ? data.path : finding.at === null ? "" : pathOf(node ?? graph),
    data,
  };
}

const pathOf = (at: Node | Graph): string => (at instanceof Node ? nodePath(at) : graphPath(at));

/** The node's line, or that of the operator whose body it stands in. */
function nearestFrame(node: Node, frames: Map<Node, SourceFrame | null>): SourceFrame | null {
  for (let at: Node | null = node; at !== null; at = at.graph.owner) {
    let frame = frames.get(at);
    if (frame === undefined) {
      frame = at.frame();
      frames.set(at, frame);
    }
    if (frame !== null) return frame;
  }
  return null;
}

/** A message from its template. */
export function fill(template: string, words: Readonly<Record<string, Json>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const word = words[name];
    return word === undefined ? whole : typeof word === "string" ? word : JSON.stringify(word);
  });
}
