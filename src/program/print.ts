import type { Diagnostic, Severity } from "../lint/diagnostic.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import type * as schema from "../schema/types.generated.ts";
import { Comments, sourceComment } from "./print-comments.ts";
import { dtypeAbbreviation, formatArgument, type Names } from "./print-literals.ts";
import { Namespace } from "./print-names.ts";
import { type FxGraph, type FxNode, loadGraph } from "./print-nodes.ts";
import { formatSignature } from "./print-signature.ts";
import type { Graph, Program } from "./program.ts";
import { formatExpr, parseExpr } from "./symbolic.ts";

export interface PrintOptions {
  /** Each is put as comment lines under its node; one without a node at the head of its graph. */
  readonly findings?: readonly Diagnostic[];
  /** Colours the comment of a finding. */
  readonly paint?: (severity: Severity, comment: string) => string;
  /** Knows the custom operators; needed only for files before schema 8.16, which do not tell keywords apart. */
  readonly registry?: OperatorRegistry;
}

/**
 * The program as `str(torch.export.load(file))` prints it, without colour.
 *
 * What the document does not hold prints differently: the repr of a custom object that is no input of the program
 * (its name stands there), a whole float within an annotation made by torch.fx.traceback.annotate (`1.0` prints as
 * `1`), and a symbolic size that torch's shape environment replaces while loading, because its range holds one value
 * or an assertion in the program fixes it. Control characters print escaped.
 */
export function printProgram(program: Program, options: PrintOptions = {}): string {
  const comments = new Comments(program, options.findings ?? [], options.paint);
  const registry = options.registry ?? new OperatorRegistry();
  const lines: string[] = ["ExportedProgram:"];
  // A stack in place of recursion: a class holds the classes of its subgraphs.
  const stack = [{ graph: program.main, name: "GraphModule", depth: 1 }];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { graph, depth } = item;
    const indent = "    ".repeat(depth);
    lines.push(`${indent}class ${item.name}(torch.nn.Module):`);
    for (const line of new GraphPrinter(graph, registry, comments).print()) {
      lines.push(line === "" ? "    " : `${indent}    ${line}`);
    }
    lines.push("    ");
    for (const [name, subgraph] of submodules(graph).reverse()) {
      stack.push({ graph: subgraph, name, depth: depth + 1 });
    }
  }
  lines.push(...comments.elsewhere, ...formatSignature(program), "");
  return lines.join("\n");
}

/** A subgraph that is called twice is one module: the last of its name, at the place of the first. */
function submodules(graph: Graph): [string, Graph][] {
  const modules = new Map<string, Graph>();
  for (const node of graph.nodes) for (const subgraph of node.subgraphs) modules.set(subgraph.name, subgraph);
  return [...modules];
}

/** `_operator` functions that torch.fx writes as operators (torch/fx/graph.py magic_methods). */
const UNARY: ReadonlyMap<string, string> = new Map([
  ["pos", "+"],
  ["neg", "-"],
  ["invert", "~"],
]);
const BINARY: ReadonlyMap<string, string> = new Map([
  ["eq", "=="],
  ["ne", "!="],
  ["lt", "<"],
  ["gt", ">"],
  ["le", "<="],
  ["ge", ">="],
  ["add", "+"],
  ["sub", "-"],
  ["mul", "*"],
  ["floordiv", "//"],
  ["truediv", "/"],
  ["div", "/"],
  ["mod", "%"],
  ["pow", "**"],
  ["lshift", "<<"],
  ["rshift", ">>"],
  ["and_", "&"],
  ["or_", "|"],
  ["xor", "^"],
  ["matmul", "@"],
]);

/** Writes one `forward`. Mirrors CodeGen._gen_python_code of torch/fx/graph.py. */
class GraphPrinter implements Names {
  readonly #graph: Graph;
  readonly #fx: FxGraph;
  readonly #comments: Comments;
  readonly #names = Namespace.forCode();
  readonly #shown = new Map<FxNode, string>();
  #call: FxNode | undefined;

  constructor(graph: Graph, registry: OperatorRegistry, comments: Comments) {
    this.#graph = graph;
    this.#fx = loadGraph(graph, registry);
    this.#comments = comments;
  }

