import { kindOfArgument } from "../ops/call-check.ts";
import type { Graph, Node, Value } from "../program/program.ts";
import type { Argument, NamedArgument } from "../schema/types.generated.ts";

/** Marks among the numbers of parts: behind what has any number of them, and for a result that is a tensor. */
const END = -1;
const TENSOR = -2;
const LAST_MARK = 3;
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
  #around: readonly unknown[] = [];

  /** The number of the node's form, from 0; -1 when it has none, and says nothing of other nodes. */
  of(node: Node): number {
    const start = this.#length;
    if (this.#write(node)) return this.#intern(start);
    this.#length = start;
    return -1;
  }

  #write(node: Node): boolean {
    const { graph, source } = node;
    if (graph !== this.#graph) {
      this.#graph = graph;
      this.#around = operatorsAround(graph);
    }
    for (let i = 0; i < this.#around.length; i++) this.#add(this.#around[i]);
    this.#push(END);
    this.#add(source.target);
    const { inputs, outputs } = source;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      const { arg } = input;
      if ("as_tensor" in arg) {
        this.#addName(input);
        if (!this.#addTensor(graph.value(arg.as_tensor.name))) return false;
      } else if (CONSTANT.has(kindOfArgument(arg))) this.#add(input);
      else {
        this.#addName(input);
        if (!this.#addTensors(graph, arg)) return false;
      }
    }
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i]!;
      if ("as_tensor" in output) this.#push(TENSOR);
      else this.#add(kindOfArgument(output));
    }
    for (let i = 0; i < node.outputs.length; i++) if (!this.#addTensor(node.outputs[i])) return false;
    return true;
  }

  #addTensors(graph: Graph, arg: Argument): boolean {
    if (!("as_tensors" in arg)) return false;
    for (const { name } of arg.as_tensors) if (!this.#addTensor(graph.value(name))) return false;
    this.#push(END);
    return true;
  }

  #addTensor(value: Value | undefined): boolean {
    if (value?.kind !== "tensor") return false;
    this.#add(value.meta ?? NO_METADATA);
    return true;
  }

  /** What an argument is called and how it is passed, as one number below those of the marks. */
  #addName({ name, kind }: NamedArgument): void {
    this.#push(-4 * this.#part(name) - (kind ?? 3) - LAST_MARK);
  }

  #add(part: unknown): void {
    this.#push(this.#part(part));
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
