import { RecordedNode } from "../schema/recorded-node.ts";
import type * as schema from "../schema/types.generated.ts";
import { type ValueKind, visitNames, visitOperands } from "./arguments.ts";
import { MetaReader } from "./meta-reader.ts";
import { makeNames, type Names } from "./names.ts";
import { Node, Value } from "./node.ts";
import type { Program } from "./program.ts";

/** A use of a name that nothing before it defines. */
export interface UndefinedUse {
  /** The node that uses it, or null for the graph's outputs. */
  readonly node: Node | null;
  readonly name: string;
}

/** A graph: the program's main graph, or a branch or body of a higher-order operator, with a scope of its own. */
export class Graph {
  readonly program: Program;
  /** Dense over the program; the main graph has 0. */
  readonly id: number;
  /** `main`, or the name that the document gives a branch. */
  readonly name: string;
  /** `main`, or alternating node name and branch name below it: `main/cond/true_graph_0`. */
  readonly path: string;
  /** The higher-order operator that calls it; null for the main graph. */
  readonly owner: Node | null;
  /** The id of its first node; the others follow. */
  readonly firstNode: number;
  readonly source: schema.Graph;
  readonly inputs: readonly (Value | null)[];
  readonly nodes: readonly Node[];
  /** The nodes that may have subgraphs: higher-order operators. */
  readonly callers: readonly Node[];
  /** What it returns, flattened; null for constants and for names that nothing defines. */
  readonly outputs: readonly (Value | null)[];
  readonly undefinedUses: readonly UndefinedUse[];
  /** Values whose name was already taken in this graph. */
  readonly duplicates: readonly Value[];
  /** By node, the number of its target among `program.targets`. */
  readonly targetNumbers: Uint32Array;
  /**
   * The values that the nodes' arguments name, by id, in order; -1 where nothing of that name is defined before. Those of
   * the node at `i` stand from `operandStart[i]` up to, not including, `operandStart[i + 1]`.
   */
  readonly operandIds: Int32Array;
  readonly operandStart: Uint32Array;
  readonly #byName: Names;
  #returned: ReadonlySet<Value | null> | undefined;
  #tensorMetas: ReadonlyMap<schema.TensorMeta, string> | undefined;
  #useStart: Uint32Array | undefined;
  #users: Uint32Array | undefined;
  readonly #firstValue: number;
  readonly #valueCount: number;

  constructor(
    program: Program,
    id: number,
    name: string,
    owner: Node | null,
    source: schema.Graph,
    firstNode: number,
  ) {
    this.program = program;
    this.id = id;
    this.name = name;
    this.owner = owner;
    this.firstNode = firstNode;
    this.path = owner === null ? name : `${owner.graph.path}/${owner.name}/${name}`;
    this.source = source;
    this.#firstValue = program.values.length;
    const duplicates: Value[] = [];
    const undefinedUses: UndefinedUse[] = [];
    const byName = makeNames(program.document, source.nodes.length, program.values);
    this.#byName = byName;
    const metas = new MetaReader(source.tensor_values);
    const define = (value: Value, number?: number): void => {
      program.values.push(value);
      if (byName.get(value.name, number) !== undefined) duplicates.push(value);
      else byName.set(value.name, value, number);
    };

    this.inputs = source.inputs.map((arg, index) => {
      let value: Value | null = null;
      visitNames(arg, (input, kind) => {
        value = new Value(program.values.length, input, kind, this, null, index, metas.next(input));
        define(value);
      });
      return value;
    });
    const start = new Uint32Array(source.nodes.length + 1);
    const targets = new Uint32Array(source.nodes.length);
    const operands = new IntList(source.nodes.length * 2);
    const nodes: Node[] = [];
    let using: Node | null = null;
    const use = (operand: string, _: ValueKind, number?: number): void => {
      const value = byName.get(operand, number);
      operands.push(value === undefined ? -1 : value.id);
      if (value === undefined) undefinedUses.push({ node: using, name: operand });
    };
    const callers: Node[] = [];
    for (let index = 0; index < source.nodes.length; index++) {
      const nodeSource = source.nodes[index]!;
      const node = new Node(this, index, nodeSource, program.values.length, metas);
      using = node;
      nodes.push(node);
      targets[index] = program.targetNumber(nodeSource.target);
      if (visitOperands(nodeSource, use)) callers.push(node);
      start[index + 1] = operands.length;
      const { outputs } = node;
      const number = nodeSource instanceof RecordedNode ? nodeSource.result : undefined;
      if (outputs.length === 1) define(outputs[0]!, number);
      else for (const output of outputs) define(output);
    }
    this.callers = callers;
    using = null;
    const returned = operands.length;
    this.nodes = nodes;
    this.outputs = source.outputs.flatMap((arg) => {
      const before = operands.length;
      visitNames(arg, use);
      if (operands.length === before) return [null];
      return Array.from(
        operands.slice(before, operands.length),
        (valueId) => program.values[valueId] ?? null,
      );
    });
    this.operandStart = start;
    this.operandIds = operands.slice(0, returned);
    this.targetNumbers = targets;
    this.#valueCount = program.values.length - this.#firstValue;
    this.undefinedUses = undefinedUses;
    this.duplicates = duplicates;
  }