  /** Lines without indentation; an empty one is a blank line. */
  print(): string[] {
    const lastUses = findLastUses(this.#fx.nodes);
    const parameters: string[] = ["self"];
    const body: string[] = this.#comments.at(this.#graph, null).map((line) => `    ${line}`);
    let previous = "";
    for (const node of this.#fx.nodes) {
      if (node.op === "placeholder") {
        const target = node.target.replace(CONTROL, "?");
        parameters.push(`${target}${this.#annotation(node)}`);
        if (this.#repr(node) !== target) body.push(`    ${this.#repr(node)} = ${target}`);
        continue;
      }
      if (node.op === "output") {
        body.push(`    return ${this.#returned()}`);
        continue;
      }
      const comment = sourceComment(node.hasMetadata ? node.node : null);
      if (comment !== previous) {
        if (body.length > 0) body.push("");
        body.push(`    # ${comment}`);
        previous = comment;
      }
      body.push(`    ${this.#statement(node)}${this.#freed(node, lastUses)}`);
      if (node.op === "call") {
        for (const line of this.#comments.at(this.#graph, node.node)) body.push(`    ${line}`);
      }
    }
    return [`def forward(${parameters.join(", ")}):`, ...body];
  }

  value(name: string): string {
    const node = this.#fx.byName.get(name);
    // Nothing defines it, or it is a custom object that the program holds: its name is all there is.
    return node === undefined ? name.replace(CONTROL, "?") : this.#repr(node);
  }

  graph(argument: schema.GraphArgument): string {
    return this.#repr(this.#call!.call!.graphs.get(argument)!);
  }

  operator(target: string): string {
    return target.replace(CONTROL, "?");
  }

  #repr(node: FxNode): string {
    let name = this.#shown.get(node);
    if (name === undefined) this.#shown.set(node, (name = this.#names.create(node.name)));
    return name;
  }

  #statement(node: FxNode): string {
    const annotation = this.#annotation(node);
    if (node.op === "get_attr") return `${this.#repr(node)}${annotation} = ${attribute("self", node.target)}`;
    if (node.op === "getitem") {
      return `${this.#repr(node)}${annotation} = ${this.#repr(node.inputs[0]!)}[${node.position}]`;
    }
    this.#call = node;
    const magic = this.#magic(node, annotation);
    if (magic !== undefined) return magic;
    const { positional, keywords } = node.call!;
    const callee = this.#callee(node.target);
    const name = this.#repr(node);
    const args = positional.map((arg) => formatArgument(arg, this));
    for (const { name: keyword, arg } of keywords) {
      args.push(`${keyword.replace(CONTROL, "?")} = ${formatArgument(arg, this)}`);
    }
    return `${name}${annotation} = ${callee}(${args.join(", ")})`;
  }

  #magic(node: FxNode, annotation: string): string | undefined {
    if (!node.target.startsWith("_operator.")) return undefined;
    const method = node.target.slice("_operator.".length);
    const { positional } = node.call!;
    const left = (): string => formatArgument(positional[0]!, this);
    const right = (): string => formatArgument(positional[1]!, this);
    const name = this.#repr(node);
    if (UNARY.has(method) && positional.length >= 1)
      return `${name}${annotation} = ${UNARY.get(method)}${left()}`;
    if (positional.length < 2) return undefined;
    if (method === "getitem") return `${name}${annotation} = ${left()}[${right()}]`;
    const sign = BINARY.get(method);
    return sign === undefined ? undefined : `${name}${annotation} = ${left()} ${sign} ${right()}`;
  }

  /** torch's own functions keep their full name, all others become a global of the text. */
  #callee(target: string): string {
    return target.startsWith("torch.") || target.startsWith("#")
      ? target.replace(CONTROL, "?")
      : this.#names.global(target);
  }

  #returned(): string {
    const { source } = this.#graph;
    const outputs = source.outputs.map((output) => formatArgument(output, this));
    if (source.is_single_tensor_return === true && outputs.length === 1) return outputs[0]!;
    return outputs.length === 1 ? `(${outputs[0]},)` : `(${outputs.join(", ")})`;
  }

  #freed(node: FxNode, { freedBy, used }: LastUses): string {
    const freed = [...(freedBy.get(node) ?? [])];
    if (!used.has(node)) freed.push(node);
    return freed.length === 0 ? "" : `;  ${freed.map((item) => this.#repr(item)).join(" = ")} = None`;
  }

  #annotation(node: FxNode): string {
    const { value } = node;
    if (value === null) return "";
    const { source } = this.#graph;
    // One name in several tables: torch lets the later table win.
    const symbol =
      source.sym_bool_values.get(value) ??
      source.sym_float_values.get(value) ??
      source.sym_int_values.get(value);
    if (symbol !== undefined) return "as_expr" in symbol ? `: "Sym(${formatText(symbol.as_expr)})"` : "";
    const meta = source.tensor_values.get(value);
    if (meta === undefined) return "";
    return `: "${dtypeAbbreviation(meta.dtype)}[${meta.sizes.map(formatSize).join(", ")}]"`;
  }
}

const CONTROL = /\p{Cc}/gu;

interface LastUses {
  readonly freedBy: ReadonlyMap<FxNode, readonly FxNode[]>;
  readonly used: ReadonlySet<FxNode>;
}

/** Which nodes each node is the last to use; what the output uses is not freed. */
function findLastUses(nodes: readonly FxNode[]): LastUses {
  const freedBy = new Map<FxNode, FxNode[]>();
  const used = new Set<FxNode>();
  for (let i = nodes.length - 1; i >= 0; i--) {
    const user = nodes[i]!;
    for (const input of user.inputs) {
      if (used.has(input)) continue;
      used.add(input);
      const freed = freedBy.get(user);
      if (freed === undefined) freedBy.set(user, [input]);
      else freed.push(input);
    }
  }
  return { freedBy, used };
}

function formatSize(size: schema.SymInt): string {
  return "as_int" in size ? String(size.as_int) : formatText(size.as_expr);
}

function formatText({ expr_str: text }: schema.SymExpr): string {
  const expr = parseExpr(text);
  return expr === undefined ? text.replace(CONTROL, "?") : formatExpr(expr);
}

/** Mirrors torch.fx's _format_target. */
function attribute(base: string, target: string): string {
  let text = base;
  for (const part of target.split(".")) {
    text = /^[A-Za-z_]\w*$/.test(part)
      ? `${text}.${part}`
      : `getattr(${text}, "${part.replace(CONTROL, "?")}")`;
  }
  return text;
}
