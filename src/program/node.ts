import { RecordedNode } from "../schema/recorded-node.ts";
import type * as schema from "../schema/types.generated.ts";
import { type ValueKind, visitNames } from "./arguments.ts";
import type { Graph } from "./graph.ts";
import type { MetaReader } from "./meta-reader.ts";
import { modulePath, type SourceFrame, userFrame } from "./source-frame.ts";

/** A value: a placeholder of a graph or one output of a node. Ids are dense over the whole program. */
export class Value {
  readonly id: number;
  readonly name: string;
  readonly kind: ValueKind;
  readonly graph: Graph;
  /** The node that defines it, or null for a placeholder. */
  readonly node: Node | null;
  /** Its position among the node's flattened outputs (an output that is None counts), or among the graph's inputs. */
  readonly index: number;
  /** The FakeTensor metadata, for a tensor that has some. */
  readonly meta: schema.TensorMeta | undefined;

  constructor(
    id: number,
    name: string,
    kind: ValueKind,
    graph: Graph,
    node: Node | null,
    index: number,
    meta: schema.TensorMeta | undefined,
  ) {
    this.id = id;
    this.name = name;
    this.kind = kind;
    this.graph = graph;
    this.node = node;
    this.index = index;
    this.meta = meta;
  }
}

/** One call in a graph. */
export class Node {
  readonly graph: Graph;
  /** Its position in its graph's list of nodes. */
  readonly index: number;
  readonly source: schema.Node;
  /** The values it defines: the elements of a `Tensor[]` result one by one, and none for an output that is None. */
  readonly outputs: readonly Value[];
  /** The subgraphs it calls, for a higher-order operator. */
  subgraphs: readonly Graph[] = NO_GRAPHS;

  constructor(graph: Graph, index: number, source: schema.Node, firstValue: number, metas: MetaReader) {
    this.graph = graph;
    this.index = index;
    this.source = source;
    this.outputs = outputValues(this, firstValue, metas);
  }

  /** Dense over the program. */
  get id(): number {
    return this.graph.firstNode + this.index;
  }

  /** `torch.ops.aten.add.Tensor`, `torch.ops.higher_order.cond`, `_operator.mul`, ... */
  get target(): string {
    return this.source.target;
  }

  /** The name torch gives it; files before schema 8.16 have only the names of its outputs. */
  get name(): string {
    return this.source.name ?? this.outputs[0]?.name ?? this.target.slice(this.target.lastIndexOf(".") + 1);
  }

  /** The argument of that name, or undefined when it is left out because it equals its default. */
  arg(name: string): schema.Argument | undefined {
    for (const input of this.source.inputs) if (input.name === name) return input.arg;
    return undefined;
  }

  /** The tensor that an argument is, where that can be said without making objects of the arguments. */
  tensorOf(argument: string): Value | undefined {
    const { source, graph } = this;
    const place = source instanceof RecordedNode ? source.operandOf(argument) : -1;
    return place < 0
      ? undefined
      : graph.program.values[graph.operandIds[graph.operandStart[this.index]! + place]!];
  }

  /** The values that its arguments name, in order; null where nothing of that name is defined before it. */
  get operands(): readonly (Value | null)[] {
    return this.graph.operandsOf(this);
  }

  /** The values that one argument names, in order. */
  valuesOf(arg: schema.Argument): (Value | null)[] {
    const result: (Value | null)[] = [];
    visitNames(arg, (name) => result.push(this.graph.value(name) ?? null));
    return result;
  }

  metadata(): ReadonlyMap<string, string> {
    return this.graph.program.document.metadata(this.source);
  }

  /** The line of the user's Python that made it, or null; read from the file, which must be open. */
  frame(): SourceFrame | null {
    return userFrame(this.metadata().get("stack_trace") ?? "");
  }

  /**
   * The path of the module it belongs to, `decoder.layers.0`; empty for the root. Nodes of a branch mostly have none of
   * their own: they belong where the operator does that calls the branch.
   */
  modulePath(): string {
    for (let at: Node | null = this; at !== null; at = at.graph.owner) {
      const stack: string | undefined = at.metadata().get("nn_module_stack");
      if (stack !== undefined) return modulePath(stack);
    }
    return "";
  }
}

function outputValues(node: Node, firstValue: number, metas: MetaReader): readonly Value[] {
  const { source } = node;
  const number = source instanceof RecordedNode ? source.result : undefined;
  if (source instanceof RecordedNode && number !== undefined) {
    const name = source.text(number);
    return [new Value(firstValue, name, "tensor", node.graph, node, 0, metas.next(name))];
  }
  const { outputs } = source;
  const [only] = outputs;
  if (outputs.length === 1 && only !== undefined && "as_tensor" in only) {
    const { name } = only.as_tensor;
    return [new Value(firstValue, name, "tensor", node.graph, node, 0, metas.next(name))];
  }
  const result: Value[] = [];
  let index = 0;
  for (const output of outputs) {
    const before = result.length;
    visitNames(output, (name, kind) => {
      const id = firstValue + result.length;
      result.push(new Value(id, name, kind, node.graph, node, index++, metas.next(name)));
    });
    // An output that is None keeps its position.
    if (result.length === before) index++;
  }
  return result;
}

const NO_GRAPHS: readonly Graph[] = [];