  /** The metadata of its tensors, each once, with the first name that has it: most have metadata in common. */
  get tensorMetas(): ReadonlyMap<schema.TensorMeta, string> {
    if (this.#tensorMetas === undefined) {
      const metas = new Map<schema.TensorMeta, string>();
      for (const [name, meta] of this.source.tensor_values) if (!metas.has(meta)) metas.set(meta, name);
      this.#tensorMetas = metas;
    }
    return this.#tensorMetas;
  }

  /** The value of that name, wherever in this graph it is defined. It is found at once if it is the `likely` one. */
  value(name: string, likely?: Value | null): Value | undefined {
    return likely?.name === name ? likely : this.#byName.get(name);
  }

  /** All values of this graph: placeholders first, then in order of definition. */
  get values(): readonly Value[] {
    return this.program.values.slice(this.#firstValue, this.#firstValue + this.#valueCount);
  }

  /** The nodes that use the value, in order; a node that uses it twice stands once. The graph's outputs do not count. */
  users(value: Value): Node[] {
    if (this.#useStart === undefined) this.#indexUses();
    const at = value.id - this.#firstValue;
    const ids = this.#users!.subarray(this.#useStart![at]!, this.#useStart![at + 1]!);
    const result: Node[] = [];
    for (const id of ids) if (result.at(-1)?.index !== id) result.push(this.nodes[id]!);
    return result;
  }

  /** Whether a node uses the value; the graph's outputs do not count. */
  isUsed(value: Value): boolean {
    if (this.#useStart === undefined) this.#indexUses();
    const at = value.id - this.#firstValue;
    return this.#useStart![at + 1]! > this.#useStart![at]!;
  }

  /** Whether the value is one of the graph's outputs. */
  isReturned(value: Value): boolean {
    this.#returned ??= new Set(this.outputs);
    return this.#returned.has(value);
  }

  operandsOf({ index }: Node): (Value | null)[] {
    const { values } = this.program;
    const operands: (Value | null)[] = [];
    for (let k = this.operandStart[index]!; k < this.operandStart[index + 1]!; k++) {
      operands.push(values[this.operandIds[k]!] ?? null);
    }
    return operands;
  }

  /** Def to use in compressed rows: counts first, then places. */
  #indexUses(): void {
    const first = this.#firstValue;
    const start = new Uint32Array(this.#valueCount + 1);
    for (const id of this.operandIds) if (id >= 0) start[id - first + 1]!++;
    for (let i = 0; i < this.#valueCount; i++) start[i + 1]! += start[i]!;
    const users = new Uint32Array(start[this.#valueCount]!);
    const fill = start.slice();
    for (let node = 0; node < this.nodes.length; node++) {
      for (let k = this.operandStart[node]!; k < this.operandStart[node + 1]!; k++) {
        const id = this.operandIds[k]!;
        if (id >= 0) users[fill[id - first]!++] = node;
      }
    }
    this.#useStart = start;
    this.#users = users;
  }
}

/** A list of 32-bit integers that grows. */
class IntList {
  #items: Int32Array;
  length = 0;

  constructor(capacity: number) {
    this.#items = new Int32Array(Math.max(capacity, 16));
  }

  push(item: number): void {
    if (this.length === this.#items.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.length++] = item;
  }

  slice(start: number, end: number): Int32Array {
    return this.#items.slice(start, end);
  }
}
