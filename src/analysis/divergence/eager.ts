/** Runs a program without numbers as torch's eager does: views share memory, operators write through. */
import { type HopCall, hopCall } from "../../ops/hop/hop.ts";
import type { Graph, Node, Value } from "../../program/program.ts";
import { ALIAS, tensorArgument, UPDATE } from "../cache/operators.ts";
import type { StorageAnalysis } from "../storage.ts";
import type { Content, MemoryState } from "./contents.ts";
import { head, layoutOf, moved } from "./layout.ts";
import type { Place } from "./machine.ts";
import { sourcesOf } from "./operators.ts";
import type { Symbolic } from "./symbolic.ts";
import { mutatedInputs, viewedBy } from "./views.ts";

type Tensor = Place<MemoryState>;

export class EagerRun {
  readonly #storage: StorageAnalysis;
  readonly #domain: Symbolic;
  readonly #places = new Map<Value, Tensor>();
  /** What each value was when it was made. */
  readonly made = new Map<Value, Content>();

  constructor(storage: StorageAnalysis, domain: Symbolic) {
    this.#storage = storage;
    this.#domain = domain;
  }

  /** Recursion goes one level for each higher-order operator within another. */
  run(graph: Graph, inputs: readonly (Tensor | null)[]): (Tensor | null)[] {
    for (const [i, value] of graph.inputs.entries())
      if (value && inputs[i]) this.#places.set(value, inputs[i]);
    const written = new Map<Node, Value>();
    for (const { node, value } of this.#storage.writes(graph))
      if (!written.has(node)) written.set(node, value);
    for (const node of graph.nodes) {
      const hop = hopCall(node);
      if (node.target === UPDATE) this.#update(node);
      else if (node.target === ALIAS) this.#alias(node);
      else if (hop?.kind === "cond") this.#cond(hop);
      else if (hop?.kind === "call") this.#call(hop);
      else if (written.has(node) && hop === undefined) this.#write(node, written.get(node)!);
      else this.#compute(node);
    }
    const results = graph.outputs.map((value) => (value?.kind === "tensor" ? this.#place(value) : null));
    const contents = results.map((place) => place?.memory.read(place.at));
    for (const [output, input] of mutatedInputs(graph)) {
      const to = this.#place(input);
      if (contents[output] !== undefined) to.memory.write(to.at, contents[output]!, WRITE);
      results[output] = null;
    }
    return results;
  }

  memoryOf(value: Value): MemoryState | undefined {
    return this.#places.get(value)?.memory;
  }

  #place(value: Value): Tensor {
    let place = this.#places.get(value);
    if (place === undefined)
      this.#places.set(value, (place = this.#fresh(value, this.#domain.unknown(value))));
    return place;
  }

  #read(value: Value): Content {
    const { memory, at } = this.#place(value);
    return memory.read(at);
  }

  #fresh(value: Value, content: Content): Tensor {
    return { memory: this.#domain.memory(value, content), at: layoutOf(value) };
  }

  #set(value: Value, place: Tensor): void {
    this.#places.set(value, place);
    this.made.set(value, place.memory.read(place.at));
  }

  #update(node: Node): void {
    const [value, cache] = [tensorArgument(node, "value", 0), tensorArgument(node, "cache", 1)];
    const [output] = node.outputs;
    if (!value || !cache || !output) return;
    const { memory, at } = this.#place(cache);
    memory.write(head(at, layoutOf(value).sizes[2] ?? 0), this.#read(value), { kind: "update", node });
    this.#set(output, this.#fresh(output, memory.read(at)));
  }

  #alias(node: Node): void {
    for (const output of node.outputs) {
      const from = tensorArgument(node, output.index === 0 ? "x" : "y", output.index);
      if (from) this.#set(output, this.#fresh(output, this.#read(from)));
    }
  }

  #body({ bodies }: HopCall, which: number): (Tensor | null)[] {
    const body = bodies[which];
    if (body === undefined) return [];
    return this.run(
      body.graph,
      body.inputs.map(({ operand }) => (operand ? this.#place(operand) : null)),
    );
  }

  #cond(hop: HopCall): void {
    const { node } = hop;
    const [predicate] = node.operands;
    const decided = predicate ? this.#domain.decide(node, this.#read(predicate)) : true;
    const results = this.#body(hop, decided ? 0 : 1);
    for (const output of node.outputs) {
      const place = results[output.index];
      if (place) this.#set(output, this.#fresh(output, place.memory.read(place.at)));
    }
  }

  #call(hop: HopCall): void {
    const results = this.#body(hop, 0);
    for (const output of hop.node.outputs) {
      const place = results[output.index];
      if (place) this.#set(output, place);
    }
  }

  #write(node: Node, target: Value): void {
    const content = this.#domain.compute(
      node,
      target,
      sourcesOf(node).map((value) => this.#read(value)),
    );
    const place = this.#place(target);
    place.memory.write(place.at, content, { kind: "write", node });
    for (const output of node.outputs) this.#set(output, place);
    this.made.set(target, content);
  }

  #compute(node: Node): void {
    let parts: Content[] | undefined;
    for (const output of node.outputs) {
      const viewed = viewedBy(node, output, this.#storage);
      const from = viewed && this.#place(viewed);
      const at = viewed && from ? moved(layoutOf(output), layoutOf(viewed), from.at) : undefined;
      if (from && at !== undefined) this.#set(output, { memory: from.memory, at });
      else {
        parts ??= sourcesOf(node).map((value) => this.#read(value));
        this.#set(output, this.#fresh(output, this.#domain.compute(node, output, parts)));
      }
    }
  }
}

const WRITE = { kind: "write", node: null } as const;
