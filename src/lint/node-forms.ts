import { kindOfArgument } from "../ops/call-check.ts";
import type { Graph, Node, Program } from "../program/program.ts";
import { RecordedNode } from "../schema/recorded-node.ts";
import type { NamedArgument } from "../schema/types.generated.ts";

/** Marks among the numbers: a shape that the scanner knows, one tensor, and an argument that does not tell its kind. */
const SHAPE = -1;
const TENSOR = -2;
const NO_KIND = -3;
const NO_METADATA = { name: "no metadata" };
const LARGEST_TABLE = 1 << 24;

/**
 * Tells which nodes have the same form: the same operator within the same operators, called with the same arguments but
 * for which tensors they are, of which, as of the results, only the metadata counts. Models repeat their layers, so a
 * program has few forms, and what holds for a node holds for all of its form.
 */
export class NodeForms {
  /** Numbers of the parts that forms are made of: strings, metadata and arguments, which the decoder makes unique. */
  readonly #parts = new Map<unknown, number>();
  /** The parts of all forms in a row, and where each form begins. */
  #sequences = new Int32Array(1024);
  #length = 0;
  readonly #starts: number[] = [0];
  /** A hash table of forms, from 1. */
  #table = new Int32Array(256);
  #graph: Graph | undefined;
  #around = 0;
  readonly #program: Program;
  /** By a value's id, the number of its metadata, from 1; -1 for what is no tensor. */
  readonly #metadata: Int32Array;

  constructor(program: Program) {
    this.#program = program;
    this.#metadata = new Int32Array(program.values.length);
  }

  /** The number of the node's form, from 0; -1 when it has none, and says nothing of other nodes. */
  of(node: Node): number {
    const start = this.#length;
    if (this.#write(node)) return this.#intern(start);
    this.#length = start;
    return -1;
  }

  #write(node: Node): boolean {
    const { graph, source, index } = node;
    if (graph !== this.#graph) {
      this.#graph = graph;
      this.#around = this.#part(operatorsAround(graph).join(" "));
    }
    this.#push(this.#around);
    const shape = source instanceof RecordedNode ? source.shape : -1;
    if (shape >= 0) {
      this.#push(SHAPE);
      this.#push(shape);
    } else if (!this.#writeShape(node)) return false;
    for (let k = graph.operandStart[index]!; k < graph.operandStart[index + 1]!; k++) {
      if (!this.#writeMetadata(graph.operandIds[k]!)) return false;
    }
    for (let i = 0; i < node.outputs.length; i++) {
      if (!this.#writeMetadata(node.outputs[i]!.id)) return false;
    }
    return true;
  }

  /** Everything about a node but which tensors they are and what metadata these have. False when that is not all. */
  #writeShape({ source: { target, inputs, outputs } }: Node): boolean {
    this.#push(this.#part(target));
    this.#push(inputs.length);
    for (const input of inputs) {
      const { arg } = input;
      if (CONSTANT.has(kindOfArgument(arg))) this.#push(this.#part(input));
      else if ("as_tensor" in arg) this.#pushName(input, TENSOR);
      else if ("as_tensors" in arg) this.#pushName(input, arg.as_tensors.length);
      else return false;
    }
    for (const output of outputs) this.#push(this.#part(kindOfArgument(output)));
    return true;
  }

  /** The number of a tensor's metadata. */
  #writeMetadata(id: number): boolean {
    let number = this.#metadata[id];
    if (number === 0) {
      const value = this.#program.values[id]!;
      number = value.kind === "tensor" ? this.#part(value.meta ?? NO_METADATA) + 1 : -1;
      this.#metadata[id] = number;
    }
    if (number === undefined || number < 0) return false;
    this.#push(number);
    return true;
  }

  /** What an argument is called, how it is passed and how many tensors it is. */
  #pushName({ name, kind }: NamedArgument, tensors: number): void {
    this.#push(this.#part(name));
    this.#push(kind ?? NO_KIND);
    this.#push(tensors);
  }

  #part(part: unknown): number {
    let id = this.#parts.get(part);
    if (id === undefined) {
      id = this.#parts.size;
      this.#parts.set(part, id);
    }
    return id;
  }

  #push(word: number): void {
    if (this.#length === this.#sequences.length) {
      const grown = new Int32Array(this.#length * 2);
      grown.set(this.#sequences);
      this.#sequences = grown;
    }
    this.#sequences[this.#length++] = word;
  }

  /** The number of the form that has been written from `start` on, which is kept when it is a new one. */
  #intern(start: number): number {
    const mask = this.#table.length - 1;
    let slot = this.#hash(start, this.#length) & mask;
    for (; this.#table[slot] !== 0; slot = (slot + 1) & mask) {
      const form = this.#table[slot]! - 1;
      if (!this.#equals(form, start)) continue;
      this.#length = start;
      return form;
    }
    const form = this.#starts.length - 1;
    this.#starts.push(this.#length);
    this.#table[slot] = form + 1;
    if (form * 2 > mask && mask < LARGEST_TABLE) this.#grow();
    return form;
  }

  #hash(start: number, end: number): number {
    let hash = 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ this.#sequences[i]!, 0x9e3779b1);
    return hash ^ (hash >>> 15);
  }

  #equals(form: number, start: number): boolean {
    const known = this.#starts[form]!;
    if (this.#starts[form + 1]! - known !== this.#length - start) return false;
    for (let i = 0; known + i < this.#starts[form + 1]!; i++) {
      if (this.#sequences[known + i] !== this.#sequences[start + i]) return false;
    }
    return true;
  }

  #grow(): void {
    this.#table = new Int32Array(this.#table.length * 4);
    const mask = this.#table.length - 1;
    for (let form = 0; form < this.#starts.length - 1; form++) {
      let slot = this.#hash(this.#starts[form]!, this.#starts[form + 1]!) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = form + 1;
    }
  }
}

/** The targets of the higher-order operators that a graph is within. */
function operatorsAround(graph: Graph): string[] {
  const targets: string[] = [];
  for (let { owner } = graph; owner !== null; owner = owner.graph.owner) targets.push(owner.target);
  return targets;
}

/** The alternatives of an Argument that name no value and hold no graph. */
const CONSTANT = new Set([
  "as_none",
  "as_int",
  "as_ints",
  "as_bool",
  "as_bools",
  "as_float",
  "as_floats",
  "as_complex",
  "as_string",
  "as_strings",
  "as_scalar_type",
  "as_memory_format",
  "as_layout",
  "as_device",
]);
